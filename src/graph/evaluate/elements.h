// Elements of tensors for plain loops: numbers as double or int64, and selections that work for every element type.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/convert.h"
#include "tensor/tensor.h"

namespace bw {

// A tensor of `dtype`: doubles are rounded once (to even), integers keep their low bits.
Tensor tensor_of(const std::vector<double>& values, Shape shape, DType dtype);
Tensor tensor_of(const std::vector<std::int64_t>& values, Shape shape, DType dtype);

// The element that `indices[i]` names of the flat source, for each i; -1: the element of `fill` (zero or "" if
// undefined).
Tensor take(const Tensor& source, Shape shape, std::span<const std::int64_t> indices, const Tensor& fill = {});
// All elements of tensors of one type, one after the other, as a flat tensor.
Tensor join(std::span<const Tensor> parts);

Shape strides_of(const Shape& shape);  // in elements, row-major

// Flat source indices of a result in which axis k goes through positions[k], each worth strides[k]. A position of -1
// makes the index -1.
std::vector<std::int64_t> grid(const std::vector<std::vector<std::int64_t>>& positions, const Shape& strides);
std::vector<std::int64_t> positions_from(std::int64_t start, std::int64_t step, std::int64_t count);
std::vector<std::vector<std::int64_t>> all_positions(const Shape& shape);

// The common shape by NumPy's rule; Error(semantic) when there is none.
Shape broadcast(const Shape& a, const Shape& b);
// For each element of `to`, the flat index of the element of `from` that stands there. Error(semantic) when `from` does
// not broadcast to `to`.
std::vector<std::int64_t> broadcast_indices(const Shape& from, const Shape& to);

// A shape seen as [outer, axis, inner] around an axis.
struct AxisView {
  std::size_t outer = 1, extent = 1, inner = 1;
  AxisView(const Shape& shape, std::size_t axis);
  std::size_t at(std::size_t o, std::size_t k, std::size_t i) const { return (o * extent + k) * inner + i; }
};

}  // namespace bw
