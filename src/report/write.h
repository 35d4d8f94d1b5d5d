// The files of a report: report.json, report.csv, report.html and manifest.json.
#pragma once

#include <filesystem>

#include "bench/findings.h"

namespace bw {

// Writes all four into `folder`, which is made if it is not there, each whole or not at all. The manifest comes last: a
// folder whose manifest fits its files is complete. Errors name the file and the system's reason; the old files stay.
void write_report(const Findings& findings, const std::filesystem::path& folder);

}  // namespace bw
