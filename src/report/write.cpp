#include "report/write.h"

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "report/csv.h"
#include "report/html.h"
#include "report/json.h"
#include "report/manifest.h"

namespace bw {

void write_report(const Findings& findings, const fs::path& folder) {
  make_folder(folder);
  const Json report = to_json(findings);
  write_file(folder / "report.json", to_text(report));
  write_file(folder / "report.csv", report_csv(findings));
  write_file(folder / "report.html", report_html(report));
  write_file(folder / "manifest.json", to_text(manifest(folder)));
}

}  // namespace bw
