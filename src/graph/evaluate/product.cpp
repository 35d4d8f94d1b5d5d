#include "graph/evaluate/product.h"

#include <algorithm>

#include "graph/evaluate/elements.h"
#include "tensor/transposed.h"

namespace bw {

Matrix multiply(const Call& call, const Matrix& a, const Matrix& b) {
  call.require(!a.shape.empty() && !b.shape.empty(), "a scalar cannot be multiplied as a matrix");
  Shape a_shape = a.shape, b_shape = b.shape;
  if (a_shape.size() == 1) a_shape.insert(a_shape.begin(), 1);
  if (b_shape.size() == 1) b_shape.push_back(1);
  const std::int64_t rows = a_shape[a_shape.size() - 2], inner = a_shape.back(), columns = b_shape.back();
  if (b_shape[b_shape.size() - 2] != inner)
    call.fail("shapes " + to_string(a.shape) + " and " + to_string(b.shape) + " do not multiply");
  const Shape a_batch(a_shape.begin(), a_shape.end() - 2), b_batch(b_shape.begin(), b_shape.end() - 2);
  const Shape batch = broadcast(a_batch, b_batch);
  const std::vector<std::int64_t> from_a = broadcast_indices(a_batch, batch),
                                  from_b = broadcast_indices(b_batch, batch);
  Matrix result;
  result.shape = batch;
  if (a.shape.size() > 1) result.shape.push_back(rows);
  if (b.shape.size() > 1) result.shape.push_back(columns);
  result.values.assign(call.result_size(result.shape), 0);
  double* out = result.values.data();
  for (std::size_t m = 0; m < from_a.size(); ++m, out += rows * columns)
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t k = 0; k < inner; ++k) {
        const double x = a.values[static_cast<std::size_t>((from_a[m] * rows + i) * inner + k)];
        const double* row = b.values.data() + (from_b[m] * inner + k) * columns;
        for (std::int64_t j = 0; j < columns; ++j) out[i * columns + j] += x * row[j];
      }
  return result;
}

namespace {

Matrix matrix(const Tensor& tensor) {
  return {to_doubles(tensor), tensor.shape()};
}

Matrix transposed(const Call& call, const Tensor& tensor) {
  call.require(tensor.rank() == 2, "a matrix is needed");
  const std::int64_t rows = tensor.shape()[0], columns = tensor.shape()[1];
  return {bw::transposed(std::span<const double>(to_doubles(tensor)), static_cast<std::size_t>(rows),
                         static_cast<std::size_t>(columns)),
          {columns, rows}};
}

Outputs matmul(const Call& call) {
  const Matrix y = multiply(call, matrix(call.input(0)), matrix(call.input(1)));
  return {tensor_of(y.values, y.shape, call.input(0).dtype())};
}

// alpha * op(A) * op(B) + beta * C
Outputs gemm(const Call& call) {
  const Tensor &a = call.input(0), &b = call.input(1);
  call.require(a.rank() == 2 && b.rank() == 2, "A and B must be matrices");
  const double alpha = call.float_of("alpha"), beta = call.float_of("beta");
  Matrix y = multiply(call, call.int_of("transA") ? transposed(call, a) : matrix(a),
                      call.int_of("transB") ? transposed(call, b) : matrix(b));
  for (double& value : y.values) value *= alpha;
  if (call.has(2)) {
    const std::vector<double> c = to_doubles(call.input(2));
    const std::vector<std::int64_t> from = broadcast_indices(call.input(2).shape(), y.shape);
    for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] += beta * c[static_cast<std::size_t>(from[i])];
  }
  return {tensor_of(y.values, y.shape, a.dtype())};
}

// An equation "ij,jk->ik" as one row of labels an operand; an ellipsis becomes the labels '0', '1', ... from the right.
struct Equation {
  std::vector<std::string> operands;
  std::string result;
};

