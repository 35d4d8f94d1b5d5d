#include "method/clusters.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>

namespace bw {
namespace {

// Different numbers, ascending, and what they weigh.
struct Points {
  std::vector<double> numbers, weights;
  std::size_t size() const { return numbers.size(); }
};

Points points_of(std::span<const float> numbers, std::span<const float> weights) {
  std::vector<std::uint32_t> order(numbers.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::uint32_t i) { return std::pair(numbers[i], i); });
  Points points;
  for (const std::uint32_t i : order) {
    const double weight = weights.empty() ? 1 : static_cast<double>(weights[i]);
    if (weight <= 0) continue;
    if (points.size() == 0 || points.numbers.back() != static_cast<double>(numbers[i])) {
      points.numbers.push_back(static_cast<double>(numbers[i]));
      points.weights.push_back(0);
    }
    points.weights.back() += weight;
  }
  return points;
}

// Numbers of one cell as their mean.
Points in_cells(const Points& points, std::size_t cells) {
  const double low = points.numbers.front(), width = (points.numbers.back() - low) / static_cast<double>(cells);
  Points merged;
  std::size_t last = cells;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto cell = std::min(static_cast<std::size_t>((points.numbers[i] - low) / width), cells - 1);
    if (cell != last) merged.numbers.push_back(0), merged.weights.push_back(0);
    last = cell;
    const double weight = merged.weights.back() + points.weights[i];
    merged.numbers.back() += (points.numbers[i] - merged.numbers.back()) * points.weights[i] / weight;
    merged.weights.back() = weight;
  }
  return merged;
}

class Division {
 public:
  explicit Division(const Points& points) : size_(points.size()), weights_(1), sums_(1), squares_(1) {
    const double middle = points.numbers[size_ / 2];  // so that sums of squares stay small
    for (std::size_t i = 0; i < size_; ++i) {
      const double x = points.numbers[i] - middle, w = points.weights[i];
      weights_.push_back(weights_.back() + w);
      sums_.push_back(sums_.back() + w * x);
      squares_.push_back(squares_.back() + w * x * x);
    }
    middle_ = middle;
  }

  std::vector<float> centers(std::size_t most) {
    const std::size_t count = std::min(most, size_);
    firsts_.assign(count, std::vector<std::uint32_t>(size_ + 1));
    before_.assign(size_ + 1, std::numeric_limits<double>::infinity());
    before_[0] = 0;
    for (std::size_t cluster = 0; cluster < count; ++cluster) {
      now_.assign(size_ + 1, std::numeric_limits<double>::infinity());
      extend(firsts_[cluster], cluster + 1, size_, cluster, size_ - 1);
      before_.swap(now_);
    }
    std::vector<float> found;
    for (std::size_t cluster = count, end = size_; cluster-- > 0;) {
      const std::size_t first = firsts_[cluster][end];
      found.push_back(static_cast<float>(middle_ + (sums_[end] - sums_[first]) / (weights_[end] - weights_[first])));
      end = first;
    }
    std::ranges::reverse(found);
    return found;
  }

 private:
  double cost(std::size_t first, std::size_t end) const {
    const double sum = sums_[end] - sums_[first];
    return std::max(0.0, squares_[end] - squares_[first] - sum * sum / (weights_[end] - weights_[first]));
  }

  // For ends from low to high, where the last cluster best begins: not before it does for a lower end.
  void extend(std::vector<std::uint32_t>& firsts, std::size_t low, std::size_t high, std::size_t least,
              std::size_t most) {
    if (low > high) return;
    const std::size_t end = (low + high) / 2;
    std::size_t best = least;
    double lowest = std::numeric_limits<double>::infinity();
    for (std::size_t first = least; first <= std::min(most, end - 1); ++first)
      if (const double all = before_[first] + cost(first, end); all < lowest) {
        lowest = all;
        best = first;
      }
    now_[end] = lowest;
    firsts[end] = static_cast<std::uint32_t>(best);
    extend(firsts, low, end - 1, least, best);
    extend(firsts, end + 1, high, best, most);
  }

  std::size_t size_;
  std::vector<double> weights_, sums_, squares_;  // of all points before
  double middle_ = 0;
  std::vector<double> before_, now_;                // least costs by end, with one cluster less and with all so far
  std::vector<std::vector<std::uint32_t>> firsts_;  // by clusters less one and end: where the last one begins
};

}  // namespace

std::vector<float> cluster_centers(std::span<const float> numbers, std::span<const float> weights, std::size_t most) {
  Points points = points_of(numbers, weights);
  if (points.size() == 0) points = points_of(numbers, {});
  if (points.size() == 0) return {};
  if (const std::size_t cells = kMostCells / most; points.size() > cells) points = in_cells(points, cells);
  return Division(points).centers(most);
}

}  // namespace bw
