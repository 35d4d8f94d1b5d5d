// report.csv: one row a candidate, and one for the float model before its candidates, for spreadsheets and scripts.
#pragma once

#include <string>

#include "bench/findings.h"

namespace bw {

// RFC 4180 (UTF-8, CRLF, a header row). Units as in report.json; what was not measured is an empty cell. A text that a
// spreadsheet would take for a formula gets a ' in front.
std::string report_csv(const Findings& findings);

}  // namespace bw
