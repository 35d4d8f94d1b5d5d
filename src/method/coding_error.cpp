#include "method/coding_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "graph/ops/op.h"
#include "method/layer_rows.h"
#include "method/patches.h"

namespace bw {
namespace {

// A constant that a node multiplies with, or looks up, as its codes have it.
struct CodedConstant {
  NodeId node;
  const Tensor* exact;
  const QParams* params;
  std::optional<Patches> patches;  // of what is multiplied with it
};

std::vector<CodedConstant> coded_constants(const Graph& graph, const Plan& plan) {
  std::vector<CodedConstant> coded;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const auto decision = plan.nodes.find(node.name);
    if (decision == plan.nodes.end() || decision->second.compute != Precision::Float32) continue;
    for (const auto& [input, params] : decision->second.operands) {
      const Tensor& exact = graph.value(node.input(static_cast<std::size_t>(input))).initializer;
      if (exact.dtype() == DType::Float32) coded.push_back({static_cast<NodeId>(n), &exact, &params, {}});
    }
  }
  return coded;
}

const Evidence& seen_of(const Graph& graph, std::vector<CodedConstant>& coded, Calibrator* calibrator) {
  static const Evidence kNothing;
  if (calibrator == nullptr) return kNothing;
  Graph seen = graph;
  Needs needs;
  for (CodedConstant& constant : coded)
    if ((constant.patches = add_patches(seen, constant.node)))
      needs.add(constant.patches->value, {ReservoirStatistic::kName, constant.patches->axis});
  return needs.empty() ? kNothing : calibrator->evidence(seen, needs);
}

double output_error(const Graph& graph, const CodedConstant& constant, const Tensor& met, const Evidence& evidence) {
  const auto& kept = evidence.value(constant.patches->value).get<ReservoirStatistic>(constant.patches->axis);
  const LayerRows rows(graph, graph.node(constant.node), *constant.patches, kept, ReservoirStatistic::kRows);
  Squares squares{0, rows.power()};
  for (const double error : rows.errors(rows.x(), rows.as_factor(met))) squares.changed += error;
  return squares.ratio();
}

}  // namespace

Squares squares_of(const Tensor& exact, const Tensor& met) {
  const std::span<const float> a = exact.data<float>(), b = met.data<float>();
  Squares squares;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double off = static_cast<double>(b[i]) - static_cast<double>(a[i]);
    squares.changed += off * off;
    squares.all += static_cast<double>(a[i]) * static_cast<double>(a[i]);
  }
  return squares;
}

std::optional<CodingError> coding_error(const Graph& graph, const Plan& plan, Calibrator* calibrator) {
  std::vector<CodedConstant> coded = coded_constants(graph, plan);
  if (coded.empty()) return std::nullopt;
  const Evidence& evidence = seen_of(graph, coded, calibrator);
  const bool sees = std::ranges::any_of(coded, [](const CodedConstant& c) { return c.patches.has_value(); });
  Squares weights;
  double sum = 0;
  std::size_t layers = 0;
  CodingError error;
  for (const CodedConstant& constant : coded) {
    const Tensor met = dequantize(quantize(*constant.exact, *constant.params), *constant.params);
    const Squares own = squares_of(*constant.exact, met);
    weights.changed += own.changed;
    weights.all += own.all;
    if (sees && !constant.patches) continue;  // a table, whose outputs are its rows
    const double changed = sees ? output_error(graph, constant, met, evidence) : own.ratio();
    sum += changed * changed;
    ++layers;
    if (!error.worst.empty() && changed <= error.most) continue;
    error.worst = graph.node(constant.node).name;
    error.most = changed;
  }
  error.weights = weights.ratio();
  if (sees) error.outputs = std::sqrt(sum / static_cast<double>(layers));
  return error;
}

std::string to_sentence(const CodingError& error) {
  const std::string outputs =
      error.outputs ? fmt::format(", and what their layers give on calibration rows by {:.2g} %", 100 * *error.outputs)
                    : "";
  return fmt::format("codes change weights by {:.2g} %{}, most in '{}' ({:.2g} %)", 100 * error.weights, outputs,
                     error.worst, 100 * error.most);
}

}  // namespace bw
