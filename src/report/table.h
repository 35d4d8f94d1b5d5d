// The answer for people, on a terminal or in a log: a table for each model, and what to ship.
#pragma once

#include <string>

#include "bench/findings.h"
#include "report/text_table.h"

namespace bw {

// The table of a model line by line, for those who watch: the width of the style alone decides where its columns stand,
// so a row is the same whatever follows. On 150 characters a row is one line, from 80 two, below three (which need 60);
// names that are too long lose their middle. Without a width nothing is shortened. No line break at the end.
std::string table_header(const ModelFindings& model, const TableStyle& style);
std::string float_row(const ModelFindings& model, const TableStyle& style);  // `model.original` is there
// "*" before the recommended one. One that was not measured has its status beside its name, and no figures.
std::string table_row(const ModelFindings& model, const CandidateFindings& candidate, const TableStyle& style);

// All of it: one row a candidate after the float model, the reasons of those that failed or are of no use, and the
// recommendation. Candidates of one method that failed for one reason are one row and one sentence.
std::string findings_table(const Findings& findings, const TableStyle& style);

// Two models that the user chose: a row each, and what one is to the other.
std::string comparison_table(const ModelFindings& model, const TableStyle& style);

}  // namespace bw
