// How often which magnitude was seen, by sign. Bins are a power of two wide and there are kBins a side; when a
// magnitude does not fit, the range doubles and pairs of bins become one, which loses nothing that a wider histogram
// would have had. So the result depends neither on order nor on how the samples were split. The largest magnitude
// always lies in the upper half of the range: at least 2048 bins are in use. Exact zeros (most of what ReLU gives) are
// counted apart.
#pragma once

#include <cstdint>
#include <vector>

#include "observe/statistics/statistic.h"

namespace bw {

class Histogram {
 public:
  static constexpr std::string_view kName = "histogram";
  static constexpr std::size_t kBins = 4096;

  MinMax look(std::span<const float> values);
  void merge(const Histogram& other);
  void write(ByteWriter& out) const;
  static Histogram read(ByteReader& in);

  // Bin i of a side counts the values of that sign with i * width() <= |x| < (i + 1) * width().
  double width() const;
  std::span<const std::uint64_t> positive() const { return {counts_.data(), counts_.empty() ? 0 : kBins}; }
  std::span<const std::uint64_t> negative() const { return {counts_.data() + positive().size(), positive().size()}; }
  std::uint64_t zeros() const { return zeros_; }
  std::uint64_t count() const { return count_; }  // with the zeros
  Range range() const { return range_; }          // exact; {0, 0} when nothing was seen
  friend bool operator==(const Histogram&, const Histogram&) = default;

 private:
  void widen(int exponent);

  int exponent_ = 0;                   // width() is 2^exponent_; only meaningful once counts_ is there
  std::vector<std::uint64_t> counts_;  // positive side, then negative side; empty until something but zero was seen
  std::uint64_t zeros_ = 0, count_ = 0;
  Range range_;
};

}  // namespace bw
