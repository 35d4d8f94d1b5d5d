// Plans are files that anybody may have written: what does not fit the graph is refused, whatever it is.
#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "graph/text.h"
#include "plan/plan.h"

using namespace bw;

namespace {

Graph product() {
  return parse_graph(
      "ir_version 8\nopset \"\" 21\ngraph \"g\" {\n input %x: float32[2,4]\n"
      " const %w: float32[4,2] = float32[4,2] {1, 2, 3, 4, 5, 6, 7, 8}\n"
      " %y: float32[2,2] = MatMul(%x, %w) @ \"m\"\n output %y\n}\n");
}

Plan plan_for(QParams weight,
              QParams activation = {.scheme = {.code = DType::UInt8}, .scales = {0.5f}, .zero_points = {3}}) {
  Plan plan;
  plan.nodes["m"] = {.compute = Precision::Integer, .reason = "", .operands = {{1, std::move(weight)}}};
  plan.values["x"] = std::move(activation);
  return plan;
}

const QParams kWeight{.scheme = {.code = DType::Int8}, .scales = {0.25f}, .zero_points = {0}};

void refuses(const Plan& plan) {
  try {
    apply(product(), plan);
    FAIL("the plan was applied");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Quantization);
  }
}

}  // namespace

TEST_CASE("a plan that fits is applied") {
  const Graph graph = product();
  CHECK(apply(graph, plan_for(kWeight)).nodes.size() == 4);  // Q, DQ, DQ of the weight, MatMul
}

TEST_CASE("parameters that do not fit the constant are refused") {
  const Graph graph = product();
  const auto with = [&](Scheme scheme, std::vector<float> scales = {1.0f, 1.0f}, std::vector<float> zero_points = {}) {
    return plan_for({.scheme = scheme, .scales = std::move(scales), .zero_points = std::move(zero_points)});
  };
  refuses(with({.code = DType::Int8, .granularity = Granularity::Channel, .axis = 7}));
  refuses(with({.code = DType::Int8, .granularity = Granularity::Block, .axis = 7, .block_size = 2}));
  refuses(with({.code = DType::Int8, .granularity = Granularity::Block, .axis = 0, .block_size = 0}));
  refuses(with({.code = DType::Int8, .granularity = Granularity::Channel, .axis = 1}, {1.0f}));
  refuses(with({.code = DType::Bool}, {1.0f}));
  refuses(with({.code = DType::Int16}, {1.0f}));
  refuses(with({.code = DType::Int8}, {1.0f}, {300}));
}

TEST_CASE("blocks of unsigned codes need no zero points, and any size will do") {
  const Graph graph = product();
  const QParams blocks{
      .scheme = {.code = DType::UInt4, .granularity = Granularity::Block, .axis = 0, .block_size = INT64_MAX},
      .scales = {1.0f, 1.0f},
      .zero_points = {}};
  CHECK(apply(graph, plan_for(blocks)).nodes.size() == 4);
}

TEST_CASE("activations have one scale and integer codes") {
  const Graph graph = product();
  const auto with = [&](Scheme scheme, std::vector<float> scales = {1.0f}, std::vector<float> zero_points = {}) {
    return plan_for(kWeight, {.scheme = scheme, .scales = std::move(scales), .zero_points = std::move(zero_points)});
  };
  refuses(with({.code = DType::UInt8, .granularity = Granularity::Block, .axis = 1, .block_size = 2}));
  refuses(with({.code = DType::UInt8}, {1.0f, 1.0f}));
  refuses(with({.code = DType::UInt8}, {}));
  refuses(with({.code = DType::UInt8}, {1.0f}, {300}));
  refuses(with({.code = DType::Float16}));
}
