// Layers by themselves, as oracles left them: weights with the scales of their blocks, and what they read.
#pragma once

#include "method/block_fit.h"
#include "method/golden.h"
#include "method/weight_rows.h"

namespace bw::test {

struct Layer {
  WeightRows rows;
  std::vector<double> gram;
  Scheme scheme;
};

inline std::vector<float> flat(const Json& matrix) {
  std::vector<float> all;
  for (const Json& row : matrix)
    for (const Json& number : row) all.push_back(number.get<float>());
  return all;
}

inline Layer layer_of(const Json& one, std::size_t block) {
  Layer layer;
  layer.rows.outputs = one.at("weights").size();
  layer.rows.weights = flat(one.at("weights"));
  layer.rows.columns = layer.rows.weights.size() / layer.rows.outputs;
  layer.rows.blocks = layer.rows.columns / block;
  for (std::size_t c = 0; c < layer.rows.columns; ++c)
    layer.rows.block_of.push_back(static_cast<std::uint32_t>(c / block));
  layer.rows.scales = flat(one.at("scales"));
  layer.rows.zero_points = flat(one.at("zero_points"));
  for (const Json& row : one.at("gram"))
    for (const Json& number : row) layer.gram.push_back(number.get<double>());
  layer.scheme = {.code = DType::UInt4, .granularity = Granularity::Block, .symmetric = false};
  if (const int bits = one.at("bits"); bits != 4) layer.scheme.bits = bits;
  return layer;
}

// What the layer's outputs lose, over all rows that the Gram matrix is of.
inline double error_of(const WeightRows& rows, const std::vector<float>& codes, const std::vector<double>& gram) {
  double error = 0;
  for (std::size_t o = 0; o < rows.outputs; ++o) {
    std::vector<double> off;
    for (std::size_t c = 0; c < rows.columns; ++c) {
      const std::size_t p = rows.parameter(o, c);
      off.push_back(static_cast<double>(rows.weight(o, c)) -
                    static_cast<double>(number_of(codes[o * rows.columns + c], {rows.scales[p], rows.zero_points[p]})));
    }
    for (std::size_t i = 0; i < rows.columns; ++i)
      for (std::size_t j = 0; j < rows.columns; ++j) error += off[i] * off[j] * gram[i * rows.columns + j];
  }
  return error;
}

}  // namespace bw::test
