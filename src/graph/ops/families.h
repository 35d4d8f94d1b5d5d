// The operator table by family: each file of this folder holds the rows of one.
#pragma once

#include <span>

#include "graph/couple/rules.h"
#include "graph/infer/rules.h"
#include "graph/ops/op.h"

namespace bw {

inline constexpr std::string_view kMicrosoft = "com.microsoft", kClassical = "ai.onnx.ml", kPreview = "ai.onnx.preview",
                                  kTraining = "ai.onnx.preview.training";

std::span<const OpInfo> elementwise_ops();
std::span<const OpInfo> linear_ops();
std::span<const OpInfo> pooling_ops();
std::span<const OpInfo> reduction_ops();
std::span<const OpInfo> normalization_ops();
std::span<const OpInfo> moving_ops();
std::span<const OpInfo> recurrent_ops();
std::span<const OpInfo> attention_ops();
std::span<const OpInfo> quantization_ops();
std::span<const OpInfo> signal_ops();
std::span<const OpInfo> container_ops();
std::span<const OpInfo> classical_ops();
std::span<const OpInfo> runtime_ops();

}  // namespace bw
