// Gram matrices against sums of exact products in long double, and the sums that they are made of.
#include "observe/statistics/gram.h"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "observe/evidence.h"
#include "observe/samples.h"

using namespace bw;

namespace {

using Shape = std::vector<std::int64_t>;

const GramStatistic& gram_of(const ValueEvidence& seen, int axis) {
  return seen.get<GramStatistic>(axis);
}

// Row-major position in [outer, channels, inner].
std::size_t place(std::size_t outer, std::size_t channel, std::size_t inner,
                  const std::array<std::size_t, 3>& extents) {
  return (outer * extents[1] + channel) * extents[2] + inner;
}

}  // namespace

TEST_CASE("a Gram matrix of small whole numbers is exact, by any axis") {
  ValueEvidence seen("x", {{GramStatistic::kName, 1}, {GramStatistic::kName, 2}});
  seen.add(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8}, Shape{2, 2, 2}, 0);
  seen.add(std::vector<float>{-1, 0, 1, 0, 0, 0, 0, 0}, Shape{2, 2, 2}, 1);
  const GramStatistic& last = gram_of(seen, 2);
  CHECK(last.channels() == 2);
  CHECK(last.rows() == 8);
  CHECK(last.sum(0, 0) == 1 + 9 + 25 + 49 + 1 + 1);
  CHECK(last.sum(0, 1) == 2 + 12 + 30 + 56);
  CHECK(last.sum(1, 0) == last.sum(0, 1));
  CHECK(last.sum(1, 1) == 4 + 16 + 36 + 64);
  const GramStatistic& middle = gram_of(seen, 1);
  CHECK(middle.rows() == 8);
  CHECK(middle.sum(0, 0) == 1 + 4 + 25 + 36 + 1);
  CHECK(middle.sum(0, 1) == 3 + 8 + 35 + 48 - 1);
  CHECK(middle.sum(1, 1) == 9 + 16 + 49 + 64 + 1);
}

TEST_CASE("a Gram matrix of channels of very different magnitudes is close to the exact one in each pair") {
  constexpr std::array<std::size_t, 3> kExtents{5, 71, 9};
  constexpr std::size_t kSamples = 20, kChannels = kExtents[1];
  ValueEvidence seen("x", {{GramStatistic::kName, 1}});
  std::vector<long double> exact(kChannels * kChannels);
  for (std::size_t sample = 0; sample < kSamples; ++sample) {
    Random random(sample);
    std::vector<float> values(kExtents[0] * kExtents[1] * kExtents[2]);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const int channel = static_cast<int>(i / kExtents[2] % kChannels);
      values[i] = std::ldexp(static_cast<float>(random.normal()), channel - 40 + static_cast<int>(sample % 7));
    }
    for (std::size_t o = 0; o < kExtents[0]; ++o)
      for (std::size_t n = 0; n < kExtents[2]; ++n)
        for (std::size_t i = 0; i < kChannels; ++i)
          for (std::size_t j = 0; j < kChannels; ++j)
            exact[i * kChannels + j] += static_cast<long double>(values[place(o, i, n, kExtents)]) *
                                        static_cast<long double>(values[place(o, j, n, kExtents)]);
    seen.add(values, Shape{kExtents[0], kExtents[1], kExtents[2]}, sample);
  }
  const GramStatistic& gram = gram_of(seen, 1);
  REQUIRE(gram.channels() == kChannels);
  CHECK(gram.rows() == kSamples * kExtents[0] * kExtents[2]);
  for (std::size_t i = 0; i < kChannels; ++i)
    for (std::size_t j = 0; j < kChannels; ++j) {
      const long double most = std::sqrt(exact[i * kChannels + i] * exact[j * kChannels + j]);
      const long double error = std::fabs(exact[i * kChannels + j] - static_cast<long double>(gram.sum(i, j)));
      if (!(error <= kSamples * 0x1p-39L * most)) FAIL(i << ", " << j << ": " << static_cast<double>(error / most));
    }
}

