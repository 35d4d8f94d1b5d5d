// The operator table by family: each file of this folder holds the rows of one.
#pragma once

#include <span>

#include "graph/ops/op.h"

namespace bw {

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

}  // namespace bw
