// Ranges of weights that are clipped where that makes the sum of squared errors of their codes less.
#include <fmt/format.h>

#include "base/stop.h"
#include "method/block_fit.h"
#include "method/catalog.h"
#include "method/coded_layers.h"

namespace bw {
namespace {

Plan run(const Task& task, const Arguments&, const Evidence&, Plan plan) {
  std::size_t fitted = 0;
  for (const CodedLayer& layer : coded_layers(task.graph, plan)) {
    throw_if_stopped(task.stop);
    auto rows = rows_in_blocks(layer, task.graph, plan);
    if (!rows) continue;
    QParams& params = layer.params(task.graph, plan);
    fit_blocks(*rows, {}, params.scheme);
    set_parameters(*rows, layer.by_output(task.graph), params);
    ++fitted;
  }
  plan.notes.push_back(fmt::format("the ranges of the weights of {} layers have the least squared error", fitted));
  return plan;
}

}  // namespace

Method clip() {
  return {.name = "clip",
          .says = "ranges of weights of the least squared error; behind a method that codes weights",
          .group = "ptq_4bit",
          .stage = Stage::Refine,
          .run = run};
}

}  // namespace bw
