#include "method/signed_rounding.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "method/block_fit.h"
#include "tensor/kernels/product.h"

namespace bw {
namespace {

constexpr std::size_t kOutputs = 64;  // that are learned side by side

float sign(double value) {
  return value > 0 ? 1.0F : value < 0 ? -1.0F : 0.0F;
}

// In units of the mean of the diagonal, so that losses of layers whose inputs are large stay numbers.
std::vector<float> scaled(std::span<const double> gram, std::size_t columns) {
  double mean = 0;
  for (std::size_t i = 0; i < columns; ++i) mean += gram[i * columns + i] / static_cast<double>(columns);
  std::vector<float> out(gram.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(mean > 0 ? gram[i] / mean : 0);
  return out;
}

// Some outputs, side by side: numbers of a column and an output at [column * count + lane].
class Learner {
 public:
  Learner(WeightRows& rows, std::span<const float> gram, const Scheme& scheme, const SignedOptions& options,
          std::size_t first, std::vector<float>& out)
      : rows_(rows),
        gram_(gram),
        codes_(scheme),
        options_(options),
        first_(first),
        count_(std::min(kOutputs, rows.outputs - first)),
        shifts_(rows.columns * count_, 0),
        changed_(shifts_.size()),
        slopes_(shifts_.size()),
        met_(shifts_.size()),
        factors_(rows.blocks * count_, 1),
        best_factors_(factors_),
        least_(count_, std::numeric_limits<double>::infinity()),
        out_(out) {}

  void run() {
    const auto steps = static_cast<double>(options_.steps);
    for (std::size_t step = 0; step < options_.steps; ++step) {
      look();
      move(static_cast<float>((1 - static_cast<double>(step) / steps) / steps));
    }
    look();
    for (std::size_t lane = 0; lane < count_; ++lane)
      for (std::size_t block = 0; block < rows_.blocks; ++block)
        rows_.scales[(first_ + lane) * rows_.blocks + block] *= best_factors_[block * count_ + lane];
  }

 private:
  BlockScale block_at(std::size_t column, std::size_t lane) const {
    const std::size_t parameter = rows_.parameter(first_ + lane, column);
    return {rows_.scales[parameter] * factors_[rows_.block_of[column] * count_ + lane], rows_.zero_points[parameter]};
  }

  // A weight in units of its scale, as it is rounded; 0 where the scale is 0.
  float place(std::size_t column, std::size_t lane, const BlockScale& block) const {
    return block.scale == 0 ? 0 : rows_.weight(first_ + lane, column) / block.scale;
  }

  float code_at(std::size_t i) const { return std::clamp(met_[i], codes_.lowest, codes_.highest); }

  // What the codes change now, what that does, and whether it is the least so far.
  void look() {
    for (std::size_t column = 0; column < rows_.columns; ++column)
      for (std::size_t lane = 0; lane < count_; ++lane) {
        const std::size_t i = column * count_ + lane;
        const BlockScale block = block_at(column, lane);
        met_[i] = std::nearbyint(place(column, lane, block) + block.zero_point + shifts_[i]);
        changed_[i] = number_of(code_at(i), block) - rows_.weight(first_ + lane, column);
      }
    multiply(gram_, changed_, rows_.columns, rows_.columns, count_, slopes_);
    for (std::size_t lane = 0; lane < count_; ++lane) {
      double loss = 0;
      for (std::size_t i = lane; i < changed_.size(); i += count_)
        loss += static_cast<double>(changed_[i]) * static_cast<double>(slopes_[i]);
      if (loss < least_[lane]) keep(lane, loss);
    }
  }

  void keep(std::size_t lane, double loss) {
    least_[lane] = loss;
    for (std::size_t column = 0; column < rows_.columns; ++column)
      out_[(first_ + lane) * rows_.columns + column] = code_at(column * count_ + lane);
    for (std::size_t block = 0; block < rows_.blocks; ++block)
      best_factors_[block * count_ + lane] = factors_[block * count_ + lane];
  }

  void move(float size) {
    std::vector<double> slopes(factors_.size(), 0);  // of the blocks' factors
    for (std::size_t column = 0; column < rows_.columns; ++column)
      for (std::size_t lane = 0; lane < count_; ++lane) {
        const std::size_t i = column * count_ + lane;
        const BlockScale block = block_at(column, lane);
        const bool inside = met_[i] == code_at(i);
        const float whole = code_at(i) - block.zero_point,
                    by_scale = inside ? whole - place(column, lane, block) : whole;
        const std::size_t parameter = rows_.parameter(first_ + lane, column);
        slopes[rows_.block_of[column] * count_ + lane] += static_cast<double>(slopes_[i]) *
                                                          static_cast<double>(by_scale) *
                                                          static_cast<double>(rows_.scales[parameter]);
        if (inside) shifts_[i] = std::clamp(shifts_[i] - size * sign(slopes_[i] * block.scale), -0.5F, 0.5F);
      }
    if (!options_.fits_blocks) return;
    for (std::size_t i = 0; i < factors_.size(); ++i)
      factors_[i] = std::clamp(factors_[i] - size * sign(slopes[i]), 0.0F, 1.0F);
  }

  WeightRows& rows_;
  const std::span<const float> gram_;
  const BlockCodes codes_;
  const SignedOptions options_;
  const std::size_t first_, count_;
  std::vector<float> shifts_, changed_, slopes_, met_;  // v; q - w; G (q - w); codes before they are clamped
  std::vector<float> factors_, best_factors_;           // a, [blocks, count]
  std::vector<double> least_;
  std::vector<float>& out_;
};

}  // namespace

std::vector<float> round_by_signs(WeightRows& rows, std::span<const double> gram, const Scheme& scheme,
                                  const SignedOptions& options) {
  const std::vector<float> matrix = scaled(gram, rows.columns);
  std::vector<float> codes(rows.weights.size());
  parallel_for((rows.outputs + kOutputs - 1) / kOutputs, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t strip = begin; strip < end; ++strip)
      Learner(rows, matrix, scheme, options, strip * kOutputs, codes).run();
  });
  return codes;
}

}  // namespace bw
