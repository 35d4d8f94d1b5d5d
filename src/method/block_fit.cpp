#include "method/block_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/parallel.h"

namespace bw {
namespace {

// Of the widest range, what is tried.
constexpr int kLeastPercent = 40, kMostPercent = 105, kStep = 5;

struct Extremes {
  float low = 0, high = 0;
};

Extremes extremes_of(std::span<const float> values) {
  const auto [low, high] = std::ranges::minmax(values);
  return {low, high};
}

class Search {
 public:
  Search(std::span<const float> values, std::span<const float> importance, const BlockCodes& codes)
      : values_(values), importance_(importance), codes_(codes) {}

  BlockScale run() {
    const BlockScale widest = widest_scale(values_, codes_);
    if (!std::isnormal(widest.scale)) return widest;
    offer(widest);
    for (int percent = kLeastPercent; percent <= kMostPercent; percent += kStep) {
      const float scale = widest.scale * static_cast<float>(percent) / 100;
      offer_with_fit(scale);
      if (codes_.symmetric) offer_with_fit(-scale);  // the code that one side has more goes to the other
    }
    return best_;
  }

 private:
  float importance(std::size_t i) const { return importance_.empty() ? 1.0F : importance_[i]; }

  BlockScale with_zero_point(float scale) const {
    if (codes_.symmetric) return {scale, codes_.middle};
    const float low = std::min(extremes_of(values_).low, 0.0F), widest = widest_scale(values_, codes_).scale;
    const float at = codes_.lowest - low / widest;  // where zero lies, as a share of the codes
    return {scale, std::clamp(std::nearbyint(at), codes_.lowest, codes_.highest)};
  }

  void offer_with_fit(float scale) {
    const BlockScale tried = with_zero_point(scale);
    offer(tried);
    double products = 0, squares = 0;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const double code = static_cast<double>(nearest_code(values_[i], tried, codes_) - tried.zero_point);
      products += static_cast<double>(importance(i)) * code * static_cast<double>(values_[i]);
      squares += static_cast<double>(importance(i)) * code * code;
    }
    if (const auto fitted = static_cast<float>(products / squares); std::isnormal(fitted))
      offer({fitted, tried.zero_point});
  }

  void offer(const BlockScale& tried) {
    double error = 0;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const double off = static_cast<double>(number_of(nearest_code(values_[i], tried, codes_), tried)) -
                         static_cast<double>(values_[i]);
      error += static_cast<double>(importance(i)) * off * off;
    }
    if (error >= least_) return;
    least_ = error;
    best_ = tried;
  }

  std::span<const float> values_, importance_;
  const BlockCodes& codes_;
  BlockScale best_;
  double least_ = std::numeric_limits<double>::infinity();
};

}  // namespace

BlockCodes::BlockCodes(const Scheme& scheme)
    : lowest(static_cast<float>(code_range(scheme).lowest)),
      highest(static_cast<float>(code_range(scheme).highest)),
      middle(info(scheme.code).is_signed ? 0 : std::ceil(highest / 2)),
      symmetric(scheme.symmetric) {}

BlockScale widest_scale(std::span<const float> values, const BlockCodes& codes) {
  const Extremes seen = extremes_of(values);
  if (codes.symmetric) {
    const float extreme = std::fabs(seen.high) > std::fabs(seen.low) ? seen.high : seen.low;
    return {extreme / (codes.lowest - codes.middle), codes.middle};
  }
  const float low = std::min(seen.low, 0.0F), high = std::max(seen.high, 0.0F);
  const float scale = (high - low) / (codes.highest - codes.lowest);
  const float zero_point = scale != 0 ? codes.lowest - low / scale : codes.lowest;
  return {scale, std::round(std::clamp(zero_point, codes.lowest, codes.highest))};
}

BlockScale closest_scale(std::span<const float> values, std::span<const float> importance, const BlockCodes& codes) {
  return Search(values, importance, codes).run();
}

void fit_blocks(WeightRows& rows, std::span<const float> importance, const Scheme& scheme) {
  const BlockCodes codes(scheme);
  parallel_for(rows.outputs, 16, [&](std::size_t begin, std::size_t end) {
    std::vector<std::vector<float>> values(rows.blocks), counts(rows.blocks);
    for (std::size_t output = begin; output < end; ++output) {
      for (std::size_t b = 0; b < rows.blocks; ++b) values[b].clear(), counts[b].clear();
      for (std::size_t column = 0; column < rows.columns; ++column) {
        values[rows.block_of[column]].push_back(rows.weight(output, column));
        if (!importance.empty()) counts[rows.block_of[column]].push_back(importance[column]);
      }
      for (std::size_t b = 0; b < rows.blocks; ++b) {
        const BlockScale block = closest_scale(values[b], counts[b], codes);
        rows.scales[output * rows.blocks + b] = block.scale;
        rows.zero_points[output * rows.blocks + b] = block.zero_point;
      }
    }
  });
}

float nearest_code(float value, const BlockScale& block, const BlockCodes& codes) {
  if (block.scale == 0) return block.zero_point;
  return std::clamp(std::nearbyint(value / block.scale) + block.zero_point, codes.lowest, codes.highest);
}

}  // namespace bw
