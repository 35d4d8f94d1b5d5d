#include "report/html.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "page.h"

namespace bw {

std::string with_report(std::string_view page, const Json& report) {
  constexpr std::string_view kBefore = R"(<script type="application/json" id="report-data">)", kPlace = "null",
                             kAfter = "</script>";
  const std::string placeholder = std::string(kBefore) + std::string(kPlace) + std::string(kAfter);
  const std::size_t at = page.find(placeholder);
  if (at == page.npos || page.find(placeholder, at + 1) != page.npos)
    throw Error(ErrorKind::Internal, "the page does not hold the place for the report's data exactly once");
  const std::size_t start = at + kBefore.size();
  std::string whole(page.substr(0, start));
  for (const char c : to_line(report)) c == '<' ? whole += "\\u003c" : whole += c;
  return whole.append(page.substr(start + kPlace.size()));
}

std::string report_html(const Json& report) {
  return with_report(report_page(), report);
}

}  // namespace bw
