// The histogram that torch.ao.quantization.HistogramObserver (PyTorch 1.13) keeps: 2048 bins between the smallest and
// largest element so far, counts as float32; when the range grows, the old counts are spread over the new range by an
// upsampling of 128. Its content depends on the order of the samples, so they must be added in order, to one object.
#pragma once

#include <vector>

#include "observe/statistics/statistic.h"

namespace bw {

class TorchHistogram {
 public:
  static constexpr std::string_view kName = "torch-histogram";
  static constexpr int kBins = 2048;
  static constexpr int kUpsampling = 128;

  // Error(Internal) when the sample does not come after the last one, CalibrationError when the range grows beyond
  // measure.
  void add(const Observation& seen);
  // One of the two must be empty; Error(Internal) otherwise.
  void merge(const TorchHistogram& other);
  void write(ByteWriter& out) const;
  static TorchHistogram read(ByteReader& in);

  bool empty() const { return counts_.empty(); }
  std::span<const float> counts() const { return counts_; }
  Range range() const { return range_; }  // that the bins cover
  friend bool operator==(const TorchHistogram&, const TorchHistogram&) = default;

 private:
  std::uint64_t samples_end_ = 0;  // one past the last sample
  std::vector<float> counts_;
  Range range_;
};

}  // namespace bw
