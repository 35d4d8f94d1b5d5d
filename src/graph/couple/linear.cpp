// Products and convolutions: which axis of a weight makes output channels, and which is summed over.
#include "graph/couple/rules.h"

namespace bw::couple {

namespace {

int rank(const std::vector<Dim>& shape) {
  return static_cast<int>(shape.size());
}

// Axes of the operands of a product: the one that is summed over, and the one that the result keeps.
struct Factor {
  int input;
  bool turned = false;
};

void product(Operands& at, Factor a, Factor b) {
  const auto *left = at.input(a.input), *right = at.input(b.input), *y = at.output(0);
  if (!left || !right || !y || left->empty() || right->empty()) return;
  const bool row = left->size() == 1, column = right->size() == 1;
  const int left_sum = row ? 0 : a.turned ? -2 : -1, right_sum = column ? 0 : b.turned ? -1 : -2;
  at.tie(Tie::Summed, in(b.input, right_sum), in(a.input, left_sum));
  if (!column) at.tie(Tie::Each, in(b.input, b.turned ? -2 : -1), out(0, -1));
  if (!row) at.tie(Tie::Each, in(a.input, a.turned ? -1 : -2), out(0, column ? -1 : -2));
  // Stacks of matrices are aligned at their ends.
  const int stacked = rank(*y) - (row ? 0 : 1) - (column ? 0 : 1);
  for (const auto& [input, shape] : {std::pair(a.input, left), std::pair(b.input, right)})
    for (int i = 0; i < rank(*shape) - 2; ++i) {
      const int to = stacked - (rank(*shape) - 2) + i;
      if (to >= 0 && (*shape)[static_cast<std::size_t>(i)] == (*y)[static_cast<std::size_t>(to)])
        at.tie(Tie::Each, in(input, i), out(0, to));
    }
}

// A vector with one entry an output channel: a bias, a scale, a zero point.
void per_channel(Operands& at, int input, int output_axis) {
  const auto* shape = at.input(input);
  if (shape && shape->size() == 1) at.tie(Tie::Each, in(input, 0), out(0, output_axis));
}

// Weights are [out, in / group, kernel...].
void convolution(Operands& at, int x, int w, std::initializer_list<int> vectors) {
  const std::int64_t groups = at.attribute("group");
  at.tie(Tie::Each, in(x, 0), out(0, 0));
  at.tie(Tie::Each, in(w, 0), out(0, 1));
  at.tie(Tie::Summed, in(w, 1), in(x, 1), groups);
  at.tie_groups(in(x, 1), out(0, 1), groups);
  for (const int vector : vectors) per_channel(at, vector, 1);
}

}  // namespace

void matmul(Operands& at) {
  product(at, {0}, {1});
}

void matmul_integer(Operands& at) {
  product(at, {0}, {1});
  per_channel(at, 3, -1);
}

// Inputs: A, its scale and zero point, B, its scale and zero point.
void qlinear_matmul(Operands& at) {
  product(at, {0}, {3});
  for (const int vector : {4, 5}) per_channel(at, vector, -1);
}

// Inputs: A, B, scale and zero point of B, bias. A is coded by the range of all of it, so that every part of the result
// depends on every part of A.
void dynamic_quantize_matmul(Operands& at) {
  if (const auto* a = at.input(0))
    for (int i = 0; i + 1 < rank(*a); ++i) at.tie(Tie::Mixed, in(0, i), out(0, i));
  at.tie(Tie::Each, in(1, -1), out(0, -1));
  for (const int vector : {2, 3, 4}) per_channel(at, vector, -1);
}

// Inputs: A, B, scales of A and B, zero points of A and B, bias.
void matmul_integer_to_float(Operands& at) {
  product(at, {0}, {1});
  for (const int vector : {3, 5, 6}) per_channel(at, vector, -1);
}

void fused_matmul(Operands& at) {
  if (at.attribute("transBatchA") != 0 || at.attribute("transBatchB") != 0) return;
  product(at, {0, at.attribute("transA") != 0}, {1, at.attribute("transB") != 0});
}

void gemm(Operands& at) {
  product(at, {0, at.attribute("transA") != 0}, {1, at.attribute("transB") != 0});
  at.tie_aligned(2);
}

// B is [N, blocks, bytes]: row n makes output channel n, block k is summed with block_size entries of x. Scales are
// [N * blocks] or [N, blocks].
void matmul_nbits(Operands& at) {
  if (const auto* x = at.input(0))
    for (int i = 0; i + 1 < rank(*x); ++i) at.tie(Tie::Each, in(0, i), out(0, i));
  at.tie(Tie::Each, in(1, 0), out(0, -1));
  at.tie(Tie::Summed, in(1, 1), in(0, -1), 1, at.attribute("block_size"));
  if (const auto* scales = at.input(2)) {
    const std::int64_t blocks = at.extent(in(1, 1));
    at.tie(Tie::Each, out(0, -1), in(2, 0), 1, scales->size() == 1 ? blocks : 1);
  }
  per_channel(at, 5, -1);
}

void conv(Operands& at) {
  convolution(at, 0, 1, {2});
}

// Input 3 is added to the result.
void fused_conv(Operands& at) {
  convolution(at, 0, 1, {2});
  at.tie_aligned(3);
}

void conv_integer(Operands& at) {
  convolution(at, 0, 1, {3});
}

// Inputs: x, its scale and zero point, w, its scale and zero point, scale and zero point of the result, bias.
void qlinear_conv(Operands& at) {
  convolution(at, 0, 3, {4, 5, 8});
}

// Weights are [in, out / group, kernel...].
void conv_transpose(Operands& at) {
  const std::int64_t groups = at.attribute("group");
  at.tie(Tie::Each, in(0, 0), out(0, 0));
  at.tie(Tie::Each, in(1, 1), out(0, 1), groups);
  at.tie(Tie::Summed, in(1, 0), in(0, 1));
  at.tie_groups(in(0, 1), out(0, 1), groups);
  per_channel(at, 2, 1);
}

}  // namespace bw::couple
