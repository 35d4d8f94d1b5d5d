#include <algorithm>
#include <cmath>
#include <limits>

#include "observe/observers/entries.h"
#include "observe/statistics/torch_histogram.h"

// The search of torch.ao.quantization.HistogramObserver (PyTorch 1.13), float32 where PyTorch has float32.

namespace bw {
namespace {

constexpr auto kBins = static_cast<std::size_t>(TorchHistogram::kBins);

// Integral of x^2 from `begin` to `end`.
float integral(float begin, float end) {
  return (end * end * end - begin * begin * begin) / 3;
}

// floor(a / b) by way of the remainder, as PyTorch divides floats.
float floor_divide(float a, float b) {
  const float remainder = std::fmod(a, b);
  float quotient = (a - remainder) / b;
  if (remainder != 0 && (b < 0) != (remainder < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(0.0F, a / b);
  const float floor = std::floor(quotient);
  return quotient - floor > 0.5F ? floor + 1 : floor;
}

// L2 norm of the error when bins first..last are coded with `codes` codes and what is outside is clipped; values are
// spread evenly inside each bin.
double quantization_error(const TorchHistogram& histogram, std::size_t first, std::size_t last, int codes) {
  const double bin_width =
      (static_cast<double>(histogram.range().high) - static_cast<double>(histogram.range().low)) / kBins;
  const double code_width = bin_width * static_cast<double>(last - first + 1) / codes;
  if (code_width == 0) return 0;
  const auto bin = static_cast<float>(bin_width), code = static_cast<float>(code_width);
  const auto half = static_cast<float>(code_width / 2), most = static_cast<float>(codes - 1);
  double sum = 0;
  for (std::size_t i = 0; i < kBins; ++i) {
    const float begin = static_cast<float>(static_cast<std::int64_t>(i) - static_cast<std::int64_t>(first)) * bin,
                end = begin + bin;
    const float code_of_begin = std::clamp(floor_divide(begin, code), 0.0F, most);
    const float code_of_end = std::clamp(floor_divide(end, code), 0.0F, most);
    const float density = histogram.counts()[i] / bin;
    float norm = density * integral(begin - (code_of_begin + 0.5F) * code, half);
    norm += (code_of_end - code_of_begin - 1) * (density * integral(-half, half));
    norm += density * integral(-half, end - (code_of_end * code + half));
    sum += norm;
  }
  return sum;
}

// Where the bins so far hold a share of all values, as float32.
struct Shares {
  std::vector<float> up_to;
  double total = 0;

  explicit Shares(std::span<const float> counts) {
    for (const float count : counts) up_to.push_back(static_cast<float>(total += count));
    total = static_cast<float>(total);
  }
  float of(double share) const { return static_cast<float>(share * total); }
};

// Takes off bins at the end where a quantile step covers more of them, while the error falls.
Range searched(const Statistic& seen, const Scheme& scheme, const Arguments&) {
  constexpr double kStep = 1e-5;
  const auto& histogram = seen.as<TorchHistogram>();
  if (histogram.empty()) return {};
  const int codes = 1 << info(scheme.code).bits;
  const Shares shares(histogram.counts());
  double low = 0, high = 1, least = std::numeric_limits<double>::infinity();
  std::size_t first = 0, last = kBins - 1;
  while (low < high) {
    const double next_low = low + kStep, next_high = high - kStep;
    std::size_t left = first, right = last;
    while (left < last && shares.up_to[left] < shares.of(next_low)) ++left;
    while (right > first && shares.up_to[right] > shares.of(next_high)) --right;
    const bool move_first = left - first > last - right;
    (move_first ? low : high) = move_first ? next_low : next_high;
    const std::size_t next_first = move_first ? left : first, next_last = move_first ? last : right;
    if (next_first == first && next_last == last) continue;
    const double error = quantization_error(histogram, next_first, next_last, codes);
    if (error > least) break;
    least = error;
    first = next_first;
    last = next_last;
  }
  const Range range = histogram.range();
  const float width = (range.high - range.low) / static_cast<float>(kBins);
  return {range.low + width * static_cast<float>(first), range.low + width * static_cast<float>(last + 1)};
}

}  // namespace

Observer torch_histogram_observer() {
  return {"torch-histogram",
          "as PyTorch's HistogramObserver (1.13); depends on the order of the samples",
          {},
          {TorchHistogram::kName},
          searched};
}

}  // namespace bw
