#include "data/table.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/number.h"
#include "data/paths.h"
#include "data/text.h"

namespace bw {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 32;
constexpr std::size_t kMaxLine = std::size_t{1} << 24;

// Cuts text into rows of cells.
class Rows {
 public:
  Rows(std::string_view text, std::string_view where, char separator)
      : text_(text), where_(where), separator_(separator) {}

  // The next row that is not empty; false at the end.
  bool next(std::vector<std::string>& cells, std::size_t& line) {
    while (at_ < text_.size()) {
      line = line_;
      start_ = at_;
      cells.clear();
      do cells.push_back(cell());
      while (more_);
      if (cells.size() > 1 || !cells[0].empty()) return true;
    }
    return false;
  }

 private:
  // Reads one cell and what ends it; more_ tells whether another follows in this row.
  std::string cell() {
    const bool quoted = separator_ == ',' && at_ < text_.size() && text_[at_] == '"';
    std::string value = quoted ? quoted_cell() : plain_cell();
    more_ = at_ < text_.size() && text_[at_] == separator_;
    if (at_ < text_.size() && text_[at_] == '\n') ++line_;
    if (at_ < text_.size()) ++at_;
    return value;
  }
  std::string plain_cell() {
    const char ends[] = {separator_, '\n', '\0'};
    const std::size_t end = std::min(text_.find_first_of(ends, at_), text_.size());
    check_length(end);
    std::string_view value = text_.substr(at_, end - at_);
    if (separator_ == ',' && value.find('"') != value.npos)
      fail("a quote inside a cell that does not begin with one", at_ + value.find('"'));
    at_ = end;
    if (value.ends_with('\r') && (at_ == text_.size() || text_[at_] == '\n')) value.remove_suffix(1);
    return std::string(value);
  }
  std::string quoted_cell() {
    const std::size_t begin = at_++;
    std::string value;
    for (;;) {
      const std::size_t quote = text_.find('"', at_);
      if (quote == text_.npos) fail("a quote that is never closed", begin);
      check_length(quote);
      value += text_.substr(at_, quote - at_);
      at_ = quote + 1;
      if (at_ >= text_.size() || text_[at_] != '"') break;
      value += text_[at_++];
    }
    line_ += static_cast<std::size_t>(std::count(value.begin(), value.end(), '\n'));
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n') fail("text after a closing quote", at_);
    return value;
  }
  void check_length(std::size_t end) const {
    if (end - start_ > kMaxLine)
      throw Error(InputClass::Limit, "a row of more than " + std::to_string(kMaxLine) + " bytes",
                  std::string(where_) + ":" + std::to_string(line_));
  }
  [[noreturn]] void fail(const std::string& what, std::size_t at) const {
    throw Error(InputClass::Format, what, std::string(where_) + ":" + place_of(text_, at));
  }

  std::string_view text_, where_;
  char separator_;
  std::size_t at_ = 0, start_ = 0, line_ = 1;
  bool more_ = false;
};

bool is_number(std::string_view text) {
  double value = 0;
  return parse_number(text, value);
}

bool looks_like_header(const std::vector<std::string>& first, const std::vector<std::string>& second) {
  static constexpr std::array<std::string_view, 18> kUsual{
      "text",     "sentence", "sentence1", "sentence2", "label", "labels", "score", "class",   "target",
      "category", "input",    "y",         "path",      "file",  "image",  "audio", "caption", "filename"};
  if (std::set<std::string>(first.begin(), first.end()).size() != first.size()) return false;
  if (std::any_of(first.begin(), first.end(), is_number)) return false;
  const auto usual = [&](const std::string& name) {
    return std::find(kUsual.begin(), kUsual.end(), name) != kUsual.end();
  };
  return std::any_of(first.begin(), first.end(), usual) || std::any_of(second.begin(), second.end(), is_number);
}

}  // namespace

Table read_table(const std::filesystem::path& path, const std::vector<std::string>& names) {
  Table table;
  table.where_ = path.string();
  const std::string content = read_file(path, kMaxBytes);
  Rows rows(checked_utf8(content, table.where_), table.where_, extension_of(path) == "csv" ? ',' : '\t');
  std::vector<std::string> first, cells;
  std::size_t first_line = 0, line = 0;
  if (!rows.next(first, first_line)) throw Error(InputClass::Data, "holds no rows", table.where_);
  const auto add = [&](std::vector<std::string>& row, std::size_t at) {
    if (row.size() != first.size())
      throw Error(
          InputClass::Format,
          "has " + std::to_string(row.size()) + " cells where the first row has " + std::to_string(first.size()),
          table.where_ + ":" + std::to_string(at) + ":1");
    std::move(row.begin(), row.end(), std::back_inserter(table.cells_));
    table.lines_.push_back(at);
  };
  const bool second = rows.next(cells, line);
  table.columns_ = names;
  table.had_header_ = names.empty() ? second && looks_like_header(first, cells) : first == names;
  if (table.had_header_)
    table.columns_ = first;
  else if (names.empty())
    for (std::size_t i = 0; i < first.size(); ++i) table.columns_.push_back(std::to_string(i));
  if (table.columns_.size() != first.size())
    throw Error(InputClass::Format,
                "has " + std::to_string(first.size()) + " cells in a row, not the " +
                    std::to_string(table.columns_.size()) + " that are named",
                table.where_ + ":" + std::to_string(first_line) + ":1");
  if (!table.had_header_) {
    std::vector<std::string> row = first;
    add(row, first_line);
  }
  for (bool more = second; more; more = rows.next(cells, line)) add(cells, line);
  return table;
}

}  // namespace bw
