#include "observe/evidence.h"

#include <algorithm>
#include <bit>
#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/parallel.h"
#include "base/random.h"
#include "observe/samples.h"

using namespace bw;
using namespace bw::test;

namespace {

const std::set<StatisticKey> kMergeable{{StatisticKind::Range},           {StatisticKind::ChannelRange, 0},
                                        {StatisticKind::ChannelRange, 1}, {StatisticKind::Histogram},
                                        {StatisticKind::SampleRanges},    {StatisticKind::Moments},
                                        {StatisticKind::ChannelMean, 1}};

Needs needs_of(const std::set<StatisticKey>& keys) {
  Needs needs;
  for (const StatisticKey key : keys) {
    needs.add("a", key);
    needs.add("b/c", key);
  }
  return needs;
}

// Samples of very different magnitudes, [3, 50].
std::vector<float> varied(std::size_t index) {
  Random random(index);
  const double magnitude = std::ldexp(1.0, static_cast<int>(random.below(60)) - 30);
  std::vector<float> values(150);
  for (float& value : values) value = random.below(5) ? static_cast<float>(random.normal() * magnitude) : 0.0F;
  return values;
}

void add(Evidence& evidence, std::size_t index) {
  const std::int64_t shape[] = {3, 50};
  evidence.value("a").add(varied(index), shape, index);
  evidence.value("b/c").add(varied(index + 1000), shape, index);
}

}  // namespace

TEST_CASE("evidence is the same bytes for any split, order and number of threads") {
  const Needs needs = needs_of(kMergeable);
  Evidence whole(needs);
  for (std::size_t i = 0; i < 60; ++i) add(whole, i);
  const std::vector<std::byte> bytes = whole.to_bytes();
  CHECK(whole.needs() == needs);

  const int before = threads();
  Random random(1);
  for (int round = 0; round < 10; ++round) {
    set_threads(1 + round % 3);
    const std::size_t parts = 1 + random.below(5);
    std::vector<Evidence> split(parts, Evidence(needs));
    for (const std::size_t i : sample_without_replacement(60, 60, random)) add(split[random.below(parts)], i);
    while (split.size() > 1) {  // merged in any order, either way round
      const std::size_t at = random.below(split.size() - 1);
      if (random.below(2)) std::swap(split[at], split[at + 1]);
      split[at].merge(split[at + 1]);
      split.erase(split.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
    REQUIRE(split[0].to_bytes() == bytes);
  }
  set_threads(before);
}

TEST_CASE("evidence comes back from its bytes, and nothing else does") {
  std::set<StatisticKey> keys = kMergeable;
  keys.insert({StatisticKind::TorchHistogram});
  Evidence evidence(needs_of(keys));
  CHECK(Evidence::from_bytes(evidence.to_bytes()) == evidence);
  for (std::size_t i = 0; i < 3; ++i) add(evidence, i);
  const std::vector<std::byte> bytes = evidence.to_bytes();
  CHECK(Evidence::from_bytes(bytes) == evidence);

  const auto refused = [](std::span<const std::byte> hostile) {
    try {
      Evidence::from_bytes(hostile);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::Input;
    }
    return false;
  };
  for (std::size_t size = 0; size < bytes.size(); size += size < 200 ? 1 : 997)
    CHECK(refused(std::span(bytes).first(size)));
  std::vector<std::byte> longer = bytes;
  longer.push_back(std::byte{0});
  CHECK(refused(longer));
  Needs one;
  one.add("a", {StatisticKind::Histogram});
  Evidence counted(one);
  counted.value("a").add(varied(1), 0);
  std::vector<std::byte> more = counted.to_bytes();
  CHECK_FALSE(refused(more));
  more[more.size() - 16] ^= std::byte{1};  // of the number of values that the bins must add up to
  CHECK(refused(more));
  more = counted.to_bytes();
  more[more.size() - 15] ^= std::byte{1};
  CHECK(refused(more));
  Random random(2);
  for (int round = 0; round < 300; ++round) {  // any edit is refused or still evidence; none crashes
    std::vector<std::byte> edited = bytes;
    const std::size_t at = random.below(2) ? random.below(300) : random.below(edited.size() - 8);
    for (std::size_t i = 0; i < 8; ++i) edited[at + i] = static_cast<std::byte>(random.below(3) ? 255 : random.next());
    try {
      Evidence::from_bytes(edited).to_bytes();
    } catch (const Error& error) {
      REQUIRE(error.kind() == ErrorKind::Input);
    }
  }
}

TEST_CASE("NaN and infinity are refused with value, sample and index") {
  Evidence evidence(needs_of({{StatisticKind::Range}}));
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    std::vector<float> values(1000, 1.0F);
    values[777] = bad;
    try {
      evidence.value("b/c").add(values, 12);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::Calibration);
      CHECK(error.where() == "value 'b/c', sample 12, element 777");
    }
  }
  CHECK(evidence.value("b/c").count() == 0);
  CHECK_THROWS_AS(evidence.value("none"), Error);
  CHECK_THROWS_AS(evidence.value("a").histogram(), Error);
}

