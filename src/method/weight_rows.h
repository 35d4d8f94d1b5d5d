// A layer's weight as rows, one an output, beside how each of its columns is coded: what methods that choose codes
// themselves work on, whichever way the file has it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "plan/scheme.h"

namespace bw {

struct WeightRows {
  std::size_t outputs = 0, columns = 0, blocks = 0;  // blocks: of a row
  std::vector<float> weights;                        // [outputs, columns]; a convolution's as patches lie (patches.h)
  std::vector<std::uint32_t> block_of;               // by column
  std::vector<float> scales, zero_points;            // [outputs, blocks]

  float& weight(std::size_t output, std::size_t column) { return weights[output * columns + column]; }
  float weight(std::size_t output, std::size_t column) const { return weights[output * columns + column]; }
  std::size_t parameter(std::size_t output, std::size_t column) const { return output * blocks + block_of[column]; }

  // Some of the outputs, and their scales and zero points back.
  WeightRows some(std::size_t first, std::size_t count) const;
  void put(std::size_t first, const WeightRows& some);
};

// `by_output`: whether the rows of the weight as it is stored are outputs. Nothing where no scale belongs to one row
// alone, or to all rows.
std::optional<WeightRows> weight_rows(const Tensor& weight, bool by_output, const QParams& params);

// The rows' scales and zero points as the scheme of `params` has them. One for the whole tensor stays as it is.
void set_parameters(const WeightRows& rows, bool by_output, QParams& params);
// Codes [outputs, columns] as a tensor of the weight's shape.
Tensor stored_codes(const std::vector<float>& codes, const Shape& shape, bool by_output, DType code);

}  // namespace bw
