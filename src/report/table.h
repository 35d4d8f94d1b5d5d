// The answer for people, on a terminal or in a log: a table for each model, and what to ship.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bench/findings.h"

namespace bw {

struct TableStyle {
  std::size_t width = 0;  // characters; 0: as wide as it gets
  bool colours = false;
};

// The terminal's width, and colours unless NO_COLOR is set; neither when standard output is no terminal.
TableStyle style_of_stdout();

enum class Tone : std::uint8_t { Plain, Good, Bad, Unsure, Strong };

struct Cell {
  std::string text;
  Tone tone = Tone::Plain;
};

// Rows under titles, columns aligned. Where it is too wide, the columns with the highest rank are left out first; those
// of rank 0 stay.
struct TextColumn {
  std::string title;
  int rank = 0;
};
std::string text_table(const std::vector<TextColumn>& columns, const std::vector<std::vector<Cell>>& rows,
                       const TableStyle& style);

// One row a candidate after the float model, "*" before the recommended one; then the reasons of those that failed or
// are of no use, and the recommendation.
std::string findings_table(const Findings& findings, const TableStyle& style);

// A candidate on one line of its own, for those who watch: what it keeps, its time and size, or why there is no figure.
std::string live_row(const ModelFindings& model, const CandidateFindings& candidate);

// Two models that the user chose: a row each, and what one is to the other.
std::string comparison_table(const ModelFindings& model, const TableStyle& style);

}  // namespace bw
