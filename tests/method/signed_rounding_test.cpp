// Rounding by the signs of gradients against PyTorch's gradients (tests/oracle/signround.py).
#include "method/signed_rounding.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "base/parallel.h"
#include "method/layers.h"

using namespace bw;
using namespace bw::test;

namespace {

const Json& golden() {
  static const Json kGolden = golden_numbers("signround.json");
  return kGolden;
}

Layer layer_of(const Json& one) {
  return bw::test::layer_of(one, golden().at("block"));
}

}  // namespace

TEST_CASE("codes and scales are those that PyTorch's gradients lead to") {
  const std::size_t steps = golden().at("steps");
  for (const Json& one : golden().at("layers"))
    for (const bool learned : {true, false}) {
      CAPTURE(learned);
      Layer layer = layer_of(one);
      const Json& wanted = one.at(learned ? "learned" : "kept");
      CHECK(round_by_signs(layer.rows, layer.gram, layer.scheme, {.steps = steps, .fits_blocks = learned}) ==
            flat(wanted.at("codes")));
      const std::vector<float> before = flat(one.at("scales")), factors = flat(wanted.at("factors"));
      for (std::size_t i = 0; i < before.size(); ++i)
        CHECK(layer.rows.scales[i] == Catch::Approx(before[i] * factors[i]).epsilon(1e-6));
    }
}

TEST_CASE("more steps lose less, and none loses more than the nearest codes") {
  for (const Json& one : golden().at("layers")) {
    const auto error = [&](std::size_t steps) {
      Layer layer = layer_of(one);
      const std::vector<float> codes = round_by_signs(layer.rows, layer.gram, layer.scheme, {.steps = steps});
      return error_of(layer.rows, codes, layer.gram);
    };
    Layer layer = layer_of(one);
    const BlockCodes range(layer.scheme);
    std::vector<float> nearest;
    for (std::size_t o = 0; o < layer.rows.outputs; ++o)
      for (std::size_t c = 0; c < layer.rows.columns; ++c) {
        const std::size_t p = layer.rows.parameter(o, c);
        nearest.push_back(
            nearest_code(layer.rows.weight(o, c), {layer.rows.scales[p], layer.rows.zero_points[p]}, range));
      }
    const double begin = error_of(layer.rows, nearest, layer.gram);
    CHECK(error(1) <= begin);
    CHECK(error(200) < 0.8 * begin);
  }
}

TEST_CASE("what reads nothing, and blocks of zeros, are rounded to the nearest") {
  Layer layer = layer_of(golden().at("layers")[0]);
  const std::vector<float> before = layer.rows.scales;
  const std::vector<double> nothing(layer.gram.size());
  round_by_signs(layer.rows, nothing, layer.scheme, {.steps = 5});
  CHECK(layer.rows.scales == before);
  Layer zeros = layer_of(golden().at("layers")[0]);
  for (std::size_t c = 0; c < 16; ++c) zeros.rows.weight(1, c) = 0;
  zeros.rows.scales[zeros.rows.parameter(1, 0)] = 0;
  const std::vector<float> codes = round_by_signs(zeros.rows, zeros.gram, zeros.scheme, {.steps = 5});
  for (std::size_t c = 0; c < 16; ++c) CHECK(codes[zeros.rows.columns + c] == 8);
}

TEST_CASE("outputs are learned side by side, with the same codes for any number of threads") {
  Layer layer = layer_of(golden().at("layers")[1]);
  WeightRows many = layer.rows;
  for (int copies = 1; copies < 70; ++copies) {
    many.weights.insert(many.weights.end(), layer.rows.weights.begin(), layer.rows.weights.end());
    many.scales.insert(many.scales.end(), layer.rows.scales.begin(), layer.rows.scales.end());
    many.zero_points.insert(many.zero_points.end(), layer.rows.zero_points.begin(), layer.rows.zero_points.end());
    many.outputs += layer.rows.outputs;
  }
  const auto codes = round_by_signs(layer.rows, layer.gram, layer.scheme, {.steps = 20});
  for (const int threads : {1, 2, 5}) {
    const ThreadLimit limit(threads);
    WeightRows own = many;
    const auto all = round_by_signs(own, layer.gram, layer.scheme, {.steps = 20});
    for (std::size_t i = 0; i < all.size(); ++i) REQUIRE(all[i] == codes[i % codes.size()]);
  }
}
