// report.json, version 1: what bench found out as JSON, and the schema of it. The contract for readers is
// web/src/report.ts; every field is always there, null where nothing is known.
#pragma once

#include "base/json.h"
#include "bench/findings.h"

namespace bw {

// A figure that is not finite is written as missing, with that as its reason; bytes of names and paths that are not
// UTF-8 become U+FFFD. So a report is never lost to a single odd value.
Json to_json(const Findings& findings);

// JSON Schema, draft 2020-12, made of the same tables that to_json() writes from.
Json report_schema();

}  // namespace bw
