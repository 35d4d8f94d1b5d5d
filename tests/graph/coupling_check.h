// Couplings of a node held against what computing it gives: the words of graph/ops/coupling.h, one by one.
#pragma once

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/infer.h"
#include "graph/ops/coupling.h"
#include "tensor/convert.h"

namespace bw::test {

// A node alone in its graph; its constants are initializers.
struct Case {
  Graph graph;
  std::vector<Tensor> inputs;  // by position; undefined where left out
};

// Outputs of the graph's node, by position.
using Compute = std::function<std::vector<Tensor>(const Graph& graph, const std::vector<Tensor>& inputs)>;

inline std::size_t outer_of(const Shape& shape, int axis) {
  return element_count(std::span(shape).first(static_cast<std::size_t>(axis)));
}
inline std::size_t inner_of(const Shape& shape, int axis) {
  return element_count(std::span(shape).subspan(static_cast<std::size_t>(axis) + 1));
}
// The index along an axis of each element.
inline std::vector<std::int64_t> places(const Shape& shape, int axis) {
  const auto extent = static_cast<std::size_t>(shape[static_cast<std::size_t>(axis)]), inner = inner_of(shape, axis);
  std::vector<std::int64_t> all(element_count(shape));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i / inner % extent);
  return all;
}

using Slices = std::set<std::int64_t>;

inline Tensor changed(const Tensor& tensor, int axis, const Slices& slices,
                      const std::function<double(double)>& change) {
  const std::vector<std::int64_t> at = places(tensor.shape(), axis);
  std::vector<double> values = to_doubles(tensor);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (slices.contains(at[i])) values[i] = change(values[i]);
  std::vector<float> floats(values.begin(), values.end());
  return cast(Tensor::of<float>(tensor.shape(), std::span<const float>(floats)), tensor.dtype());
}

// Another number of the same kind: booleans turn, indices and codes go to their neighbour.
inline std::function<double(double)> other(DType dtype) {
  if (dtype == DType::Bool) return [](double value) { return 1 - value; };
  if (info(dtype).is_integer) return [](double value) { return value == 0 ? 1 : value - 1; };
  return [](double value) { return 2.3 - 1.7 * value; };
}

// Which slices of an axis differ.
inline Slices differing(const Tensor& before, const Tensor& after, int axis) {
  REQUIRE(before.shape() == after.shape());
  const std::vector<std::int64_t> at = places(before.shape(), axis);
  const std::vector<double> a = to_doubles(before), b = to_doubles(after);
  Slices slices;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])))) slices.insert(at[i]);
  return slices;
}

class CouplingCheck {
 public:
  CouplingCheck(Case one, Compute compute) : case_(std::move(one)), compute_(std::move(compute)) {
    infer(case_.graph);
    couplings_ = couplings(case_.graph, case_.graph.nodes[0]);
  }

  const std::vector<Coupling>& all() const { return couplings_; }

  // quiet: what the node computes need not change with its inputs (a test for NaN).
  void run(bool quiet = false) {
    quiet_ = quiet;
    for (const Coupling& one : couplings_) {
      CAPTURE(static_cast<int>(one.tie), one.a.is_output, one.a.operand, one.a.axis, one.b.is_output, one.b.operand,
              one.b.axis, one.outer, one.inner, one.offset, one.groups);
      switch (one.tie) {
        case Tie::Each:
          each(one, case_.inputs, quiet_);
          break;
        case Tie::Gated:
          CHECK(changes_with(one));
          each(one, nothing_comes_back(), true);
          break;
        case Tie::Mixed:
          mixed(one);
          break;
        case Tie::Grouped:
          grouped(one);
          break;
        case Tie::Summed:
          one.b.is_output ? comes_back(one) : summed(one);
          break;
      }
    }
  }

 private:
  std::int64_t extent(const OperandAxis& axis) const {
    const Node& node = case_.graph.nodes[0];
    const auto at = static_cast<std::size_t>(axis.operand);
    const ValueId id = axis.is_output ? node.output(at) : node.input(at);
    return case_.graph.value(id).type.static_shape().value()[static_cast<std::size_t>(axis.axis)];
  }

  // Slices of the output that change with those of the input.
  Slices affected(std::vector<Tensor> inputs, const OperandAxis& input, const Slices& slices,
                  const OperandAxis& output) {
    const auto at = static_cast<std::size_t>(input.operand), to = static_cast<std::size_t>(output.operand);
    const Tensor before = compute_(case_.graph, inputs).at(to);
    inputs[at] = changed(inputs[at], input.axis, slices, other(inputs[at].dtype()));
    return differing(before, compute_(case_.graph, inputs).at(to), output.axis);
  }

