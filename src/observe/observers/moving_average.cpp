#include <array>

#include "observe/observers/entries.h"
#include "observe/statistics/sample_ranges.h"

namespace bw {
namespace {

constexpr std::array kParameters{Parameter{"constant", Parameter::Type::Number, "0.01",
                                           "weight of each further sample against all before it", 0, 1}};

// m = m + c (x - m) over the samples in their order, in float32 as PyTorch has it; the first one is m's start.
Range averaged(const Statistic& seen, const Scheme&, const Arguments& arguments) {
  const auto constant = static_cast<float>(arguments.number("constant"));
  Range mean;
  bool first = true;
  for (const auto& [sample, range] : seen.as<SampleRangesStatistic>().by_sample()) {
    if (first) mean = range;
    mean.low = mean.low + constant * (range.low - mean.low);
    mean.high = mean.high + constant * (range.high - mean.high);
    first = false;
  }
  return mean;
}

}  // namespace

Observer moving_average_observer() {
  return {"moving-average",
          "exponential moving average of each sample's smallest and largest value",
          kParameters,
          {SampleRangesStatistic::kName},
          averaged};
}

}  // namespace bw
