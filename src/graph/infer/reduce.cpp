// Axes folded away, searched and counted.
#include <algorithm>

#include "graph/infer/rules.h"

namespace bw::rule {

namespace {

// The axes to fold: an input since opset 18 (ReduceSum: 13), an attribute before. nullopt: not known.
std::optional<std::vector<std::int64_t>> axes_of(const Inference& at) {
  if (at.has(1)) return at.integers(1);
  return at.list("axes");
}

Dims folded(const Dims& x, const std::vector<std::size_t>& axes, bool keep) {
  Dims result;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool fold = std::find(axes.begin(), axes.end(), i) != axes.end();
    if (!fold || keep) result.push_back(fold ? number_dim(1) : x[i]);
  }
  return result;
}

std::vector<std::size_t> all_axes(std::size_t rank) {
  std::vector<std::size_t> axes(rank);
  for (std::size_t i = 0; i < rank; ++i) axes[i] = i;
  return axes;
}

std::optional<Dims> reduced(const Inference& at) {
  const bool keep = at.attribute("keepdims") != 0;
  const auto given = axes_of(at);
  const bool nothing = at.node().find("noop_with_empty_axes") && at.attribute("noop_with_empty_axes") != 0;
  if (given && given->empty() && !nothing && !keep) return Dims{};  // whatever the rank
  const Dims* x = at.shape(0);
  if (!x) return std::nullopt;
  if (given && given->empty()) return nothing ? *x : folded(*x, all_axes(x->size()), keep);
  if (given) return folded(*x, at.axes(*given, x->size()), keep);
  if (keep) return unknown_dims(x->size());
  // How many axes there are may be known where they are not.
  const Dims* axes = at.shape(1);
  if (!axes || axes->size() != 1 || (*axes)[0].value <= 0 || (*axes)[0].value > static_cast<std::int64_t>(x->size()))
    return std::nullopt;
  return unknown_dims(x->size() - static_cast<std::size_t>((*axes)[0].value));
}

}  // namespace

void reduce(Inference& at) {
  at.output(0, at.dtype(0), reduced(at));
}

// Inputs: x, its scale and zero point, those of the result; axes are an attribute.
void qlinear_reduce(Inference& at) {
  const Dims* x = at.shape(0);
  if (!x) return at.output(0, at.dtype(0));
  const auto axes = at.list("axes");
  at.output(0, at.dtype(0),
            folded(*x, axes.empty() ? all_axes(x->size()) : at.axes(axes, x->size()), at.attribute("keepdims") != 0));
}

void arg_reduce(Inference& at) {
  const Dims* x = at.shape(0);
  if (!x) return at.output(0, DType::Int64);
  at.output(0, DType::Int64, folded(*x, {at.axis(at.attribute("axis"), x->size())}, at.attribute("keepdims") != 0));
}

// k is an attribute before opset 10.
void top_k(Inference& at) {
  std::optional<Dims> shape = copied(at.shape(0));
  if (shape) {
    Dim k;
    if (at.node().find("k"))
      k = number_dim(at.attribute("k"));
    else if (const auto contents = at.contents(1); contents && contents->elements.size() == 1)
      k = contents->elements[0].dim();
    (*shape)[at.axis(at.attribute("axis"), shape->size())] = k;
  }
  at.output(0, at.dtype(0), shape);
  at.output(1, DType::Int64, shape);
}

void determinant(Inference& at) {
  std::optional<Dims> shape = copied(at.shape(0));
  if (shape) {
    at.require(shape->size() >= 2, "the input is no matrix");
    shape->resize(shape->size() - 2);
  }
  at.output(0, at.dtype(0), std::move(shape));
}

// Scores [batch, classes, places...] and labels [batch, places...].
void loss(Inference& at) {
  if (at.text("reduction") == "none")
    at.output(0, at.dtype(0), copied(at.shape(1)));
  else
    at.output(0, at.dtype(0), Dims{});
  at.output(1, at.dtype(0), copied(at.shape(0)));  // logarithms of probabilities
}

void non_max_suppression(Inference& at) {
  at.output(0, DType::Int64, Dims{Dim{}, number_dim(3)});
}

void non_zero(Inference& at) {
  const Dims* x = at.shape(0);
  at.output(0, DType::Int64, Dims{x ? number_dim(static_cast<std::int64_t>(x->size())) : Dim{}, Dim{}});
}

void unique(Inference& at) {
  const Dims* x = at.shape(0);
  if (!at.node().find("axis")) {
    at.output(0, at.dtype(0), Dims{Dim{}});
  } else if (x) {
    Dims shape = *x;
    shape[at.axis(at.attribute("axis"), x->size())] = Dim{};
    at.output(0, at.dtype(0), std::move(shape));
  } else {
    at.output(0, at.dtype(0));
  }
  for (std::size_t i = 1; i < 4; ++i) at.output(i, DType::Int64, Dims{Dim{}});
}

}  // namespace bw::rule
