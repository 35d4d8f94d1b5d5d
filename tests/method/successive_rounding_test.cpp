// Successive rounding against GPTQ as its paper has it (tests/oracle/gptq.py).
#include "method/successive_rounding.h"

#include <catch2/catch_test_macros.hpp>

#include "base/parallel.h"
#include "method/block_fit.h"
#include "method/layers.h"

using namespace bw;
using namespace bw::test;

namespace {

const Json& golden() {
  static const Json kGolden = golden_numbers("gptq.json");
  return kGolden;
}

Layer layer_of(const Json& one) {
  return bw::test::layer_of(one, golden().at("block"));
}

}  // namespace

TEST_CASE("codes are GPTQ's, in both orders") {
  for (const Json& one : golden().at("layers"))
    for (const bool by_activity : {false, true}) {
      CAPTURE(by_activity);
      Layer layer = layer_of(one);
      const SuccessiveRounding rounding =
          round_successively(layer.rows, layer.gram, layer.scheme, {.by_activity = by_activity, .fits_blocks = false});
      CHECK(rounding.damping == 0.01);
      CHECK(rounding.codes == flat(one.at(by_activity ? "activity" : "natural")));
      CHECK(layer.rows.scales == flat(one.at("scales")));
      CHECK(flat(one.at("natural")) != flat(one.at("activity")));
    }
}

TEST_CASE("scales that are chosen when their block is reached lose less") {
  for (const Json& one : golden().at("layers")) {
    Layer kept = layer_of(one), fitted = kept;
    const auto codes = round_successively(kept.rows, kept.gram, kept.scheme, {.fits_blocks = false}).codes,
               closer = round_successively(fitted.rows, fitted.gram, fitted.scheme, {.fits_blocks = true}).codes;
    CHECK(fitted.rows.scales != kept.rows.scales);
    CHECK(error_of(fitted.rows, closer, fitted.gram) < error_of(kept.rows, codes, kept.gram));
  }
}

TEST_CASE("a singular matrix is damped more, and where that does not help codes are the nearest") {
  Layer layer = layer_of(golden().at("layers")[0]);
  const std::size_t n = layer.rows.columns;
  std::vector<double> bad = layer.gram;
  bad[n + 2] = bad[2 * n + 1] = 1.05 * std::sqrt(bad[n + 1] * bad[2 * n + 2]);  // of nothing that there is
  CHECK(round_successively(layer.rows, bad, layer.scheme, {.fits_blocks = false}).damping > 0.01);
  bad[n + 2] = bad[2 * n + 1] = 100 * bad[n + 1];
  const SuccessiveRounding nearest = round_successively(layer.rows, bad, layer.scheme, {.fits_blocks = false});
  CHECK(nearest.damping == 0);
  const BlockCodes codes(layer.scheme);
  for (std::size_t o = 0; o < layer.rows.outputs; ++o)
    for (std::size_t c = 0; c < n; ++c) {
      const std::size_t p = layer.rows.parameter(o, c);
      REQUIRE(nearest.codes[o * n + c] ==
              nearest_code(layer.rows.weight(o, c), {layer.rows.scales[p], layer.rows.zero_points[p]}, codes));
    }
}

TEST_CASE("a layer that reads nothing but zeros is rounded to the nearest, without more damping") {
  Layer layer = layer_of(golden().at("layers")[0]);
  const std::vector<double> nothing(layer.gram.size());
  const SuccessiveRounding rounding = round_successively(layer.rows, nothing, layer.scheme, {.fits_blocks = false});
  CHECK(rounding.damping == 0.01);
  const BlockCodes codes(layer.scheme);
  for (std::size_t c = 0; c < layer.rows.columns; ++c) {
    const std::size_t p = layer.rows.parameter(0, c);
    CHECK(rounding.codes[c] ==
          nearest_code(layer.rows.weight(0, c), {layer.rows.scales[p], layer.rows.zero_points[p]}, codes));
  }
}

TEST_CASE("columns of which nothing is read are rounded to the nearest, and change no others") {
  Layer layer = layer_of(golden().at("layers")[0]);
  const std::size_t n = layer.rows.columns;
  for (std::size_t i = 0; i < n; ++i) layer.gram[5 * n + i] = layer.gram[i * n + 5] = 0;
  Layer other = layer;
  for (std::size_t o = 0; o < layer.rows.outputs; ++o) other.rows.weight(o, 5) = 0.25F;
  const SuccessiveOptions options{.fits_blocks = false};
  const auto codes = round_successively(layer.rows, layer.gram, layer.scheme, options).codes,
             others = round_successively(other.rows, other.gram, other.scheme, options).codes;
  for (std::size_t i = 0; i < codes.size(); ++i)
    if (i % n != 5) REQUIRE(codes[i] == others[i]);
}

TEST_CASE("outputs are rounded side by side, with the same codes for any number of threads") {
  Layer layer = layer_of(golden().at("layers")[1]);
  WeightRows many = layer.rows;
  many.outputs = 0;
  many.weights.clear(), many.scales.clear(), many.zero_points.clear();
  for (int copy = 0; copy < 50; ++copy) {
    many.outputs += layer.rows.outputs;
    many.weights.insert(many.weights.end(), layer.rows.weights.begin(), layer.rows.weights.end());
    many.scales.insert(many.scales.end(), layer.rows.scales.begin(), layer.rows.scales.end());
    many.zero_points.insert(many.zero_points.end(), layer.rows.zero_points.begin(), layer.rows.zero_points.end());
  }
  const std::vector<float> codes = round_successively(layer.rows, layer.gram, layer.scheme, {}).codes;
  for (const int threads : {1, 3}) {
    const ThreadLimit limit(threads);
    WeightRows rows = many;
    const std::vector<float> all = round_successively(rows, layer.gram, layer.scheme, {}).codes;
    for (std::size_t i = 0; i < all.size(); ++i) REQUIRE(all[i] == codes[i % codes.size()]);
  }
}
