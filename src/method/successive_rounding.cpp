#include "method/successive_rounding.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/parallel.h"
#include "method/block_fit.h"
#include "tensor/kernels/cholesky.h"
#include "tensor/kernels/combine.h"

namespace bw {
namespace {

constexpr double kMostDamping = 1;

using Lanes = std::array<float, kCombined>;  // a number of each of the outputs that are rounded side by side

// Columns by their place in the matrices below, where the last one is rounded first.
std::vector<std::uint32_t> places_of(std::size_t columns, std::span<const double> gram, bool by_activity) {
  std::vector<std::uint32_t> column_at(columns);
  std::iota(column_at.rbegin(), column_at.rend(), 0U);
  if (by_activity)
    std::ranges::stable_sort(column_at, {}, [&](std::uint32_t column) { return gram[column * columns + column]; });
  return column_at;
}

// The factor of a Gram matrix with its columns in places, each row divided by what stands on the diagonal.
struct Factor {
  std::vector<float> rows;       // [columns, columns]
  std::vector<float> diagonals;  // squares of what the rows were divided by: what an error costs there
  double damping = 0;            // 0: there is none
};

Factor factor_of(std::span<const double> gram, const std::vector<std::uint32_t>& column_at, double damping) {
  const std::size_t n = column_at.size();
  double mean = 0;
  for (std::size_t i = 0; i < n; ++i) mean += gram[i * n + i] / static_cast<double>(n);
  for (double share = damping; share <= kMostDamping; share *= 10) {
    std::vector<double> upper(n * n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = i; j < n; ++j)
        upper[i * n + j] = gram[static_cast<std::size_t>(column_at[i]) * n + column_at[j]];
    for (std::size_t i = 0; i < n; ++i) {
      double& pivot = upper[i * n + i];
      if (pivot == 0) pivot = 1;  // never anything but zero comes in there
      pivot += share * mean;
    }
    if (cholesky(upper, n)) continue;
    Factor factor{std::vector<float>(n * n), std::vector<float>(n), share};
    for (std::size_t i = 0; i < n; ++i) {
      factor.diagonals[i] = static_cast<float>(upper[i * n + i] * upper[i * n + i]);
      for (std::size_t j = i; j < n; ++j)
        factor.rows[i * n + j] = static_cast<float>(upper[i * n + j] / upper[i * n + i]);
    }
    return factor;
  }
  return {};
}

// Some outputs, side by side.
class Strip {
 public:
  Strip(WeightRows& rows, const BlockCodes& codes, const Factor& factor, const std::vector<std::uint32_t>& column_at,
        std::size_t first, std::vector<float>& out)
      : rows_(rows),
        codes_(codes),
        factor_(factor),
        column_at_(column_at),
        first_(first),
        count_(std::min(kCombined, rows.outputs - first)),
        changed_(column_at.size()),
        out_(out) {}

  // `lengths`: of the runs of places whose columns are all of one block; empty: scales are there already.
  void run(const std::vector<std::size_t>& lengths) {
    std::size_t end = column_at_.size();
    if (lengths.empty())
      while (end > 0) round(--end);
    for (const std::size_t length : lengths) {
      fit(end - length, end);
      for (std::size_t i = 0; i < length; ++i) round(--end);
    }
  }

 private:
  // What is wanted at a place once it makes up for what was changed at those from `end` on.
  void add_made_up(std::size_t place, std::size_t end, const std::vector<Lanes>& changed, Lanes& wanted) const {
    const std::size_t n = column_at_.size();
    Lanes sums;
    combine(std::span(factor_.rows).subspan(place * n + end, n - end), changed.data()->data() + end * kCombined, sums);
    for (std::size_t lane = 0; lane < kCombined; ++lane) wanted[lane] += sums[lane];
  }

  Lanes weights_at(std::size_t place) const {
    Lanes weights{};
    for (std::size_t lane = 0; lane < count_; ++lane) weights[lane] = rows_.weight(first_ + lane, column_at_[place]);
    return weights;
  }

