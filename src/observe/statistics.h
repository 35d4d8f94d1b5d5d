// The plain statistics: ranges, means, moments. All are equal to the bit however the samples were split and ordered:
// minimum and maximum are exact, and sums are kept exactly (ExactSum).
//
// Every statistic has: add(sample) with values that are finite (Evidence checks it), merge, and to and from bytes,
// where what is read may be hostile.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "plan/scheme.h"

namespace bw {

// What one sample gave for one value. The shape may be empty when no statistic by channel was asked for.
struct Observation {
  std::span<const float> values;
  std::span<const std::int64_t> shape;
  std::size_t sample = 0;  // index of the sample in the calibration set
  Range range;             // of the values; {0, 0} when there are none
};

// A sum of doubles without rounding: two's complement fixed point of 64 * kWords bits in units of 2^kLowest.
// Terms must be multiples of that unit, and the sum must fit.
template <int kLowest, std::size_t kWords>
class ExactSum {
 public:
  void add(double term);
  void merge(const ExactSum& other);
  double value() const;  // rounded half to even
  void write(ByteWriter& out) const { out.put(std::span<const std::uint64_t>(words_)); }
  static ExactSum read(ByteReader& in);
  friend bool operator==(const ExactSum&, const ExactSum&) = default;

 private:
  void negate();
  std::array<std::uint64_t, kWords> words_{};
};
using SumOfFloats = ExactSum<-149, 6>;    // of floats: up to 2^40 times the largest one, and room to spare
using SumOfSquares = ExactSum<-298, 10>;  // of their squares

class RangeStatistic {
 public:
  void add(const Observation& seen);
  void merge(const RangeStatistic& other);
  void write(ByteWriter& out) const;
  static RangeStatistic read(ByteReader& in);

  std::uint64_t count() const { return count_; }  // elements
  Range range() const { return count_ ? Range{low_, high_} : Range{}; }
  friend bool operator==(const RangeStatistic&, const RangeStatistic&) = default;

 private:
  float low_ = std::numeric_limits<float>::infinity(), high_ = -std::numeric_limits<float>::infinity();
  std::uint64_t count_ = 0;
};

class ChannelRangeStatistic {
 public:
  explicit ChannelRangeStatistic(int axis = 0) : axis_(axis) {}
  // CalibrationError when a sample has another number of channels than those before.
  void add(const Observation& seen);
  void merge(const ChannelRangeStatistic& other);
  void write(ByteWriter& out) const;
  static ChannelRangeStatistic read(ByteReader& in);

  // One range a channel; channels of which nothing was seen have {0, 0}.
  std::vector<Range> ranges() const;
  friend bool operator==(const ChannelRangeStatistic&, const ChannelRangeStatistic&) = default;

 private:
  int axis_;
  std::vector<float> low_, high_;
};

class SampleRangesStatistic {
 public:
  void add(const Observation& seen);
  void merge(const SampleRangesStatistic& other);
  void write(ByteWriter& out) const;
  static SampleRangesStatistic read(ByteReader& in);

  const std::map<std::uint64_t, Range>& by_sample() const { return by_sample_; }
  friend bool operator==(const SampleRangesStatistic&, const SampleRangesStatistic&) = default;

 private:
  std::map<std::uint64_t, Range> by_sample_;
};

class MomentsStatistic {
 public:
  void add(const Observation& seen);
  void merge(const MomentsStatistic& other);
  void write(ByteWriter& out) const;
  static MomentsStatistic read(ByteReader& in);

  std::uint64_t count() const { return count_; }
  double mean() const;      // 0 when nothing was seen
  double variance() const;  // of the population
  friend bool operator==(const MomentsStatistic&, const MomentsStatistic&) = default;

 private:
  std::uint64_t count_ = 0;
  SumOfFloats sum_;
  SumOfSquares squares_;
};

class ChannelMeanStatistic {
 public:
  explicit ChannelMeanStatistic(int axis = 0) : axis_(axis) {}
  void add(const Observation& seen);
  void merge(const ChannelMeanStatistic& other);
  void write(ByteWriter& out) const;
  static ChannelMeanStatistic read(ByteReader& in);

  std::vector<double> means() const;
  friend bool operator==(const ChannelMeanStatistic&, const ChannelMeanStatistic&) = default;

 private:
  int axis_;
  std::uint64_t count_ = 0;  // elements of each channel
  std::vector<SumOfFloats> sums_;
};

}  // namespace bw
