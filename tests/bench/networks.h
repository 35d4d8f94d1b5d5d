// Small networks with random weights, as text, for tests of methods and lowering.
#pragma once

#include <fmt/format.h>

#include <string>

#include "base/random.h"
#include "graph/text.h"
#include "model/model.h"

namespace bw::test {

inline std::string constant(const std::string& name, const Shape& shape, std::uint64_t seed, double spread = 0.5) {
  Random random(seed);
  std::string numbers, dims;
  for (const std::int64_t dim : shape) dims += fmt::format("{}{}", dims.empty() ? "" : ",", dim);
  for (std::uint64_t i = 0; i < element_count(shape); ++i)
    numbers += fmt::format("{}{}", numbers.empty() ? "" : ", ", static_cast<float>(random.normal() * spread));
  return fmt::format("  const %{0}: float32[{1}] = float32[{1}] {{{2}}}\n", name, dims, numbers);
}

// Two convolutions with a residual between, pooling and a linear head.
inline Graph cnn() {
  return prepared(parse_graph("ir_version 8\nopset \"\" 17\ngraph \"cnn\" {\n  input %x: float32[N,4,8,8]\n" +
                              constant("w1", {8, 4, 3, 3}, 1) + constant("b1", {8}, 2) +
                              constant("w2", {8, 8, 3, 3}, 3, 0.2) + constant("b2", {8}, 4) +
                              constant("w3", {8, 5}, 5) + constant("b3", {5}, 6) + R"(
  %c1: float32[N,8,8,8] = Conv(%x, %w1, %b1) {pads = ints [1, 1, 1, 1]} @ "c1"
  %r1: float32[N,8,8,8] = Relu(%c1) @ "r1"
  %c2: float32[N,8,8,8] = Conv(%r1, %w2, %b2) {pads = ints [1, 1, 1, 1]} @ "c2"
  %a: float32[N,8,8,8] = Add(%c2, %r1) @ "a"
  %r2: float32[N,8,8,8] = Relu(%a) @ "r2"
  %p: float32[N,8,1,1] = GlobalAveragePool(%r2) @ "p"
  %f: float32[N,8] = Flatten(%p) @ "f"
  %y: float32[N,5] = Gemm(%f, %w3, %b3) @ "y"
  output %y: float32[N,5]
}
)"));
}

// Products with added biases in three dimensions, normalization between, as transformers have them.
inline Graph mixer() {
  return prepared(parse_graph("ir_version 8\nopset \"\" 17\ngraph \"mixer\" {\n  input %ids: int64[N,S]\n" +
                              constant("table", {300, 32}, 1) + constant("gain", {32}, 2) + constant("shift", {32}, 3) +
                              constant("w1", {32, 64}, 4) + constant("b1", {64}, 5) + constant("w2", {64, 32}, 6) +
                              constant("b2", {32}, 7) + R"(
  %e: float32[N,S,32] = Gather(%table, %ids) @ "e"
  %n: float32[N,S,32] = LayerNormalization(%e, %gain, %shift) @ "n"
  %m1: float32[N,S,64] = MatMul(%n, %w1) @ "m1"
  %h1: float32[N,S,64] = Add(%m1, %b1) @ "h1"
  %t: float32[N,S,64] = Tanh(%h1) @ "t"
  %m2: float32[N,S,32] = MatMul(%t, %w2) @ "m2"
  %h2: float32[N,S,32] = Add(%b2, %m2) @ "h2"
  %y: float32[N,S,32] = Add(%h2, %e) @ "y"
  output %y: float32[N,S,32]
}
)"));
}

}  // namespace bw::test
