#include "report/text_table.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "report/figure_text.h"

namespace bw {
namespace {

constexpr std::size_t kGap = 2;

TableStyle style_of(int stream) {
  if (::isatty(stream) == 0) return {};
  const char* no_colour = std::getenv("NO_COLOR");
  winsize size{};
  const bool known = ::ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return {known ? size.ws_col : std::size_t{80}, !no_colour || *no_colour == '\0'};
}

std::size_t sum_of(const std::vector<std::size_t>& widths, const std::vector<bool>& shown) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < widths.size(); ++i)
    if (shown[i]) sum += widths[i] + (sum > 0 ? kGap : 0);
  return sum;
}

// Which columns there is room for.
std::vector<bool> fitting(const std::vector<TextColumn>& columns, const std::vector<std::size_t>& widths,
                          std::size_t room) {
  std::vector<bool> shown(columns.size(), true);
  const auto rank = [&](std::size_t i) { return shown[i] ? columns[i].rank : 0; };
  while (room > 0 && sum_of(widths, shown) > room) {
    std::size_t worst = 0;
    for (std::size_t i = 1; i < columns.size(); ++i)
      if (rank(i) > rank(worst)) worst = i;
    if (rank(worst) == 0) break;
    shown[worst] = false;
  }
  return shown;
}

// What there was no room for, under its row: "retention 0.999, size 301 kB".
std::string below(const std::vector<TextColumn>& columns, const std::vector<Cell>& row, const std::vector<bool>& shown,
                  std::size_t width) {
  constexpr std::size_t kIndent = 4;
  std::string text;
  for (std::size_t i = 0; i < row.size(); ++i)
    if (!shown[i] && !row[i].text.empty())
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", columns[i].title, row[i].text);
  if (text.empty()) return "";
  return std::string(kIndent, ' ') + wrapped(text, width - kIndent, kIndent) + "\n";
}

// A column that holds nothing but figures is aligned at its right.
bool holds_figures(const std::vector<std::vector<Cell>>& rows, std::size_t column) {
  return std::ranges::all_of(rows, [column](const std::vector<Cell>& row) {
    const std::string& text = row[column].text;
    return text.empty() || text == "-" || text.find_first_of("0123456789") <= 1;
  });
}

}  // namespace

TableStyle style_of_stdout() {
  return style_of(STDOUT_FILENO);
}

TableStyle style_of_stderr() {
  return style_of(STDERR_FILENO);
}

std::string painted(const std::string& text, Tone tone, const TableStyle& style) {
  constexpr std::string_view kCodes[] = {"", "32", "31", "33", "1"};  // by Tone
  const std::string_view code = kCodes[static_cast<std::size_t>(tone)];
  return style.colours && !code.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

void Line::put(const Cell& cell, std::size_t begin) {
  if (cell.text.empty()) return;
  const std::size_t least = used_ > 0 ? used_ + 1 : 0, at = std::max(begin, least);
  text_ += std::string(at - used_, ' ') + painted(cell.text, cell.tone, style_);
  used_ = at + display_width(cell.text);
}

void Line::put_before(const Cell& cell, std::size_t end) {
  const std::size_t width = display_width(cell.text);
  put(cell, end > width ? end - width : 0);
}

std::string text_table(const std::vector<TextColumn>& columns, const std::vector<std::vector<Cell>>& rows,
                       const TableStyle& style) {
  std::vector<std::size_t> widths;
  std::vector<Cell> titles;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    titles.push_back({columns[i].title});
    widths.push_back(display_width(columns[i].title));
    for (const auto& row : rows) widths[i] = std::max(widths[i], display_width(row[i].text));
  }
  const std::vector<bool> shown = fitting(columns, widths, style.width);
  std::vector<bool> figures;
  for (std::size_t i = 0; i < columns.size(); ++i) figures.push_back(i > 0 && holds_figures(rows, i));
  std::string table;
  const auto add = [&](const std::vector<Cell>& row) {
    Line line(style);
    std::size_t at = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!shown[i]) continue;
      figures[i] ? line.put_before(row[i], at + widths[i]) : line.put(row[i], at);
      at += widths[i] + kGap;
    }
    table += line.text() + "\n";
  };
  add(titles);
  for (const auto& row : rows) {
    add(row);
    table += below(columns, row, shown, style.width);
  }
  return table;
}

}  // namespace bw
