#include "method/half_quadratic.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"

namespace bw {
namespace {

constexpr float kMostPerUnit = 2e4F;

float shrunk(float x, float beta, float norm) {
  const float size = std::fabs(x);
  return std::copysign(std::max(0.0F, size - 1.0F / beta * std::pow(size + 1e-8F, norm - 1.0F)), x);
}

// A matrix with the blocks of its rows.
class Solver {
 public:
  Solver(WeightRows& rows, const Scheme& scheme, const HalfQuadratic& options)
      : rows_(rows),
        highest_(static_cast<float>(code_range(scheme).highest)),
        options_(options),
        per_unit_(rows.scales.size()),
        counts_(rows.blocks) {
    for (const std::uint32_t block : rows.block_of) ++counts_[block];
  }

  void run() {
    start();
    auto beta = static_cast<float>(options_.beta);
    double least = 1e4;
    for (int step = 0; step < options_.steps; ++step) {
      const double error = improve(beta);
      beta *= static_cast<float>(options_.growth);
      if (error >= least) break;
      least = error;
    }
    for (std::size_t p = 0; p < per_unit_.size(); ++p) rows_.scales[p] = 1.0F / per_unit_[p];
  }

 private:
  void start() {
    std::vector<float> low(per_unit_.size(), INFINITY), high(per_unit_.size(), -INFINITY);
    for (std::size_t o = 0; o < rows_.outputs; ++o)
      for (std::size_t c = 0; c < rows_.columns; ++c) {
        const std::size_t p = rows_.parameter(o, c);
        low[p] = std::min(low[p], rows_.weight(o, c));
        high[p] = std::max(high[p], rows_.weight(o, c));
      }
    for (std::size_t p = 0; p < per_unit_.size(); ++p) {
      const float reach = high[p] - low[p];
      per_unit_[p] = std::min(highest_ / (reach == 0 ? highest_ : reach), kMostPerUnit);
      rows_.zero_points[p] = std::nearbyint(-low[p] * per_unit_[p]);
    }
  }

  // The mean error before.
  double improve(float beta) {
    const auto norm = static_cast<float>(options_.norm);
    std::vector<double> errors(rows_.outputs);
    parallel_for(rows_.outputs, 8, [&](std::size_t begin, std::size_t end) {
      std::vector<double> sums(rows_.blocks);
      for (std::size_t o = begin; o < end; ++o) {
        std::ranges::fill(sums, 0.0);
        for (std::size_t c = 0; c < rows_.columns; ++c) {
          const std::size_t p = rows_.parameter(o, c);
          const float weight = rows_.weight(o, c), zero = rows_.zero_points[p];
          const float code = std::clamp(std::nearbyint(weight * per_unit_[p] + zero), 0.0F, highest_);
          const float off = weight - (code - zero) / per_unit_[p];
          sums[rows_.block_of[c]] += static_cast<double>(code - (weight - shrunk(off, beta, norm)) * per_unit_[p]);
          errors[o] += static_cast<double>(std::fabs(off));
        }
        for (std::size_t b = 0; b < rows_.blocks; ++b)
          rows_.zero_points[o * rows_.blocks + b] = static_cast<float>(sums[b] / static_cast<double>(counts_[b]));
      }
    });
    double sum = 0;
    for (const double error : errors) sum += error;
    return sum / static_cast<double>(rows_.weights.size());
  }

  WeightRows& rows_;
  const float highest_;
  const HalfQuadratic& options_;
  std::vector<float> per_unit_;
  std::vector<std::size_t> counts_;
};

}  // namespace

void half_quadratic(WeightRows& rows, const Scheme& scheme, const HalfQuadratic& options) {
  Solver(rows, scheme, options).run();
}

}  // namespace bw