  void each(const Coupling& one, const std::vector<Tensor>& inputs, bool quiet) {
    const std::int64_t n = extent(one.a);
    Slices ever;
    for (std::int64_t c = 0; c < n; ++c) {
      const std::vector<std::int64_t> there = one.slices(c, n);
      const Slices own{c}, of_b(there.begin(), there.end());
      const bool from_a = !one.a.is_output;
      const Slices found = affected(inputs, from_a ? one.a : one.b, from_a ? own : of_b, from_a ? one.b : one.a);
      for (const std::int64_t slice : found) CHECK((from_a ? of_b : own).contains(slice));
      ever.insert(found.begin(), found.end());
    }
    CHECK((quiet || !ever.empty()));
  }

  bool changes_with(const Coupling& gated) {
    const std::vector<std::int64_t> there = gated.slices(0, extent(gated.a));
    return !affected(case_.inputs, gated.b, Slices(there.begin(), there.end()), gated.a).empty();
  }

  void mixed(const Coupling& one) {
    const std::int64_t n = extent(one.a);
    CHECK(extent(one.b) == n);
    bool goes_over = false;
    for (std::int64_t c = 0; c < n; ++c)
      for (const std::int64_t slice : affected(case_.inputs, one.a, {c}, one.b)) goes_over = goes_over || slice != c;
    CHECK(goes_over);
  }

  void grouped(const Coupling& one) {
    const std::int64_t in = extent(one.a) / one.groups, out = extent(one.b) / one.groups;
    CHECK((extent(one.a) == in * one.groups && extent(one.b) == out * one.groups));
    for (std::int64_t g = 0; g < one.groups; ++g) {
      Slices part;
      for (std::int64_t i = 0; i < in; ++i) part.insert(g * in + i);
      const Slices found = affected(case_.inputs, one.a, part, one.b);
      CHECK_FALSE(found.empty());
      for (const std::int64_t slice : found) CHECK(slice / out == g);
    }
  }

  // Where one factor is zero, the other does not matter; where it is not, it does.
  void summed(const Coupling& one) {
    const std::int64_t n = extent(one.a);
    for (std::int64_t c = 0; c < n; ++c) {
      const std::vector<std::int64_t> there = one.slices(c, n);
      const Slices of_b(there.begin(), there.end());
      CHECK(term_is_gone(one.a, {c}, one.b, of_b));
      CHECK(term_is_gone(one.b, of_b, one.a, {c}));
    }
  }

  bool term_is_gone(const OperandAxis& zero, const Slices& zeros, const OperandAxis& moved, const Slices& slices) {
    std::vector<Tensor> inputs = case_.inputs;
    const auto at = static_cast<std::size_t>(zero.operand);
    CHECK_FALSE(affected(inputs, moved, slices, {true, 0, 0}).empty());
    inputs[at] = changed(inputs[at], zero.axis, zeros, [](double) { return 0; });
    return affected(inputs, moved, slices, {true, 0, 0}).empty();
  }

  // A unit whose column of the weight is zero reaches no other unit.
  void comes_back(const Coupling& one) {
    const std::int64_t n = extent(one.a);
    const auto at = static_cast<std::size_t>(one.a.operand);
    for (const Coupling& gated : couplings_)
      for (std::int64_t c = 0; c < n && gated.tie == Tie::Gated && gated.a == one.b; ++c) {
        std::vector<Tensor> inputs = case_.inputs;
        inputs[at] = changed(inputs[at], one.a.axis, {c}, [](double) { return 0; });
        const std::vector<std::int64_t> there = gated.slices(c, n);
        for (const std::int64_t slice : affected(inputs, gated.b, Slices(there.begin(), there.end()), one.b))
          CHECK(slice == c);
      }
  }

  // The weights that a state is multiplied with, when it comes back, are zero.
  std::vector<Tensor> nothing_comes_back() const {
    std::vector<Tensor> inputs = case_.inputs;
    for (const Coupling& one : couplings_)
      if (one.tie == Tie::Summed && one.b.is_output) {
        Tensor& weight = inputs[static_cast<std::size_t>(one.a.operand)];
        Slices all;
        for (std::int64_t c = 0; c < extent(one.a); ++c) all.insert(c);
        weight = changed(weight, one.a.axis, all, [](double) { return 0; });
      }
    return inputs;
  }

  Case case_;
  Compute compute_;
  std::vector<Coupling> couplings_;
  bool quiet_ = false;
};

}  // namespace bw::test
