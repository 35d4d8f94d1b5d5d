// Half-quadratic quantization against onnxruntime's own tool (tests/oracle/hqq.py).
#include "method/half_quadratic.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "method/golden.h"

using namespace bw;
using namespace bw::test;

namespace {

std::vector<float> flat(const Json& matrix) {
  std::vector<float> all;
  for (const Json& row : matrix)
    for (const Json& number : row) all.push_back(number.get<float>());
  return all;
}

WeightRows rows_of(const Json& one) {
  WeightRows rows;
  const std::size_t block = one.at("block");
  rows.outputs = one.at("weights").size();
  rows.weights = flat(one.at("weights"));
  rows.columns = rows.weights.size() / rows.outputs;
  rows.blocks = rows.columns / block;
  for (std::size_t c = 0; c < rows.columns; ++c) rows.block_of.push_back(static_cast<std::uint32_t>(c / block));
  rows.scales.resize(rows.outputs * rows.blocks);
  rows.zero_points.resize(rows.scales.size());
  return rows;
}

Scheme scheme_of(int bits) {
  return {.code = DType::UInt4, .granularity = Granularity::Block, .bits = bits == 4 ? 0 : bits};
}

}  // namespace

TEST_CASE("scales and zero points are those of onnxruntime's tool") {
  const Json layers = golden_numbers("hqq.json");
  CHECK(layers.size() == 4);
  for (const Json& one : layers) {
    WeightRows rows = rows_of(one);
    half_quadratic(rows, scheme_of(one.at("bits")));
    const std::vector<float> scales = flat(one.at("scales")), zeros = flat(one.at("zero_points"));
    REQUIRE(rows.scales.size() == scales.size());
    for (std::size_t p = 0; p < scales.size(); ++p) {
      CHECK(rows.scales[p] == Catch::Approx(scales[p]).epsilon(1e-6));
      CHECK(rows.zero_points[p] == Catch::Approx(zeros[p]).epsilon(1e-4).margin(1e-3));
    }
  }
}

TEST_CASE("blocks of one number have a scale") {
  WeightRows rows{.outputs = 1,
                  .columns = 4,
                  .blocks = 2,
                  .weights = {0, 0, 3, 3},
                  .block_of = {0, 0, 1, 1},
                  .scales = {0, 0},
                  .zero_points = {0, 0}};
  half_quadratic(rows, scheme_of(4));
  for (const float scale : rows.scales) CHECK(scale > 0);
  for (const float zero : rows.zero_points) CHECK(std::isfinite(zero));
}
