// What layers lose, beside numpy and onnxruntime's float kernels (tests/oracle/explain.py).
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "explain/files.h"

namespace bw {
namespace {

using Catch::Matchers::WithinAbs;

const Json& golden() {
  static const Json kAll = parse_json(read_file(fs::path(BW_GOLDEN) / "explain/likeness.json"), "likeness.json");
  return kAll;
}

// Rounding of one element to its neighbour changes the sum of squares by as much.
void check(const std::optional<Likeness>& ours, const Json& theirs) {
  REQUIRE(ours);
  CHECK_THAT(ours->sqnr, WithinAbs(theirs.at("sqnr").get<double>(), 0.1));
  CHECK_THAT(ours->cosine, WithinAbs(theirs.at("cosine").get<double>(), 1e-5));
  CHECK(ours->not_finite == 0);
}

// Which node makes a value of the golden file.
const char* maker_of(const std::string& value) {
  if (value == "r1") return "Conv_c1";
  if (value == "c2") return "Conv_c2";
  return value == "s" ? "Add_s" : value == "f" ? "Flatten_f" : "Gemm_y";
}

TEST_CASE("layers of files that onnxruntime quantized lose what numpy says, alone and in the network") {
  for (const Json& row : golden()) {
    CAPTURE(row.at("quantized").get<std::string>());
    const Explanation explanation = test::explained(test::golden_model(row.at("float").get<std::string>()),
                                                    test::golden_model(row.at("quantized").get<std::string>()));
    CHECK(explanation.unmatched.empty());
    for (const auto& [node, likeness] : row.at("alone").items()) {
      CAPTURE(node);
      check(test::layer_named(explanation, node).isolated, likeness);
    }
    for (const auto& [value, likeness] : row.at("accumulated").items()) {
      CAPTURE(value);
      check(test::layer_named(explanation, maker_of(value)).accumulated, likeness);
    }
    REQUIRE(explanation.outputs.size() == 1);
    CHECK(explanation.outputs[0].name == "y");
    check(explanation.outputs[0].likeness, row.at("outputs").at("y"));
  }
}

TEST_CASE("explanations do not depend on the number of threads") {
  const LoadedModel original = test::golden_model("cnn"), quantized = test::golden_model("cnn-qdq");
  const Explanation one = test::explained(original, quantized, 1), three = test::explained(original, quantized, 3);
  REQUIRE(one.layers.size() == three.layers.size());
  for (std::size_t i = 0; i < one.layers.size(); ++i) {
    CHECK(one.layers[i].node == three.layers[i].node);
    CHECK(one.layers[i].damage == three.layers[i].damage);
    REQUIRE(one.layers[i].rounded.size() == three.layers[i].rounded.size());
    for (std::size_t r = 0; r < one.layers[i].rounded.size(); ++r) {
      CHECK(one.layers[i].rounded[r].noise == three.layers[i].rounded[r].noise);
      CHECK(one.layers[i].rounded[r].used == three.layers[i].rounded[r].used);
    }
  }
}

TEST_CASE("a node that moves codes as they are loses nothing") {
  const Explanation explanation = test::explained(test::golden_model("cnn"), test::golden_model("cnn-qdq"));
  CHECK(test::layer_named(explanation, "Flatten_f").damage == 0);
  CHECK(test::layer_named(explanation, "GlobalAveragePool_p").damage > 0);
}

TEST_CASE("layers are told by their names in both files") {
  const Explanation qoperator = test::explained(test::golden_model("cnn"), test::golden_model("cnn-qoperator"));
  CHECK(test::layer_named(qoperator, "Conv_c1").quantized_node == "Conv_c1_quant");
  CHECK(test::layer_named(qoperator, "Conv_c1").original_nodes == std::vector<std::string>{"Conv_c1", "Relu_r1"});
  CHECK(qoperator.method == "int8-static");
  const Explanation dynamic = test::explained(test::golden_model("products"), test::golden_model("products-dynamic"));
  CHECK(test::layer_named(dynamic, "MatMul_m").quantized_node == "MatMul_m_quant");
  CHECK(test::layer_named(dynamic, "Gemm_y").op == "Gemm");
  CHECK(dynamic.method == "int8-dynamic");
}

}  // namespace
}  // namespace bw
