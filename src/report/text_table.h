// Text in columns, for a terminal or a log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bw {

struct TableStyle {
  std::size_t width = 0;  // characters; 0: as wide as it gets
  bool colours = false;
};

// The terminal's width, and colours unless NO_COLOR is set; neither when the stream is no terminal.
TableStyle style_of_stdout();
TableStyle style_of_stderr();

enum class Tone : std::uint8_t { Plain, Good, Bad, Unsure, Strong };

struct Cell {
  std::string text;
  Tone tone = Tone::Plain;
};

// The text in the tone's colour, if the style has colours.
std::string painted(const std::string& text, Tone tone, const TableStyle& style);

// Cells put on a line at places of their own, from left to right. A text that is longer than its place takes the blanks
// of the next one; a blank always stands between two texts, and none at the line's end.
class Line {
 public:
  explicit Line(const TableStyle& style) : style_(style) {}
  void put(const Cell& cell, std::size_t begin);       // begins there
  void put_before(const Cell& cell, std::size_t end);  // ends there, as numbers do
  const std::string& text() const { return text_; }

 private:
  TableStyle style_;
  std::string text_;
  std::size_t used_ = 0;  // characters that are seen
};

// Rows under titles, columns aligned. Where it is too wide, the columns with the highest rank go below their row first,
// with their titles; those of rank 0 stay.
struct TextColumn {
  std::string title;
  int rank = 0;
};
std::string text_table(const std::vector<TextColumn>& columns, const std::vector<std::vector<Cell>>& rows,
                       const TableStyle& style);

}  // namespace bw
