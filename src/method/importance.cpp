// Ranges of weights of the least squared error, each weight counting as much as what it is multiplied with: the mean
// square of its channel on calibration rows, the diagonal of what GPTQ looks at ("importance matrix" in llama.cpp).
#include <fmt/format.h>

#include "base/error.h"
#include "base/stop.h"
#include "method/block_fit.h"
#include "method/catalog.h"
#include "method/coded_layers.h"
#include "method/palette.h"
#include "method/patches.h"
#include "observe/statistics/reservoir.h"
#include "tensor/transposed.h"

namespace bw {
namespace {

// By column of the patches, all groups'.
std::vector<float> mean_squares(const Reservoir& reservoir) {
  std::vector<double> sums;
  for (const Reservoir::Row& row : reservoir.rows()) {
    sums.resize(row.values.size());
    for (std::size_t c = 0; c < sums.size(); ++c)
      sums[c] += static_cast<double>(row.values[c]) * static_cast<double>(row.values[c]);
  }
  std::vector<float> means;
  for (const double sum : sums) means.push_back(static_cast<float>(sum / static_cast<double>(reservoir.rows().size())));
  return means;
}

// Groups of outputs one after another, each by the columns that it reads.
void fit(WeightRows& rows, const std::vector<float>& importance, std::size_t groups, const Scheme& scheme) {
  const std::size_t outputs = rows.outputs / groups;
  for (std::size_t group = 0; group < groups; ++group) {
    WeightRows own = rows.some(group * outputs, outputs);
    fit_blocks(own, std::span(importance).subspan(group * rows.columns, rows.columns), scheme);
    rows.put(group * outputs, own);
  }
}

// By element of the weight as it is stored, from that of the columns of all groups.
std::vector<float> by_element(const Tensor& weight, bool by_output, const std::vector<float>& importance,
                              std::size_t groups) {
  const std::size_t columns = importance.size() / groups, outputs = weight.size() / columns;
  std::vector<float> rows(weight.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i] = importance[i / columns / (outputs / groups) * columns + i % columns];
  return by_output ? rows : transposed(std::span<const float>(rows), outputs, columns);
}

// Whether the layer's scales, or its table, could be fitted.
bool fit(const CodedLayer& layer, const Graph& graph, const std::vector<float>& importance, std::size_t groups,
         Plan& plan) {
  QParams& params = layer.params(graph, plan);
  const Tensor& weight = layer.weight(graph);
  if (is_palette(params)) {
    const bool scaled = params.scheme.granularity == Granularity::Channel;
    params = palette_params(weight, params.codebook.size(), scaled ? std::optional(params.scheme.axis) : std::nullopt,
                            by_element(weight, layer.by_output(graph), importance, groups));
    return true;
  }
  auto rows = rows_in_blocks(layer, graph, plan);
  if (!rows) return false;
  fit(*rows, importance, groups, params.scheme);
  set_parameters(*rows, layer.by_output(graph), params);
  return true;
}

Plan run(const Task& task, const Arguments&, const Evidence&, Plan plan) {
  if (task.calibrator == nullptr)
    throw Error(ErrorKind::Calibration, "'importance' needs data", {}, "Give it with --data, or take 'clip'");
  Graph graph = task.graph;
  Needs needs;
  std::vector<CodedLayer> all = coded_layers(task.graph, plan);
  const std::vector<CodedLayer> palettes = layers_with(task.graph, plan, is_palette);
  all.insert(all.end(), palettes.begin(), palettes.end());
  std::vector<std::pair<CodedLayer, Patches>> layers;
  for (const CodedLayer& layer : all)
    if (const auto patches = add_patches(graph, layer.node)) {
      layers.emplace_back(layer, *patches);
      needs.add(patches->value, {LargeReservoirStatistic::kName, patches->axis});
    }
  const Evidence evidence = task.calibrator->glance(graph, needs);
  std::size_t fitted = 0;
  for (const auto& [layer, patches] : layers) {
    throw_if_stopped(task.stop);
    const auto& kept = evidence.value(patches.value).get<LargeReservoirStatistic>(patches.axis);
    fitted += fit(layer, task.graph, mean_squares(kept), patches.groups, plan);
  }
  plan.notes.push_back(
      fmt::format("the codes of the weights of {} layers count what they are multiplied with", fitted));
  return plan;
}

}  // namespace

Method importance() {
  return {
      .name = "importance",
      .says =
          "ranges of weights, and tables, of the least error, counting what they are multiplied with; behind a method "
          "that codes weights, with data",
      .group = "ptq_4bit",
      .stage = Stage::Refine,
      .run = run,
      .sketch = as_it_was};
}

}  // namespace bw
