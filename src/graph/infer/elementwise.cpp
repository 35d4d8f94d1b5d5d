#include <limits>

#include "graph/infer/rules.h"

namespace bw::rule {

namespace {

std::optional<Dims> all_inputs_broadcast(const Inference& at) {
  std::vector<const Dims*> shapes;
  for (std::size_t i = 0; i < at.inputs(); ++i) shapes.push_back(at.shape(i));
  return bw::broadcast(at, shapes);
}

// nullopt beyond 63 bits, and for a division that is not one of natural numbers.
std::optional<std::int64_t> computed(std::string_view op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (op == "Add") return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional(result);
  if (op == "Sub") return __builtin_sub_overflow(a, b, &result) ? std::nullopt : std::optional(result);
  if (op == "Mul") return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional(result);
  if (op == "Div" && a >= 0 && b > 0) return a / b;
  return std::nullopt;
}

// The element that the other operand leaves as it is.
bool is_neutral(std::string_view op, const Extent& extent) {
  return extent.number == (op == "Add" || op == "Sub" ? 0 : 1);
}

Extent computed(std::string_view op, const Extent& a, const Extent& b) {
  if (a.number && b.number) return {computed(op, *a.number, *b.number), {}};
  if (is_neutral(op, b)) return a;
  if (is_neutral(op, a) && (op == "Add" || op == "Mul")) return b;
  return {};
}

void compute_contents(Inference& at) {
  if (at.inputs() != 2) return;
  const auto a = at.contents(0), b = at.contents(1);
  if (!a || !b) return;
  const std::size_t n = a->elements.size(), m = b->elements.size();
  if (n != m && n != 1 && m != 1) return;
  Contents result{{}, a->scalar && b->scalar};
  for (std::size_t i = 0; i < (n == 1 ? m : n); ++i)
    result.elements.push_back(computed(at.node().op_type, a->elements[n == 1 ? 0 : i], b->elements[m == 1 ? 0 : i]));
  at.contents_of_output(std::move(result));
}

}  // namespace

void same(Inference& at) {
  at.output(0, at.input(0));
  if (const Tensor content = at.constant(0); content.defined())
    at.constant_of_output(content);
  else if (auto contents = at.contents(0))
    at.contents_of_output(std::move(*contents));
}

void unary(Inference& at) {
  at.output(0, at.dtype(0), copied(at.shape(0)));
}

void broadcast(Inference& at) {
  at.output(0, at.dtype(0), all_inputs_broadcast(at));
}

void arithmetic(Inference& at) {
  broadcast(at);
  compute_contents(at);
}

void where(Inference& at) {
  at.output(0, at.dtype(1), all_inputs_broadcast(at));
}

void compare(Inference& at) {
  at.output(0, DType::Bool, all_inputs_broadcast(at));
}

void test(Inference& at) {
  at.output(0, DType::Bool, copied(at.shape(0)));
}

void cast(Inference& at) {
  const DType to = at.dtype_attribute("to", DType::Undefined);
  at.output(0, to, copied(at.shape(0)));
  if (to == DType::Int64 || to == DType::Int32)
    if (auto contents = at.contents(0)) at.contents_of_output(std::move(*contents));
}

void cast_like(Inference& at) {
  at.output(0, at.dtype(1), copied(at.shape(0)));
}

void dropout(Inference& at) {
  unary(at);
  at.output(1, at.opset() >= 10 ? DType::Bool : at.dtype(0), copied(at.shape(0)));
}

void random_like(Inference& at) {
  at.output(0, at.dtype_attribute("dtype", at.dtype(0)), copied(at.shape(0)));
}

void random_shape(Inference& at) {
  Dims shape;
  for (const std::int64_t extent : at.list("shape")) {
    at.require(extent >= 0, "a dimension is negative");
    shape.push_back(number_dim(extent));
  }
  at.output(0, at.dtype_attribute("dtype", DType::Float32), std::move(shape));
}

void multinomial(Inference& at) {
  Dims shape(2);
  if (const Dims* x = at.shape(0)) {
    at.require(x->size() == 2, "the input must have rank 2");
    shape[0] = (*x)[0];
  }
  shape[1] = number_dim(at.attribute("sample_size"));
  at.output(0, at.dtype_attribute("dtype", DType::Int32), std::move(shape));
}

}  // namespace bw::rule
