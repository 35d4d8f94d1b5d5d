// Ranges of weights of the least squared error, each weight counting as much as what it is multiplied with: the mean
// square of its channel on calibration rows, the diagonal of what GPTQ looks at ("importance matrix" in llama.cpp).
#include <fmt/format.h>

#include "base/error.h"
#include "base/stop.h"
#include "method/block_fit.h"
#include "method/catalog.h"
#include "method/coded_layers.h"
#include "method/patches.h"
#include "observe/statistics/reservoir.h"

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

Plan run(const Task& task, const Arguments&, const Evidence&, Plan plan) {
  if (task.calibrator == nullptr)
    throw Error(ErrorKind::Calibration, "'importance' needs data", {}, "Give it with --data, or take 'clip'");
  Graph graph = task.graph;
  Needs needs;
  std::vector<std::pair<CodedLayer, Patches>> layers;
  for (const CodedLayer& layer : coded_layers(task.graph, plan))
    if (const auto patches = add_patches(graph, layer.node)) {
      layers.emplace_back(layer, *patches);
      needs.add(patches->value, {LargeReservoirStatistic::kName, patches->axis});
    }
  const Evidence evidence = task.calibrator->glance(graph, needs);
  std::size_t fitted = 0;
  for (const auto& [layer, patches] : layers) {
    throw_if_stopped(task.stop);
    auto rows = rows_in_blocks(layer, task.graph, plan);
    if (!rows) continue;
    QParams& params = layer.params(task.graph, plan);
    const auto& kept = evidence.value(patches.value).get<LargeReservoirStatistic>(patches.axis);
    fit(*rows, mean_squares(kept), patches.groups, params.scheme);
    set_parameters(*rows, layer.by_output(task.graph), params);
    ++fitted;
  }
  plan.notes.push_back(
      fmt::format("the ranges of the weights of {} layers count what they are multiplied with", fitted));
  return plan;
}

}  // namespace

Method importance() {
  return {.name = "importance",
          .says =
              "ranges of weights of the least error, counting what they are multiplied with; behind a method that "
              "codes weights, with data",
          .group = "ptq_4bit",
          .stage = Stage::Refine,
          .run = run,
          .sketch = as_it_was};
}

}  // namespace bw
