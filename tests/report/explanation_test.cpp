// An explanation as JSON and in words.
#include "report/explanation.h"

#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "report/schema_check.h"
#include "report/schema_page.h"

using namespace bw;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Figure seconds(double value) {
  return {.value = value, .interval = Interval{value * 0.9, value * 1.1}, .n = 6, .unit = Unit::Seconds, .reason = {}};
}

ExplainedLayer layer(const std::string& node, double sqnr, double original, double quantized) {
  ExplainedLayer layer;
  layer.node = layer.quantized_node = node;
  layer.op = "Conv";
  layer.original_nodes = layer.quantized_nodes = {node};
  layer.before = layer.after = {.nodes = {{node, "Conv", true}, {"next", "Relu", false}}, .edges = {{0, 1}}};
  layer.isolated = layer.accumulated = Likeness{.sqnr = sqnr, .cosine = 0.9};
  layer.damage = std::pow(10, -sqnr / 10);
  layer.weight = WeightCodes{.saturating_pairs = 3};
  layer.rounded = {RoundedValue{.value = "x", .input = true, .clipped = 0.25, .used = 0.5}};
  layer.time = LayerTime{seconds(original), seconds(quantized), "Conv", "its result is an output of the model"};
  return layer;
}

Explained explained() {
  Explained all{
      .original = "cnn.onnx", .quantized = "small.onnx", .quantize = "bitwright quantize cnn.onnx", .explanation = {}};
  all.explanation.samples = 8;
  all.explanation.method = "int8-static";
  all.explanation.outputs = {{"y", {.sqnr = std::numeric_limits<double>::infinity()}}};
  all.explanation.layers = {layer("first", 10, 1e-3, 3e-3), layer("second", 30, 2e-3, 1e-3)};
  all.explanation.layers.front().remedy = Remedy{"its scale is wrong", "int8-static(observer=mse)"};
  all.explanation.layers.back().damage = std::numeric_limits<double>::infinity();
  all.explanation.time = ModelTime{seconds(3e-3), seconds(4e-3), seconds(1e-3)};
  all.explanation.unmatched = {"Fused_\n7"};
  return all;
}

TEST_CASE("an explanation fits its schema, and so does the page's sample") {
  const test::SchemaCheck schema(explanation_schema());
  CHECK(schema.fault(to_json(explained())).empty());
  const fs::path sample = fs::path(BW_SOURCE) / "web/sample/explanation.json";
  CHECK(schema.fault(parse_json(read_file(sample), sample.string())).empty());
  Json broken = to_json(explained());
  broken["layers"][0]["weight"]["bits"] = "eight";
  CHECK(!schema.fault(broken).empty());
}

TEST_CASE("docs/explanation.md has the schema's fields, and no others") {
  test::check_page("docs/explanation.md", "Explanation", explanation_schema());
}

TEST_CASE("what is infinite is null in JSON") {
  const Json json = to_json(explained());
  CHECK(json.at("outputs").at(0).at("likeness").at("sqnr").is_null());
  CHECK(json.at("layers").at(1).at("damage").is_null());
  CHECK(json.at("layers").at(0).at("damage").get<double>() == 0.1);
}

TEST_CASE("people read what is lost, why it is slow, and what to paste") {
  const std::string text = explanation_text(explained(), 0, {});
  CHECK(has(text, "small.onnx against cnn.onnx: 2 layers on codes, 8 samples"));
  CHECK(has(text, "output 'y': exact"));
  CHECK(has(text, "10.0 dB"));
  CHECK(has(text, "25 %"));
  CHECK(
      has(text,
          "1. first (Conv): its scale is wrong\n   bitwright quantize cnn.onnx --recipe 'int8-static(observer=mse)'"));
  CHECK(has(text, "slower than float because:"));
  CHECK(has(text, "--recipe int8-static+time-fallback\n"));
  CHECK(has(text, "conversions between floats and codes take"));
  CHECK(has(text, "'first' takes 3"));
  CHECK(!has(text, "'second' takes"));
  CHECK(has(text, "in float between codes: 'first' (Conv): its result is an output of the model"));
  CHECK(has(text, "2 layers can overflow on CPUs without VNNI"));
  CHECK(has(text, "without a counterpart in the float model: 'Fused_?7'"));
  CHECK(!has(explanation_text(explained(), 1, {}), "30.0 dB"));
}

}  // namespace
