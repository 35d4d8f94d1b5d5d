// Goes through the layers whose weights a plan codes, for methods that choose the codes of a weight from the Gram
// matrix of what it is multiplied with on calibration samples.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "method/coded_layers.h"
#include "method/method.h"

namespace bw {

inline constexpr Parameter kRoundedInputs{
    .name = "inputs",
    .type = Parameter::Type::Choice,
    .standard = "float",
    .says = "what a layer reads: what the float network gives, or the one whose layers before it are rounded already",
    .choices = "float|coded"};

// Outputs of a layer that read the same columns: all, or those of one group of a convolution.
struct RoundingRows {
  NodeId layer;
  WeightRows& rows;  // scales and zero points may be changed where they are free
  bool has_free_scales;
  std::span<const double> gram;  // [columns, columns]
  const Scheme& scheme;
};
using RowsRounder = std::function<std::vector<float>(const RoundingRows&)>;  // codes [outputs, columns]

// Puts the codes that `rounder` gives into the plan, layer by layer in the graph's order, and says how many layers
// there were. `name`: of the method, which needs data. CalibrationError when there is none; Error(Interrupted).
std::size_t round_layers(const Task& task, std::string_view name, bool coded_inputs, const RowsRounder& rounder,
                         Plan& plan);

}  // namespace bw