TEST_CASE("sums of digits lose nothing to order, and the same whenever the level rises") {
  constexpr int kLevels = 3;
  const double terms[] = {0x1p60, 1.0, -0x1p60, 0x1.8p-30, 0x1p75 + 0x1p23, -0x1p75, -0x1p-70, 12345.678};
  for (int round = 0; round < 200; ++round) {
    Random random(static_cast<std::uint64_t>(round));
    DigitSum whole, rising;
    int level = DigitSum::level_for(1) - 1;
    const int top = level + kLevels;
    for (const std::size_t i : sample_without_replacement(std::size(terms), std::size(terms), random)) {
      whole.add(terms[i], top);
      const int needed = DigitSum::level_for(std::ilogb(terms[i]) + 1);
      rising.raise(std::max(needed - level, 0));
      level = std::max(level, needed);
      rising.add(terms[i], level);
    }
    rising.raise(top - level);
    REQUIRE(rising == whole);
  }
}

TEST_CASE("the level of a sum of digits is the least that holds its terms") {
  for (const int exponent : {-590, -81, -80, -79, -41, -40, -39, -1, 0, 1, 39, 40, 41, 80, 81, 590}) {
    CAPTURE(exponent);
    const int level = DigitSum::level_for(exponent);
    const double below = std::ldexp(1 - 0x1p-53, exponent);
    DigitSum sum;
    sum.add(below, level);
    CHECK(sum.high < std::int64_t{1} << DigitSum::kBits);
    CHECK(sum.low < std::int64_t{1} << DigitSum::kBits);
    CHECK(sum.high > 0);
    CHECK(sum.value(level) <= below);
    CHECK(sum.value(level) >= below * (1 - 0x1p-40));
    DigitSum negative;
    negative.add(-below, level);
    CHECK(negative.value(level) == -sum.value(level));
  }
}

TEST_CASE("Gram matrices of more samples than their sums hold are refused") {
  ByteWriter out;
  out.put<std::uint64_t>(DigitSum::kMostTerms);
  out.put<std::uint64_t>(DigitSum::kMostTerms);
  const std::int32_t exponents[] = {1};
  out.put(std::span<const std::int32_t>(exponents));
  out.put<std::int64_t>(7);
  out.put<std::int64_t>(0);
  const std::vector<std::byte> bytes = out.take();
  ByteReader in(bytes);
  GramStatistic full = GramStatistic::read(in, 1);
  ValueEvidence one("x", {{GramStatistic::kName, 1}});
  one.add(std::vector<float>{1}, Shape{1, 1}, 0);
  CHECK_THROWS_AS(full.merge(gram_of(one, 1)), Error);
  CHECK_THROWS_AS(full.add({std::vector<float>{1}, Shape{1, 1}, 1, {1, 1}}), Error);
}

TEST_CASE("a Gram matrix that announces more than there is, or impossible sums, is refused") {
  const auto refused = [](std::uint64_t rows, std::uint64_t terms, std::vector<std::int32_t> exponents,
                          std::vector<std::int64_t> sums) {
    ByteWriter out;
    out.put(rows);
    out.put(terms);
    out.put(std::span<const std::int32_t>(exponents));
    for (const std::int64_t sum : sums) out.put(sum);
    const std::vector<std::byte> bytes = out.take();
    ByteReader in(bytes);
    try {
      GramStatistic::read(in, 0);
      in.expect_end();
    } catch (const Error& error) {
      return error.kind() == ErrorKind::Input;
    }
    return false;
  };
  constexpr std::int64_t kMost = std::int64_t{2} << 40;
  CHECK_FALSE(refused(3, 2, {1}, {kMost, -kMost}));
  CHECK_FALSE(refused(0, 0, {}, {}));
  CHECK(refused(3, 2, {1}, {kMost + 1, 0}));
  CHECK(refused(3, 2, {1}, {0, -kMost - 1}));
  CHECK(refused(1, 2, {1}, {1, 0}));
  CHECK(refused(1, 0, {1}, {1, 0}));
  CHECK(refused(1, 1, {}, {}));
  CHECK(refused(1, 1, {301}, {1, 0}));
  CHECK(refused(1, 1, {-299}, {1, 0}));
  CHECK(refused(std::uint64_t{1} << 23, (std::uint64_t{1} << 22) + 1, {1}, {1, 0}));
  CHECK(refused(1, 1, {1, 1}, {1, 0, 1, 0}));
  CHECK(refused(1, 1, std::vector<std::int32_t>(100'000), {}));  // 80 GB of sums
}
