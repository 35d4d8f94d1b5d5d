#include "tensor/kernels/nbits.h"

#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/hash.h"
#include "tensor/kernels/each_target.h"

using namespace bw;
using namespace bw::test;

namespace {

// As tests/oracle/nbits.py makes them.
std::vector<float> weights_of_kind(std::size_t rows, std::size_t columns, int kind) {
  std::vector<float> weights(rows * columns);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto hashed = static_cast<std::uint32_t>(i * 2654435761U + static_cast<std::uint64_t>(kind) * 40503);
    float x = static_cast<float>(hashed >> 8) * 0x1p-24F - 0.5F;
    if (kind == 1) x = std::floor(x * 16) / 16;
    if (kind == 2 && i / columns % 48 < 32) x = std::copysign(0.0F, x);
    if (kind == 3) x = std::fabs(x);
    if (kind == 4) x = -std::fabs(x) - 0.25F;
    weights[i] = x;
  }
  return weights;
}

std::string short_hash(const auto& values) {
  return sha256(std::as_bytes(std::span(values))).substr(0, 16);
}

}  // namespace

TEST_CASE("bytes are those of onnxruntime's own quantizer") {
  std::ifstream file(BW_GOLDEN "/tensor/nbits.txt");
  REQUIRE(file);
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    CAPTURE(line);
    NBitsOptions options;
    std::size_t rows, columns;
    int kind;
    std::string codes, scales, zero_points;
    std::istringstream(line) >> options.bits >> options.block_size >> options.symmetric >> rows >> columns >> kind >>
        codes >> scales >> zero_points;
    const std::vector<float> weights = weights_of_kind(rows, columns, kind);
    for (const NBitsWeights& made : {quantize_nbits(weights, rows, columns, options),
                                     reference::quantize_nbits(weights, rows, columns, options)}) {
      CHECK(short_hash(made.codes) == codes);
      CHECK(short_hash(made.scales) == scales);
      if (options.symmetric)
        CHECK(made.zero_points.empty());
      else
        CHECK(short_hash(made.zero_points) == zero_points);
    }
    ++cases;
  }
  CHECK(cases == 270);
}

TEST_CASE("quantize_nbits gives the reference's bytes") {
  on_each_target([] {
    Random random(11);
    for (const auto& [rows, columns] :
         {std::pair<std::size_t, std::size_t>{0, 3}, {3, 0}, {1, 1}, {33, 63}, {640, 64}, {513, 300}, {70, 513}})
      for (const auto& [bits, used] : {std::pair{2, 0}, {4, 0}, {8, 0}, {4, 3}, {8, 5}, {8, 6}})
        for (const bool symmetric : {true, false}) {
          CAPTURE(rows, columns, bits, used, symmetric);
          std::vector<float> weights = mixed_floats(rows * columns, random);
          for (float& weight : weights)
            if (std::fabs(weight) > 1e30F) weight = 1;
          const NBitsOptions options{bits, rows % 2 ? std::size_t{16} : std::size_t{64}, symmetric, used};
          const NBitsWeights made = quantize_nbits(weights, rows, columns, options),
                             expected = reference::quantize_nbits(weights, rows, columns, options);
          REQUIRE(made.codes == expected.codes);
          REQUIRE(bits_of(made.scales) == bits_of(expected.scales));
          REQUIRE(made.zero_points == expected.zero_points);
        }
  });
}

TEST_CASE("codes may use fewer bits than they are stored in") {
  const std::vector<float> weights{-8, 7.9F, 4, -4, 0, 1, 2, 3, -8, -7, -6, -5, -3, -2, -1, 0};
  const NBitsWeights made = quantize_nbits(weights, 16, 1, {4, 16, true, 3});
  CHECK(made.scales == std::vector<float>{2});
  CHECK(made.codes[0] == 0x70);  // -8 is code 0; 7.9 is beyond the last of eight
  CHECK(made.codes[1] == 0x26);
}

TEST_CASE("impossible requests are refused") {
  const std::vector<float> weights(64);
  CHECK_THROWS_AS(quantize_nbits(weights, 32, 2, {5, 32, true}), Error);
  CHECK_THROWS_AS(quantize_nbits(weights, 32, 2, {4, 8, true}), Error);
  CHECK_THROWS_AS(quantize_nbits(weights, 32, 2, {4, 48, true}), Error);
  CHECK_THROWS_AS(quantize_nbits(weights, 32, 3, {4, 32, true}), Error);
  CHECK_THROWS_AS(quantize_nbits(weights, 32, 2, {4, 32, true, 5}), Error);
  CHECK_THROWS_AS(quantize_nbits(weights, 32, 2, {4, 32, true, 1}), Error);
}

TEST_CASE("zero points are packed as the quantizer packs them, and come back") {
  Random random(5);
  for (const int bits : {2, 4, 8})
    for (const std::size_t blocks : {std::size_t{1}, std::size_t{2}, std::size_t{5}}) {
      CAPTURE(bits, blocks);
      constexpr std::size_t kColumns = 3;
      const std::vector<float> weights = mixed_floats(16 * blocks * kColumns, random);
      const NBitsWeights made = reference::quantize_nbits(weights, 16 * blocks, kColumns, {bits, 16, false});
      const std::vector<std::int32_t> zero_points = unpack_zero_points(made.zero_points, kColumns, blocks, bits);
      CHECK(pack_zero_points(zero_points, kColumns, bits) == made.zero_points);
    }
  CHECK(unpack_zero_points(std::vector<std::uint8_t>{0x21, 0x83, 0x54, 0x86}, 2, 3, 4) ==
        std::vector<std::int32_t>{1, 2, 3, 4, 5, 6});
  CHECK(unpack_zero_points({}, 1, 2, 4) == std::vector<std::int32_t>{8, 8});
}
