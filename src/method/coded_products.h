// What methods share that code the weights of products in whole blocks of an output's inputs.
#pragma once

#include <functional>
#include <span>

#include "graph/ops/product.h"
#include "method/method.h"
#include "method/placement.h"

namespace bw {

float largest_magnitude(std::span<const float> values);  // 0 of none

// Codes the weight of every product that the target can store so, and says of the others why they stay in float.
// Error(Quantization) for weights that are not finite.
using ProductCoder = std::function<QParams(const Tensor& weight, const Product& product)>;
void code_products(const Task& task, const KeepFloat& keep, std::size_t block, const ProductCoder& coder, Plan& plan);

}  // namespace bw
