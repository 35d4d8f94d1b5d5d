// Operators that ONNX Runtime has beside ONNX's own: which there are and how many inputs and outputs they take.
#pragma once

#include <string_view>

namespace bw::onnx {

struct ContribOp {
  std::string_view name;
  int min_inputs, max_inputs;  // max -1: any number
  int min_outputs, max_outputs;
};

const ContribOp* find_contrib(std::string_view name, std::string_view domain);

}  // namespace bw::onnx
