// report.html: the page that web/ builds, with a report's data in its one place for it. One file, works offline.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace bw {

std::string report_html(const Json& report);

// `page` with the report instead of the placeholder's null. Every "<" is escaped, so no text of the report can end the
// script element. InternalError unless the page holds the placeholder exactly once.
std::string with_report(std::string_view page, const Json& report);

}  // namespace bw
