#include "report/json.h"

#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <set>

#include "base/file.h"
#include "report/sample_findings.h"
#include "report/schema_check.h"
#include "report/schema_page.h"

using namespace bw;

namespace {

Json web_sample() {
  const fs::path path = fs::path(BW_SOURCE) / "web/sample/report.json";
  return parse_json(read_file(path), path.string());
}

// Paths of all members, as the page may ask for them; those of maps are the map's own.
void collect(const Json& value, const std::string& at, std::set<std::string>& paths) {
  const bool map = at.ends_with("/runtimes") || at.ends_with("/quantization_compatibility");
  if (value.is_object() && !map)
    for (const auto& [name, member] : value.items()) {
      paths.insert(at + "/" + name);
      collect(member, at + "/" + name, paths);
    }
  if (value.is_array())
    for (const Json& member : value) collect(member, at, paths);
}

std::set<std::string> paths_of(const Json& report) {
  std::set<std::string> paths;
  collect(report, "", paths);
  return paths;
}

}  // namespace

TEST_CASE("docs/report.md has the schema's fields, and no others") {
  test::check_page("docs/report.md", "Report", report_schema());
}

TEST_CASE("a report has the fields that the page reads, no more and no less") {
  CHECK(paths_of(to_json(test::sample_findings())) == paths_of(web_sample()));
}

TEST_CASE("report.json fits its schema") {
  const test::SchemaCheck schema(report_schema());
  CHECK(schema.fault(to_json(test::sample_findings())) == "");
  CHECK(schema.fault(web_sample()) == "");
  CHECK(schema.fault(to_json(Findings{})) == "");
}

TEST_CASE("the schema sees what is wrong") {
  const test::SchemaCheck schema(report_schema());
  Json report = to_json(test::sample_findings());
  const auto fault_with = [&](const char* place, const Json& value) {
    Json wrong = report;
    wrong[Json::json_pointer(place)] = value;
    return schema.fault(wrong);
  };
  CHECK(fault_with("/version", 2) != "");
  CHECK(fault_with("/surprise", 1) != "");
  CHECK(fault_with("/models/0/model/architecture_type", "gan") != "");
  CHECK(fault_with("/models/0/model/bytes", -1) != "");
  CHECK(fault_with("/models/0/candidates/0/status", "fine") != "");
  CHECK(fault_with("/models/0/candidates/0/latency/ratio/unit", "percent") != "");
  CHECK(fault_with("/models/0/candidates/0/latency/ratio/value", nullptr) != "");  // without a reason
  CHECK(fault_with("/models/0/candidates/0/latency/ratio/reason", "with a value") != "");
  CHECK(fault_with("/models/0/candidates/0/seconds/quantize", "long") != "");
  CHECK(fault_with("/environment/runtimes/onnxruntime", 1) != "");
  report["environment"].erase("cpu");
  CHECK(schema.fault(report) != "");
}

TEST_CASE("values arrive under their names") {
  const Json report = to_json(test::sample_findings());
  const Json& candidate = report["models"][0]["candidates"][0];
  CHECK(report["version"] == 1);
  CHECK(
      report["constraints"] ==
      Json{{"accuracy_threshold", 0.95}, {"least_gain", 0.05}, {"max_latency_ratio", nullptr}, {"max_size", 6000000}});
  CHECK(candidate["reason"].is_null());
  CHECK(candidate["latency"]["verdict"] == "better");
  CHECK(candidate["accuracy"]["metrics"][0]["direction"] == "higher");
  CHECK(candidate["accuracy"]["mcnemar"] == Json{{"b", 40}, {"c", 27}, {"p", 0.14}});
  CHECK(candidate["accuracy"]["sqnr"]["reason"] == "The outputs are equal.");
  CHECK(candidate["achieved"]["operations"]["unit"] == "operations/s");
  CHECK(candidate["quantized_metrics"]["accuracy"] == Json{{"value", 0.9204},
                                                           {"low", 0.9204 - 0.005},
                                                           {"high", 0.9204 + 0.005},
                                                           {"n", 400},
                                                           {"unit", "fraction"},
                                                           {"reason", nullptr}});
  CHECK(report["models"][0]["candidates"][1]["status"] == "refused");
  CHECK(report["models"][0]["candidates"][1]["latency"].is_null());
  CHECK(report["models"][0]["recommended"]["runners_up"][0] ==
        Json{{"candidate", "fp16"}, {"sentence", "Half the size."}});
}

TEST_CASE("an odd value does not cost the report") {
  Findings findings = test::sample_findings();
  CandidateFindings& candidate = findings.models[0].candidates[0];
  candidate.speedup_factor->value = std::numeric_limits<double>::infinity();
  candidate.memory_reduction =
      Figure{.value = {}, .interval = Interval{1, 2}, .n = {}, .unit = Unit::Fraction, .reason = ""};
  candidate.accuracy_retention->interval->high = std::numeric_limits<double>::quiet_NaN();
  candidate.seconds.quantize = std::numeric_limits<double>::quiet_NaN();
  candidate.float_nodes[0].node = "caf\xe9";
  findings.command = "bitwright bench \xff.onnx";

  const Json report = parse_json(to_text(to_json(findings)), "report");
  CHECK(test::SchemaCheck(report_schema()).fault(report) == "");
  const Json& written = report["models"][0]["candidates"][0];
  CHECK(written["speedup_factor"]["value"].is_null());
  CHECK(written["speedup_factor"]["low"].is_null());
  CHECK(written["speedup_factor"]["reason"] == "The result is not a finite number.");
  CHECK(written["memory_reduction"]["reason"] == "It was not measured.");
  CHECK(written["memory_reduction"]["low"].is_null());
  CHECK(written["accuracy_retention"]["low"].is_null());
  CHECK(written["accuracy_retention"]["value"] == 0.99859);
  CHECK(written["seconds"]["quantize"].is_null());
  CHECK(written["float_nodes"][0]["node"] == "caf\xef\xbf\xbd");
  CHECK(report["command"] == "bitwright bench \xef\xbf\xbd.onnx");
}
