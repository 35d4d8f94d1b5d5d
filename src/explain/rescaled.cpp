#include "explain/rescaled.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/kernels/layout.h"

namespace bw {
namespace {

// changed = rows[a] * columns[b] * weight, by alternating least squares.
class Factors {
 public:
  Factors(std::span<const float> weight, std::span<const float> changed, const Shape& shape)
      : weight_(weight),
        changed_(changed),
        first_(layout_along(shape, 0)),
        second_(layout_along(shape, 1)),
        rows_(first_.channels, 1),
        columns_(second_.channels, 1) {
    constexpr int kRounds = 4;
    for (int round = 0; round < kRounds; ++round) {
      fit(rows_, first_, columns_, second_);
      fit(columns_, second_, rows_, first_);
    }
  }

  const std::vector<double>& rows() const { return rows_; }
  const std::vector<double>& columns() const { return columns_; }

  // Squared error of what the factors give.
  double noise() const {
    double sum = 0;
    for (std::size_t i = 0; i < weight_.size(); ++i)
      sum += std::pow(changed_[i] - rows_[at(first_, i)] * columns_[at(second_, i)] * weight_[i], 2);
    return sum;
  }

 private:
  static std::size_t at(const Layout& layout, std::size_t i) { return i / layout.inner % layout.channels; }

  void fit(std::vector<double>& own, const Layout& layout, const std::vector<double>& other, const Layout& across) {
    std::vector<double> product(own.size(), 0), power(own.size(), 0);
    for (std::size_t i = 0; i < weight_.size(); ++i) {
      const double x = static_cast<double>(weight_[i]) * other[at(across, i)];
      product[at(layout, i)] += x * static_cast<double>(changed_[i]);
      power[at(layout, i)] += x * x;
    }
    for (std::size_t c = 0; c < own.size(); ++c) own[c] = power[c] > 0 ? product[c] / power[c] : 1;
  }

  const std::span<const float> weight_, changed_;
  const Layout first_, second_;
  std::vector<double> rows_, columns_;
};

// Squared error of one factor for all.
double noise_of_one(std::span<const float> weight, std::span<const float> changed) {
  double xx = 0, xy = 0, yy = 0;
  for (std::size_t i = 0; i < weight.size(); ++i) {
    xx += static_cast<double>(weight[i]) * static_cast<double>(weight[i]);
    xy += static_cast<double>(weight[i]) * static_cast<double>(changed[i]);
    yy += static_cast<double>(changed[i]) * static_cast<double>(changed[i]);
  }
  return xx > 0 ? std::max(yy - xy * xy / xx, 0.0) : yy;
}

// Whether more than a quarter of the factors are off the median one.
bool differ(std::vector<double> factors) {
  constexpr double kOff = 0.05;
  std::ranges::sort(factors);
  const double median = factors[factors.size() / 2];
  const auto off = std::ranges::count_if(
      factors, [&](double factor) { return std::abs(factor - median) > kOff * std::abs(median); });
  return 4 * static_cast<std::size_t>(off) > factors.size();
}

}  // namespace

Rescaling rescaling(std::span<const float> weight, std::span<const float> changed, const Shape& shape) {
  constexpr double kLeast = 0.003;  // of the power, that one factor misses
  constexpr double kExplained = 4;  // times less is missed by factors of channels
  if (shape.size() < 2 || weight.empty()) return {};
  double power = 0;
  for (const float x : changed) power += static_cast<double>(x) * static_cast<double>(x);
  const double before = noise_of_one(weight, changed);
  if (before <= kLeast * power) return {};
  const Factors factors(weight, changed, shape);
  if (kExplained * factors.noise() >= before) return {};
  return {differ(factors.rows()), differ(factors.columns())};
}

}  // namespace bw
