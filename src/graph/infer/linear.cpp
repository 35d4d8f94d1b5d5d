// Products: [..., M, K] x [..., K, N] -> [..., M, N], and sums over labels.
#include <algorithm>
#include <array>

#include "graph/infer/rules.h"

namespace bw::rule {

namespace {

// NumPy's matmul: a vector is a row at the left and a column at the right, and its axis is dropped from the result.
std::optional<Dims> product_shape(const Inference& at, const Dims* a, const Dims* b) {
  if (!a || !b) return std::nullopt;
  at.require(!a->empty() && !b->empty(), "an operand of the product has no axes");
  const bool row = a->size() == 1, column = b->size() == 1;
  const Dim& k = (*b)[column ? 0 : b->size() - 2];
  unified(at, a->back(), k);
  const auto stack = [](const Dims& shape, bool vector) {
    return vector ? Dims{} : Dims(shape.begin(), shape.end() - 2);
  };
  const Dims left = stack(*a, row), right = stack(*b, column);
  std::optional<Dims> result = bw::broadcast(at, {&left, &right});
  if (!row) result->push_back((*a)[a->size() - 2]);
  if (!column) result->push_back(b->back());
  return result;
}

// A matrix, or a stack of them, with its last two axes exchanged.
std::optional<Dims> turned(const Dims* shape, bool turn) {
  std::optional<Dims> result = copied(shape);
  if (result && turn && result->size() >= 2) std::swap((*result)[result->size() - 2], result->back());
  return result;
}

const Dims* pointer(const std::optional<Dims>& shape) {
  return shape ? &*shape : nullptr;
}

std::optional<Dims> gemm_shape(const Inference& at, std::size_t a_input, std::size_t b_input) {
  for (const std::size_t i : {a_input, b_input})
    if (const Dims* shape = at.shape(i)) at.require(shape->size() == 2, "an operand of the product is no matrix");
  const auto a = turned(at.shape(a_input), at.attribute("transA") != 0),
             b = turned(at.shape(b_input), at.attribute("transB") != 0);
  if (a && b) unified(at, (*a)[1], (*b)[0]);
  return Dims{a ? (*a)[0] : Dim{}, b ? (*b)[1] : Dim{}};
}

}  // namespace

void matmul(Inference& at) {
  at.output(0, at.dtype(0), product_shape(at, at.shape(0), at.shape(1)));
}

void matmul_integer(Inference& at) {
  at.output(0, DType::Int32, product_shape(at, at.shape(0), at.shape(1)));
}

// Inputs: A, its scale and zero point, B, its scale and zero point, scale and zero point of the result.
void qlinear_matmul(Inference& at) {
  at.output(0, at.dtype(7), product_shape(at, at.shape(0), at.shape(3)));
}

void matmul_integer_to_float(Inference& at) {
  at.output(0, at.dtype(2), product_shape(at, at.shape(0), at.shape(1)));
}

void fused_matmul(Inference& at) {
  if (at.attribute("transBatchA") != 0 || at.attribute("transBatchB") != 0) return at.output(0, at.dtype(0));
  const auto a = turned(at.shape(0), at.attribute("transA") != 0), b = turned(at.shape(1), at.attribute("transB") != 0);
  at.output(0, at.dtype(0), product_shape(at, pointer(a), pointer(b)));
}

void gemm(Inference& at) {
  at.output(0, at.dtype(0), gemm_shape(at, 0, 1));
}

// Inputs: A, its scale and zero point, B, its scale and zero point, C, scale and zero point of the result.
void qgemm(Inference& at) {
  at.output(0, at.has(8) ? at.dtype(8) : DType::Float32, gemm_shape(at, 0, 3));
}

void matmul_nbits(Inference& at) {
  std::optional<Dims> shape = copied(at.shape(0));
  if (shape) {
    at.require(!shape->empty(), "the input has no axes");
    unified(at, shape->back(), number_dim(at.attribute("K")));
    shape->back() = number_dim(at.attribute("N"));
  }
  at.output(0, at.dtype(0), std::move(shape));
}

namespace {

// Where each label stands: "ij,jk->ik". An ellipsis stands for the axes that have no label of their own.
struct Equation {
  std::vector<std::string> terms;
  std::optional<std::string> result;
};

Equation parse(const Inference& at) {
  std::string text = at.text("equation");
  std::erase(text, ' ');
  Equation equation;
  if (const std::size_t arrow = text.find("->"); arrow != std::string::npos) {
    equation.result = text.substr(arrow + 2);
    text.resize(arrow);
  }
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    equation.terms.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return equation;
}

struct Labels {
  std::array<std::optional<Dim>, 128> dims;
  std::array<int, 128> times{};
  std::optional<Dims> ellipsis;
};

std::size_t index_of(const Inference& at, char label) {
  at.require((label >= 'a' && label <= 'z') || (label >= 'A' && label <= 'Z'), "a label of the equation is no letter");
  return static_cast<std::size_t>(label);
}

void read_term(const Inference& at, const std::string& term, const Dims& shape, Labels& labels) {
  const std::size_t dots = term.find("...");
  const std::size_t named = term.size() - (dots == std::string::npos ? 0 : 3);
  at.require(dots == std::string::npos ? named == shape.size() : named <= shape.size(),
             "a term of the equation does not fit its operand's rank");
  std::size_t axis = 0;
  for (std::size_t i = 0; i < term.size(); ++i) {
    if (i == dots) {
      const Dims rest(shape.begin() + static_cast<std::ptrdiff_t>(axis),
                      shape.begin() + static_cast<std::ptrdiff_t>(axis + shape.size() - named));
      labels.ellipsis = labels.ellipsis ? bw::broadcast(at, {&*labels.ellipsis, &rest}) : rest;
      axis += rest.size();
      i += 2;
      continue;
    }
    const std::size_t label = index_of(at, term[i]);
    std::optional<Dim>& dim = labels.dims[label];
    const Dim& here = shape[axis++];
    dim = !dim || dim->value == 1 ? here : here.value == 1 ? *dim : unified(at, *dim, here);
    ++labels.times[label];
  }
}

// Without "->": labels that stand once, in the order of the alphabet, after the ellipsis.
std::string implied_result(const Labels& labels) {
  std::string result = labels.ellipsis ? "..." : "";
  for (std::size_t label = 0; label < labels.times.size(); ++label)
    if (labels.times[label] == 1) result += static_cast<char>(label);
  return result;
}

}  // namespace

void einsum(Inference& at) {
  at.output(0, at.dtype(0));
  const Equation equation = parse(at);
  at.require(equation.terms.size() == at.inputs(), "the equation has not one term an operand");
  Labels labels;
  for (std::size_t i = 0; i < at.inputs(); ++i) {
    if (!at.shape(i)) return;
    read_term(at, equation.terms[i], *at.shape(i), labels);
  }
  const std::string result = equation.result.value_or(implied_result(labels));
  Dims shape;
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (result.compare(i, 3, "...") == 0) {
      if (labels.ellipsis) shape.insert(shape.end(), labels.ellipsis->begin(), labels.ellipsis->end());
      i += 2;
      continue;
    }
    const std::optional<Dim>& dim = labels.dims[index_of(at, result[i])];
    at.require(dim.has_value(), "the result has a label that no operand has");
    shape.push_back(*dim);
  }
  at.output(0, at.dtype(0), std::move(shape));
}

}  // namespace bw::rule
