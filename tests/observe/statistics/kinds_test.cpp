// What single kinds of statistics are, in numbers.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "observe/evidence.h"
#include "observe/samples.h"
#include "observe/statistics/channel_mean.h"
#include "observe/statistics/channel_range.h"
#include "observe/statistics/histogram.h"
#include "observe/statistics/moments.h"
#include "observe/statistics/range.h"
#include "observe/statistics/sample_ranges.h"
#include "observe/statistics/torch_histogram.h"
#include "tensor/kernels/magnitude_bins.h"

using namespace bw;
using namespace bw::test;

TEST_CASE("a histogram counts exactly, and doubles its range without loss") {
  ValueEvidence seen("x", {{Histogram::kName}});
  seen.add(std::vector<float>{0.0F, -0.0F, 1.0F, 0.75F, -0.75F}, 0);
  const Histogram& histogram = seen.get<Histogram>();
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

TEST_CASE("a histogram of many values is the sum of those of its parts, and knows their range") {
  std::vector<float> values;
  for (std::size_t i = 0; i < 40; ++i) {
    const std::vector<float> more = varied(i);
    values.insert(values.end(), more.begin(), more.end());
  }
  Histogram whole, parts;
  const MinMax seen = whole.look(values);
  CHECK(seen == min_max(values));
  CHECK(whole.range() == Range{seen.low, seen.high});
  for (std::size_t at = 0; at < values.size(); at += 3) parts.look(std::span(values).subspan(at).first(3));
  CHECK(whole == parts);
}

TEST_CASE("a histogram goes on where larger values end what fits") {
  Histogram histogram;
  histogram.look(std::vector<float>{1, 0.5F});
  CHECK(histogram.look({}) == MinMax{});
  CHECK(histogram.range() == Range{0.5F, 1});
  std::vector<float> values(kCountedTogether + 1, 0.0F);
  values[7] = -0.75F;
  values.back() = 100;
  CHECK(histogram.look(values) == MinMax{-0.75F, 100});
  CHECK(histogram.range() == Range{-0.75F, 100});
  CHECK(histogram.zeros() == kCountedTogether - 1);
  CHECK(histogram.count() == kCountedTogether + 3);
  CHECK(std::accumulate(histogram.negative().begin(), histogram.negative().end(), std::uint64_t{0}) == 1);
  CHECK(std::accumulate(histogram.positive().begin(), histogram.positive().end(), std::uint64_t{0}) == 3);
}

TEST_CASE("statistics by channel follow the axis") {
  const std::int64_t shape[] = {2, 3, 2};
  std::vector<float> values(12);
  std::iota(values.begin(), values.end(), -3.0F);
  ValueEvidence seen(
      "x", {{ChannelRangeStatistic::kName, 1}, {ChannelRangeStatistic::kName, 2}, {ChannelMeanStatistic::kName, 1}});
  seen.add(values, shape, 0);
  CHECK(seen.get<ChannelRangeStatistic>(1).ranges() == std::vector<Range>{{-3, 4}, {-1, 6}, {1, 8}});
  CHECK(seen.get<ChannelRangeStatistic>(2).ranges() == std::vector<Range>{{-3, 7}, {-2, 8}});
  CHECK(seen.get<ChannelMeanStatistic>(1).means() == std::vector<double>{0.5, 2.5, 4.5});
  const std::int64_t other[] = {1, 2, 1};
  CHECK_THROWS_AS(seen.add(std::vector<float>{1, 2}, other, 1), Error);
  CHECK_THROWS_AS(seen.add(values, other, 1), Error);
  ValueEvidence whole("x", {{RangeStatistic::kName}});
  CHECK_THROWS_AS(whole.add(values, other, 0), Error);
}

TEST_CASE("parts of a sample are one sample") {
  ValueEvidence seen("x", {{SampleRangesStatistic::kName}});
  seen.add(std::vector<float>{-5, 2}, 3);
  seen.add(std::vector<float>{1, 7}, 3);
  CHECK(seen.get<SampleRangesStatistic>().by_sample().size() == 1);
  CHECK(seen.get<SampleRangesStatistic>().by_sample().at(3) == Range{-5, 7});
}

TEST_CASE("samples' ranges are read in ascending order only") {
  for (const std::uint64_t second : {6, 5, 4}) {
    ByteWriter out;
    out.put<std::uint64_t>(2);
    for (const std::uint64_t sample : {std::uint64_t{5}, second}) {
      out.put(sample);
      out.put(-1.0F);
      out.put(1.0F);
    }
    const std::vector<std::byte> bytes = out.take();
    ByteReader in(bytes);
    if (second > 5)
      CHECK(SampleRangesStatistic::read(in).by_sample().size() == 2);
    else
      CHECK_THROWS_AS(SampleRangesStatistic::read(in), Error);
  }
}

TEST_CASE("moments are exact where doubles are, and sums lose nothing to order") {
  ValueEvidence seen("x", {{MomentsStatistic::kName}});
  seen.add(std::vector<float>{1e30F}, 0);
  seen.add(std::vector<float>{1, 2, 3}, 1);
  seen.add(std::vector<float>{-1e30F, 0}, 2);
  CHECK(seen.get<MomentsStatistic>().count() == 6);
  ValueEvidence spread("x", {{MomentsStatistic::kName}});
  spread.add(std::vector<float>{1, 3}, 0);
  spread.add(std::vector<float>{5, 3}, 1);
  CHECK(spread.get<MomentsStatistic>().variance() == 2);
  CHECK(seen.get<MomentsStatistic>().mean() == 1);  // in doubles added one by one it would be 0
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
  needs.add("a", {TorchHistogram::kName});
  CHECK(needs.samples_in_order());
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
  ValueEvidence evidence("x", {{TorchHistogram::kName}});
  for (std::size_t i = 0; i < 4; ++i) {
    std::vector<float> values = test::sample("uniform", i, 200'003);
    values.push_back(20 + 7 * static_cast<float>(i));  // nothing in the bins up to there
    evidence.add(values, i);
  }
  const auto counts = evidence.get<TorchHistogram>().counts();
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
