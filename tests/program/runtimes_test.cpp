// Runtimes from the outside: one that is named but not here, both side by side, and where a model's time goes.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "program/program.h"
#include "program/world.h"
#include "report/schema_check.h"
#include "run/runtime.h"

namespace bw::test {
namespace {

Setting without_openvino(const World& world) {
  return {.environment = {{"BITWRIGHT_OPENVINO", world.path("nothing")}},
          .folder = world.path(),
          .output = {},
          .largest_file = 0};
}

Setting in(const World& world) {
  return {.environment = {{"BITWRIGHT_STORE", world.path("runs.db")}},
          .folder = world.path(),
          .output = {},
          .largest_file = 0};
}

void require_openvino() {
  if (!runtime_named("openvino").available()) SKIP("OpenVINO is not here; deps/fetch openvino brings it");
}

const Json& named(const Json& rows, const std::string& name) {
  const auto found = std::ranges::find_if(rows, [&](const Json& row) { return row["name"] == name; });
  if (found == rows.end()) throw std::runtime_error("no row " + name);
  return *found;
}

}  // namespace

TEST_CASE("a runtime that is named but not here is a usage error with the command that brings it", "[runtimes]") {
  const World world;
  const std::vector<std::vector<std::string>> lines{
      {"bench", "cnn.onnx", "--data", "data", "--runtime", "openvino"},
      {"bench", "cnn.onnx", "--data", "data", "--runtime", "onnxruntime,openvino"},
      {"compare", "cnn.onnx", "cnn.onnx", "--data", "data", "--runtime", "onnxruntime,openvino"},
      {"profile", "cnn.onnx", "--runtime", "openvino"}};
  for (const std::vector<std::string>& line : lines) {
    const Outcome outcome = bitwright(line, without_openvino(world));
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(has(outcome.err, "the runtime 'openvino' is not here. Bring it with: deps/fetch openvino"));
    CHECK(outcome.out.empty());
  }
  CHECK_FALSE(fs::exists(world / "bitwright-report/report.json"));
}

TEST_CASE("without the second runtime the program is whole", "[runtimes]") {
  const World world;
  const Outcome doctor = bitwright({"doctor"}, without_openvino(world));
  CHECK(doctor.code == 0);
  CHECK(has(doctor.out, "runtime    openvino is not here; brought by: deps/fetch openvino"));
  const Json found = parse_json(bitwright({"doctor", "--json"}, without_openvino(world)).out, "doctor");
  CHECK(found["runtimes"][1]["version"].is_null());
  CHECK(found["runtimes"][1]["brought_by"] == "deps/fetch openvino");
  CHECK(found["runtimes"][0]["brought_by"].is_null());
  const Outcome profile = bitwright({"profile", "cnn.onnx", "--seconds", "0.05"}, without_openvino(world));
  INFO(profile.err);
  CHECK(profile.code == 0);
}

TEST_CASE("runtimes that cannot be meant are refused", "[runtimes]") {
  const World world;
  const auto refused = [&](const std::string& runtimes) {
    const Outcome outcome = bitwright({"bench", "cnn.onnx", "--data", "data", "--runtime", runtimes}, in(world));
    CHECK(outcome.code == 2);
    return outcome.err;
  };
  CHECK(has(refused("onxruntime"), "Did you mean 'onnxruntime'?"));
  CHECK(has(refused("onnxruntime,onnxruntime"), "the runtime 'onnxruntime' is named twice"));
}

TEST_CASE("a profile tells people and machines which nodes take the time", "[runtimes]") {
  const World world;
  const Outcome text =
      bitwright({"profile", "cnn.onnx", "--data", "data", "--top", "2", "--seconds", "0.1"}, in(world));
  INFO(text.err);
  REQUIRE(text.code == 0);
  CHECK(text.out.starts_with("cnn in onnxruntime "));
  CHECK(has(text.out, "the 2 slowest of"));
  CHECK(std::ranges::count(text.out, '\n') == 4);  // what it is, titles, two rows
  const Json json = parse_json(
      bitwright({"profile", "cnn.onnx", "--top", "0", "--seconds", "0.1", "--json"}, in(world)).out, "profile");
  CHECK(json["runtime"]["name"] == "onnxruntime");
  CHECK(json["runs"] >= 3);
  CHECK(json["nodes"].size() == json["node_count"]);
  double share = 0, before = 2;
  bool convolution = false;
  for (const Json& node : json["nodes"]) {
    CHECK(node["share"] <= before);
    before = node["share"].get<double>();
    share += before;
    CHECK(node["seconds"] >= 0);
    CHECK(node["calls"] == 1);
    convolution |= node["op"] == "Conv";
  }
  CHECK(convolution);
  CHECK(share > 0.999);
  CHECK(share < 1.001);
}

TEST_CASE("bench measures every file in both runtimes, and names the best pair", "[runtimes]") {
  require_openvino();
  const World world;
  const Outcome outcome =
      bitwright({"bench", "cnn.onnx", "--data", "data", "-o", "out", "--runtime", "onnxruntime,openvino", "--methods",
                 "int8-static,fp16", "--quick", "--latency-seconds", "0.05", "--evaluation-samples", "24"},
                in(world));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json report = json_file(world / "out/report.json"), &model = report["models"][0], &rows = model["candidates"];
  CHECK(SchemaCheck(parse_json(bitwright({"runs", "schema"}).out, "schema")).fault(report) == "");
  CHECK(model["model"]["runtime"] == "onnxruntime");
  CHECK(report["environment"]["runtimes"].contains("openvino"));
  REQUIRE(rows.size() == 5);
  for (const char* name : {"int8-static", "fp16"}) {
    const Json &here = named(rows, name), &there = named(rows, std::string(name) + "@openvino");
    CHECK(here["runtime"] == "onnxruntime");
    CHECK(there["runtime"] == "openvino");
    CHECK(here["artifact"] == there["artifact"]);
    CHECK(here["artifact"]["files"][0]["sha256"] == here["artifact"]["sha256"]);
    CHECK(there["quantized_metrics"]["memory_usage"]["value"] > 0);
  }
  const Json& unchanged = named(rows, "float@openvino");
  CHECK(unchanged["recipe"] == "float");
  CHECK(unchanged["quantized_metrics"]["compression_ratio"]["value"] == 1);
  CHECK(has(outcome.out, "float@openvino"));
  CHECK(has(outcome.out, "All are compared with float in onnxruntime."));
  CHECK(has(read_file(world / "out/report.csv"), ",cpu,openvino,"));
  CHECK(has(read_file(world / "out/report.html"), "float@openvino"));
  const Json runs = parse_json(bitwright({"runs", "compare", "1", "1", "--json"}, in(world)).out, "runs");
  bool stored = false;
  for (const Json& row : runs) stored |= row["candidate"] == "fp16@openvino" && row["first"]["runtime"] == "openvino";
  CHECK(stored);
  CHECK(fs::exists(world / "out/candidates/cnn/fp16/cnn.onnx"));
}

TEST_CASE("compare puts one model in two runtimes side by side", "[runtimes]") {
  require_openvino();
  const World world;
  const Outcome outcome = bitwright({"compare", "cnn.onnx", "cnn.onnx", "--data", "data", "--runtime",
                                     "onnxruntime,openvino", "--latency-seconds", "0.05", "--json"},
                                    in(world));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json model = parse_json(outcome.out, "compare")["models"][0];
  CHECK(model["model"]["runtime"] == "onnxruntime");
  CHECK(model["candidates"][0]["runtime"] == "openvino");
  CHECK(model["candidates"][0]["accuracy_retention"]["value"] == 1);
}

TEST_CASE("openvino alone makes and measures candidates", "[runtimes]") {
  require_openvino();
  const World world;
  const Outcome outcome =
      bitwright({"bench", "cnn.onnx", "--data", "data", "-o", "out", "--runtime", "openvino", "--methods",
                 "int8-static", "--quick", "--latency-seconds", "0.05", "--evaluation-samples", "24"},
                in(world));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json report = json_file(world / "out/report.json");
  CHECK(report["models"][0]["candidates"].size() == 1);
  CHECK(report["models"][0]["candidates"][0]["runtime"] == "openvino");
  CHECK(report["models"][0]["candidates"][0]["status"] != "refused");
  CHECK(!report["environment"]["runtimes"].contains("onnxruntime"));
}

}  // namespace bw::test