  void round(std::size_t place) {
    Lanes wanted = weights_at(place);
    const Lanes weights = wanted;
    add_made_up(place, place + 1, changed_, wanted);
    const std::size_t column = column_at_[place];
    for (std::size_t lane = 0; lane < count_; ++lane) {
      const std::size_t parameter = rows_.parameter(first_ + lane, column);
      const BlockScale block{rows_.scales[parameter], rows_.zero_points[parameter]};
      const float code = nearest_code(wanted[lane], block, codes_);
      out_[(first_ + lane) * rows_.columns + column] = code;
      changed_[place][lane] = weights[lane] - number_of(code, block);
    }
  }

  // The scales of a block from what is wanted in it if its columns made up for those before with no rounding at all.
  void fit(std::size_t begin, std::size_t end) {
    std::vector<Lanes> changed = changed_, wanted(end - begin);
    for (std::size_t place = end; place-- > begin;) {
      Lanes exact = weights_at(place);
      add_made_up(place, place + 1, changed, exact);
      wanted[place - begin] = exact;
      for (std::size_t lane = 0; lane < count_; ++lane)
        changed[place][lane] = rows_.weight(first_ + lane, column_at_[place]) - exact[lane];
    }
    std::vector<float> values(end - begin);
    const std::span<const float> importance = std::span(factor_.diagonals).subspan(begin, end - begin);
    for (std::size_t lane = 0; lane < count_; ++lane) {
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = wanted[i][lane];
      const BlockScale block = closest_scale(values, importance, codes_);
      const std::size_t parameter = rows_.parameter(first_ + lane, column_at_[begin]);
      rows_.scales[parameter] = block.scale;
      rows_.zero_points[parameter] = block.zero_point;
    }
  }

  WeightRows& rows_;
  const BlockCodes& codes_;
  const Factor& factor_;
  const std::vector<std::uint32_t>& column_at_;
  const std::size_t first_, count_;
  std::vector<Lanes> changed_;  // by place
  std::vector<float>& out_;
};

// Places from the last on, as runs of one block each; empty when a block has more than one run.
std::vector<std::size_t> runs_of_blocks(const WeightRows& rows, const std::vector<std::uint32_t>& column_at) {
  std::vector<std::size_t> lengths;
  for (std::size_t place = column_at.size(); place-- > 0;) {
    const bool continues =
        place + 1 < column_at.size() && rows.block_of[column_at[place]] == rows.block_of[column_at[place + 1]];
    if (!continues) lengths.push_back(0);
    ++lengths.back();
  }
  return lengths.size() == rows.blocks ? lengths : std::vector<std::size_t>{};
}

std::vector<float> nearest_codes(const WeightRows& rows, const BlockCodes& codes) {
  std::vector<float> out(rows.weights.size());
  for (std::size_t output = 0; output < rows.outputs; ++output)
    for (std::size_t column = 0; column < rows.columns; ++column) {
      const std::size_t parameter = rows.parameter(output, column);
      out[output * rows.columns + column] =
          nearest_code(rows.weight(output, column), {rows.scales[parameter], rows.zero_points[parameter]}, codes);
    }
  return out;
}

}  // namespace

SuccessiveRounding round_successively(WeightRows& rows, std::span<const double> gram, const Scheme& scheme,
                                      const SuccessiveOptions& options) {
  const BlockCodes codes(scheme);
  const std::vector<std::uint32_t> column_at = places_of(rows.columns, gram, options.by_activity);
  const Factor factor = factor_of(gram, column_at, options.damping);
  if (factor.damping == 0) return {nearest_codes(rows, codes), 0};
  const std::vector<std::size_t> runs =
      options.fits_blocks ? runs_of_blocks(rows, column_at) : std::vector<std::size_t>{};
  SuccessiveRounding rounding{std::vector<float>(rows.weights.size()), factor.damping};
  parallel_for((rows.outputs + kCombined - 1) / kCombined, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t strip = begin; strip < end; ++strip)
      Strip(rows, codes, factor, column_at, strip * kCombined, rounding.codes).run(runs);
  });
  return rounding;
}

}  // namespace bw
