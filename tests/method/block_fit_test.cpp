#include "method/block_fit.h"

#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "base/random.h"
#include "method/blocks.h"

using namespace bw;

namespace {

Scheme scheme_of(int bits, bool symmetric) {
  Scheme scheme = unsigned_codes(bits);
  scheme.granularity = Granularity::Block;
  scheme.symmetric = symmetric;
  scheme.block_size = 32;
  scheme.rounding = Rounding::ReciprocalHalfAway;
  return scheme;
}

std::vector<float> normal(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

double error_of(std::span<const float> values, std::span<const float> importance, const BlockScale& block,
                const BlockCodes& codes) {
  double error = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    error += (importance.empty() ? 1 : static_cast<double>(importance[i])) *
             std::pow(static_cast<double>(number_of(nearest_code(values[i], block, codes), block) - values[i]), 2);
  return error;
}

}  // namespace

TEST_CASE("the widest scale is the one that MatMulNBits' own rule gives") {
  for (const int bits : {2, 3, 4, 8})
    for (const bool symmetric : {true, false}) {
      CAPTURE(bits, symmetric);
      const Scheme scheme = scheme_of(bits, symmetric);
      const std::vector<float> values = normal(32, static_cast<std::uint64_t>(bits));
      const Tensor column = Tensor::of<float>({32, 1}, std::span<const float>(values));
      const QParams rule = block_params(column, scheme);
      const BlockScale widest = widest_scale(values, BlockCodes(scheme));
      CHECK(widest.scale == rule.scales.front());
      CHECK(widest.zero_point == rule.zero_points.front());
    }
  const BlockCodes codes(scheme_of(4, false));
  CHECK(widest_scale(std::vector<float>{2, 3}, codes).zero_point == 0);
  CHECK(widest_scale(std::vector<float>{-2, -3}, codes).zero_point == 15);
  CHECK(widest_scale(std::vector<float>(4), codes).scale == 0);
}

TEST_CASE("the closest scale is nearly the best of a fine search") {
  for (const int bits : {2, 3, 4})
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      CAPTURE(bits, seed);
      const BlockCodes codes(scheme_of(bits, true));
      const std::vector<float> values = normal(64, seed);
      double best = 1e9;
      for (int step = -4000; step <= 4000; ++step) {
        const BlockScale tried{static_cast<float>(step) / 1000, codes.middle};
        if (step != 0) best = std::min(best, error_of(values, {}, tried, codes));
      }
      const double found = error_of(values, {}, closest_scale(values, {}, codes), codes);
      CHECK(found <= 1.03 * best);
      CHECK(found < error_of(values, {}, widest_scale(values, codes), codes));
    }
}

TEST_CASE("what counts more is met more closely") {
  const BlockCodes codes(scheme_of(3, false));
  const std::vector<float> values = normal(32, 7);
  std::vector<float> importance(32, 1);
  for (std::size_t i = 0; i < 4; ++i) importance[i] = 1000;
  const BlockScale plain = closest_scale(values, {}, codes), weighed = closest_scale(values, importance, codes);
  CHECK(error_of(values, importance, weighed, codes) < error_of(values, importance, plain, codes));
  CHECK(error_of(values, {}, plain, codes) <= error_of(values, {}, weighed, codes));
}

TEST_CASE("blocks of zeros, of one number and of tiny numbers have finite codes") {
  for (const bool symmetric : {true, false}) {
    const BlockCodes codes(scheme_of(4, symmetric));
    for (const float number : {0.0F, 0.5F, -3.0F, 1e-42F}) {
      const std::vector<float> values(16, number);
      const BlockScale block = closest_scale(values, {}, codes);
      const float code = nearest_code(number, block, codes);
      CAPTURE(symmetric, number, block.scale, block.zero_point, code);
      CHECK(std::isfinite(block.scale));
      CHECK(code >= 0);
      CHECK(code <= 15);
      CHECK(std::fabs(number_of(code, block) - number) <= std::fabs(number) * 1e-6F + 1e-40F);
    }
  }
}