TEST_CASE("a histogram counts exactly, and doubles its range without loss") {
  ValueEvidence seen("x", {{StatisticKind::Histogram}});
  seen.add(std::vector<float>{0.0F, -0.0F, 1.0F, 0.75F, -0.75F}, 0);
  const Histogram& histogram = seen.histogram();
  CHECK(histogram.width() == 2.0 / 4096);  // 1 needs a bin of its own
  CHECK(histogram.zeros() == 2);
  CHECK(histogram.positive()[2048] == 1);
  CHECK(histogram.positive()[1536] == 1);
  CHECK(histogram.negative()[1536] == 1);
  seen.add(std::vector<float>{-1000.0F, 3e-45F}, 1);
  CHECK(histogram.width() == 1024.0 / 4096);
  CHECK(histogram.positive()[4] == 1);
  CHECK(histogram.positive()[3] == 1);
  CHECK(histogram.positive()[0] == 1);
  CHECK(histogram.negative()[3] == 1);
  CHECK(histogram.negative()[4000] == 1);
  CHECK(histogram.count() == 7);
  CHECK(histogram.range() == Range{-1000, 1});
  seen.add(std::vector<float>{std::numeric_limits<float>::max()}, 2);
  CHECK(histogram.positive()[4095] == 1);
  CHECK(std::accumulate(histogram.positive().begin(), histogram.positive().end(), std::uint64_t{0}) == 4);
  CHECK(histogram.range() == Range{-1000, std::numeric_limits<float>::max()});
}

TEST_CASE("statistics by channel follow the axis") {
  const std::int64_t shape[] = {2, 3, 2};
  std::vector<float> values(12);
  std::iota(values.begin(), values.end(), -3.0F);
  ValueEvidence seen(
      "x", {{StatisticKind::ChannelRange, 1}, {StatisticKind::ChannelRange, 2}, {StatisticKind::ChannelMean, 1}});
  seen.add(values, shape, 0);
  CHECK(seen.channel_range(1).ranges() == std::vector<Range>{{-3, 4}, {-1, 6}, {1, 8}});
  CHECK(seen.channel_range(2).ranges() == std::vector<Range>{{-3, 7}, {-2, 8}});
  CHECK(seen.channel_mean(1).means() == std::vector<double>{0.5, 2.5, 4.5});
  const std::int64_t other[] = {1, 2, 1};
  CHECK_THROWS_AS(seen.add(std::vector<float>{1, 2}, other, 1), Error);
  CHECK_THROWS_AS(seen.add(values, other, 1), Error);
  ValueEvidence whole("x", {{StatisticKind::Range}});
  CHECK_THROWS_AS(whole.add(values, other, 0), Error);
}

