#include "method/layer_rows.h"

#include <algorithm>

#include "graph/ops/product.h"
#include "tensor/kernels/product.h"
#include "tensor/transposed.h"

namespace bw {

std::vector<float> coded(std::span<const float> values, const QParams& params) {
  const Shape shape{static_cast<std::int64_t>(values.size())};
  const Tensor numbers = dequantize(quantize(Tensor::of<float>(shape, values), params), params);
  const std::span<const float> data = numbers.data<float>();
  return {data.begin(), data.end()};
}

LayerRows::LayerRows(const Graph& graph, const Node& layer, const Patches& patches, const ReservoirStatistic& kept,
                     std::size_t most)
    : weight_(graph.value(layer.input(1)).initializer),
      groups_(patches.groups),
      columns_(patches.columns),
      outputs_(weight_.size() / columns_ / groups_) {
  const auto matrix = plain_product(layer);
  by_output_ = !matrix || matrix->transposed;
  const auto rows = std::span(kept.rows()).first(std::min(most, kept.rows().size()));
  rows_ = rows.size();
  x_.resize(groups_ * rows_ * columns_);
  for (std::size_t g = 0; g < groups_; ++g)
    for (std::size_t r = 0; r < rows_; ++r)
      std::copy_n(rows[r].values.begin() + static_cast<std::ptrdiff_t>(g * columns_), columns_,
                  x_.begin() + static_cast<std::ptrdiff_t>((g * rows_ + r) * columns_));
  wanted_ = product(x_, as_factor(weight_));
  for (const float y : wanted_) power_ += static_cast<double>(y) * static_cast<double>(y);
}

std::vector<float> LayerRows::as_factor(const Tensor& weight) const {
  const std::span<const float> stored = weight.data<float>();
  return by_output_ ? transposed(stored, outputs_, columns_) : std::vector<float>(stored.begin(), stored.end());
}

std::vector<double> LayerRows::errors(std::span<const float> x, std::span<const float> factor) const {
  const std::vector<float> met = product(x, factor);
  std::vector<double> errors(outputs(), 0);
  for (std::size_t i = 0; i < met.size(); ++i) {
    const double off = static_cast<double>(met[i]) - static_cast<double>(wanted_[i]);
    errors[i / (rows_ * outputs_) * outputs_ + i % outputs_] += off * off;
  }
  return errors;
}

std::vector<float> LayerRows::product(std::span<const float> x, std::span<const float> factor) const {
  std::vector<float> out(groups_ * rows_ * outputs_);
  for (std::size_t g = 0; g < groups_; ++g)
    multiply(x.subspan(g * rows_ * columns_, rows_ * columns_),
             factor.subspan(g * columns_ * outputs_, columns_ * outputs_), rows_, columns_, outputs_,
             std::span(out).subspan(g * rows_ * outputs_, rows_ * outputs_));
  return out;
}

}  // namespace bw
