// Tables in text files: CSV (RFC 4180, quotes) and TSV (no quotes: a cell is what stands between tabs).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bw {

class Table {
 public:
  std::size_t rows() const { return lines_.size(); }
  const std::vector<std::string>& columns() const { return columns_; }
  std::string_view cell(std::size_t row, std::size_t column) const { return cells_[row * columns_.size() + column]; }
  std::string place(std::size_t row) const { return where_ + ":" + std::to_string(lines_[row]); }  // "file:line"
  bool had_header() const { return had_header_; }

 private:
  friend Table read_table(const std::filesystem::path& path, const std::vector<std::string>& names);
  std::string where_;
  std::vector<std::string> columns_;
  std::vector<std::string> cells_;  // row by row
  std::vector<std::size_t> lines_;
  bool had_header_ = false;
};

// Separator by the file's name: .csv has commas, everything else tabs. Columns are called `names` (a first line of just
// these is skipped). When that is empty, the first line is a header if its cells are different words, none a number,
// and one is usual (text, sentence, label, ...) or the second line has a number; else columns are called "0", "1", ...
// Empty lines are skipped. InputError: format with line:column (ragged rows, an open quote, NUL, not UTF-8), limit (a
// line of more than 16 MiB, a file over 4 GiB), data (no rows).
Table read_table(const std::filesystem::path& path, const std::vector<std::string>& names);

}  // namespace bw