std::string with_ellipsis(const Call& call, const std::string& term, std::size_t rank) {
  const std::size_t dots = term.find("...");
  if (dots == std::string::npos) return term;
  call.require(rank + 3 >= term.size() && rank + 3 - term.size() <= 10, "an operand does not fit the equation");
  std::string labels;
  for (std::size_t i = rank + 3 - term.size(); i-- > 0;) labels += static_cast<char>('0' + i);
  return term.substr(0, dots) + labels + term.substr(dots + 3);
}

Equation parse_equation(const Call& call) {
  std::string text = call.string_of("equation");
  std::erase(text, ' ');
  const std::size_t arrow = text.find("->");
  std::string left = text.substr(0, arrow);
  Equation equation;
  std::size_t dots = 0;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    const std::size_t comma = left.find(',');
    call.require((comma == std::string::npos) == (i + 1 == call.inputs.size()),
                 "the equation has another number of operands");
    const std::string term = left.substr(0, comma);
    equation.operands.push_back(with_ellipsis(call, term, call.input(i).rank()));
    call.require(equation.operands.back().size() == call.input(i).rank(), "an operand does not fit the equation");
    if (term.find("...") != std::string::npos) dots = std::max(dots, call.input(i).rank() + 3 - term.size());
    left = comma == std::string::npos ? "" : left.substr(comma + 1);
  }
  if (arrow != std::string::npos) {
    std::string term = text.substr(arrow + 2);
    std::size_t plain = term.size() - (term.find("...") != std::string::npos ? 3 : 0);
    equation.result = with_ellipsis(call, term, plain + dots);
    return equation;
  }
  // Without an arrow: the ellipsis, then the labels that appear once, in alphabetical order.
  for (std::size_t i = dots; i-- > 0;) equation.result += static_cast<char>('0' + i);
  std::string once;
  for (char label = 'A'; label <= 'z'; ++label)
    if (std::count(text.begin(), text.end(), label) == 1) once += label;
  equation.result += once;
  return equation;
}

Outputs einsum(const Call& call) {
  call.require(!call.inputs.empty(), "nothing is given");
  const Equation equation = parse_equation(call);
  std::map<char, std::int64_t> extents;
  for (std::size_t i = 0; i < call.inputs.size(); ++i)
    for (std::size_t k = 0; k < equation.operands[i].size(); ++k) {
      std::int64_t& extent = extents.emplace(equation.operands[i][k], 1).first->second;
      const std::int64_t own = call.input(i).shape()[k];
      call.require(extent == own || extent == 1 || own == 1, "operands differ in the extent of a label");
      extent = std::max(extent == 1 ? own : extent, std::min(own, extent));
    }
  std::string labels = equation.result;
  for (char label : labels) call.require(extents.contains(label), "the result has a label that no operand has");
  for (const auto& [label, extent] : extents)
    if (labels.find(label) == std::string::npos) labels += label;
  Shape all, shape;
  for (char label : labels) all.push_back(extents[label]);
  shape.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(equation.result.size()));
  call.result_size(all);

  std::vector<double> products(call.result_size(all), 1.0);
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    const Shape own = strides_of(call.input(i).shape());
    Shape strides(labels.size(), 0);
    for (std::size_t k = 0; k < own.size(); ++k)
      if (call.input(i).shape()[k] != 1) strides[labels.find(equation.operands[i][k])] += own[k];
    const std::vector<double> values = to_doubles(call.input(i));
    const std::vector<std::int64_t> from = grid(all_positions(all), strides);
    for (std::size_t n = 0; n < products.size(); ++n) products[n] *= values[static_cast<std::size_t>(from[n])];
  }
  std::vector<double> sums(call.result_size(shape), 0);
  const std::size_t inner = sums.empty() ? 1 : products.size() / sums.size();
  for (std::size_t n = 0; n < products.size(); ++n) sums[n / inner] += products[n];
  return {tensor_of(sums, shape, call.input(0).dtype())};
}

constexpr ReferenceKernel kKernels[] = {
    {"Einsum", einsum},
    {"Gemm", gemm},
    {"MatMul", matmul},
};

}  // namespace

std::span<const ReferenceKernel> product_kernels() {
  return kKernels;
}

}  // namespace bw