TEST_CASE("parts of a sample are one sample") {
  ValueEvidence seen("x", {{StatisticKind::SampleRanges}});
  seen.add(std::vector<float>{-5, 2}, 3);
  seen.add(std::vector<float>{1, 7}, 3);
  CHECK(seen.sample_ranges().by_sample().size() == 1);
  CHECK(seen.sample_ranges().by_sample().at(3) == Range{-5, 7});
}

TEST_CASE("moments are exact where doubles are, and sums lose nothing to order") {
  ValueEvidence seen("x", {{StatisticKind::Moments}});
  seen.add(std::vector<float>{1e30F}, 0);
  seen.add(std::vector<float>{1, 2, 3}, 1);
  seen.add(std::vector<float>{-1e30F, 0}, 2);
  CHECK(seen.moments().count() == 6);
  ValueEvidence spread("x", {{StatisticKind::Moments}});
  spread.add(std::vector<float>{1, 3}, 0);
  spread.add(std::vector<float>{5, 3}, 1);
  CHECK(spread.moments().variance() == 2);
  CHECK(seen.moments().mean() == 1);  // in doubles added one by one it would be 0
  SumOfFloats sum;
  for (const double term : {0x1p-149, 0x1p150, -0x1p100, -0x1p150, 3.0, 0x1p100}) sum.add(term);
  CHECK(sum.value() == 3);  // and 2^-149, below the last bit
  sum.add(-3);
  CHECK(sum.value() == 0x1p-149);
  sum.add(-0x1p-148);
  CHECK(sum.value() == -0x1p-149);
  SumOfFloats ties;
  ties.add(0x1p53);
  ties.add(1);
  CHECK(ties.value() == 0x1p53);  // half to even
  ties.add(0x1p-100);
  CHECK(ties.value() == 0x1p53 + 2);  // above the half
}

TEST_CASE("PyTorch's histogram wants its samples in order, in one place") {
  Needs needs;
  needs.add("a", {StatisticKind::TorchHistogram});
  CHECK(needs.in_order());
  Evidence one(needs), other(needs);
  one.value("a").add(std::vector<float>{1, 2}, 1);
  CHECK_THROWS_AS(one.value("a").add(std::vector<float>{1, 2}, 0), Error);
  const Evidence copy = one;
  other.merge(one);
  CHECK(other == copy);
  CHECK_THROWS_AS(one.merge(other), Error);
}

TEST_CASE("PyTorch's histogram grows by any factor at once, or says that it cannot") {
  TorchHistogram histogram;
  const auto add = [&histogram](std::vector<float> values, std::size_t sample) {
    histogram.add({values, {}, sample, {values.front(), values.back()}});
  };
  add({0.0F, 1e-9F}, 0);
  add({0.0F, 1.0F}, 1);
  CHECK(histogram.counts().front() == 3);
  CHECK(histogram.counts().back() == 1);
  CHECK_THROWS_AS(add({0.0F, 1e30F}, 2), Error);
}

TEST_CASE("PyTorch's histogram of many values crosses as bytes, counts below zero with it") {
  ValueEvidence evidence("x", {{StatisticKind::TorchHistogram}});
  for (std::size_t i = 0; i < 4; ++i) {
    std::vector<float> values = test::sample("uniform", i, 200'003);
    values.push_back(20 + 7 * static_cast<float>(i));  // nothing in the bins up to there
    evidence.add(values, i);
  }
  const auto counts = evidence.torch_histogram().counts();
  REQUIRE(std::ranges::any_of(counts, [](float count) { return count < 0; }));  // rounding of PyTorch's own
  ByteWriter out;
  evidence.write(out);
  const std::vector<std::byte> bytes = out.take();
  ByteReader in(bytes);
  CHECK(ValueEvidence::read(in) == evidence);
}

TEST_CASE("PyTorch's histogram takes a range that is wider than the largest float") {
  TorchHistogram histogram;
  const std::vector<float> values{-3e38F, 0.0F, 3e38F};
  histogram.add({values, {}, 0, {values.front(), values.back()}});
  CHECK(std::accumulate(histogram.counts().begin(), histogram.counts().end(), 0.0F) == 3);
}
