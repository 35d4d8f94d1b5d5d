// GPTQ (Frantar et al. 2022): weights are rounded column after column, so that the next ones make up for what the last
// one changed of the layer's outputs on calibration rows (method/successive_rounding.h).
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/progress.h"
#include "base/stop.h"
#include "graph/links.h"
#include "method/catalog.h"
#include "method/coded_layers.h"
#include "method/patches.h"
#include "method/successive_rounding.h"
#include "observe/statistics/gram.h"

namespace bw {
namespace {

constexpr Parameter kParameters[] = {
    {.name = "order",
     .type = Parameter::Type::Choice,
     .standard = "natural",
     .says = "which columns are rounded first: as they lie, or those of the largest activations (act-order)",
     .choices = "natural|activity"},
    {.name = "damping",
     .type = Parameter::Type::Number,
     .standard = "0.01",
     .says = "of the mean of the Hessian's diagonal, added to it; ten times as much where it stays singular",
     .low = 1e-6,
     .high = 1},
    {.name = "scales",
     .type = Parameter::Type::Choice,
     .standard = "closest",
     .says = "of blocks: chosen anew when they are reached, or as they were decided",
     .choices = "closest|kept"},
    {.name = "inputs",
     .type = Parameter::Type::Choice,
     .standard = "float",
     .says = "what a layer reads: what the float network gives, or the one whose layers before it are rounded already",
     .choices = "float|coded"},
};

constexpr std::size_t kMostBytes = std::size_t{1} << 29;  // of Gram matrices that are there at once

class Rounder {
 public:
  Rounder(const Task& task, const Arguments& arguments)
      : task_(task),
        options_{.by_activity = arguments.text("order") == "activity",
                 .damping = arguments.number("damping"),
                 .fits_blocks = arguments.text("scales") == "closest"},
        coded_inputs_(arguments.text("inputs") == "coded") {}

  Plan run(Plan plan) {
    const std::vector<CodedLayer> layers = coded_layers(task_.graph, plan);
    Progress progress(*task_.console, "gptq: layers", layers.size());
    for (const std::vector<CodedLayer>& group : coded_inputs_ ? groups_by_depth(layers) : groups_by_memory(layers)) {
      throw_if_stopped(task_.stop);
      round(group, plan, progress);
    }
    plan.notes.push_back(fmt::format("the rounding of {} layers makes up for its own errors", rounded_));
    if (damped_ > 0) plan.notes.push_back(fmt::format("{} of them needed more damping", damped_));
    if (singular_ > 0)
      plan.notes.push_back(
          fmt::format("{} layers are rounded to the nearest, as what they read stays singular", singular_));
    return plan;
  }

 private:
  // Layers that one look at the data serves, in their order: as many as there is memory for.
  std::vector<std::vector<CodedLayer>> groups_by_memory(const std::vector<CodedLayer>& layers) const {
    std::vector<std::vector<CodedLayer>> groups;
    std::set<ValueId> read;
    std::size_t bytes = 0;
    for (const CodedLayer& layer : layers) {
      const ValueId input = task_.graph.node(layer.node).input(0);
      const std::size_t own = read.contains(input) ? 0 : gram_bytes(layer);
      if (groups.empty() || bytes + own > kMostBytes) {
        groups.emplace_back();
        read.clear();
        bytes = 0;
      }
      groups.back().push_back(layer);
      read.insert(input);
      bytes += own;
    }
    return groups;
  }

  std::size_t gram_bytes(const CodedLayer& layer) const {
    const Tensor& weight = layer.weight(task_.graph);
    const auto outputs = static_cast<std::size_t>(weight.shape()[layer.by_output(task_.graph) ? 0 : 1]);
    const std::size_t columns = weight.size() / std::max<std::size_t>(outputs, 1);
    return columns * columns * sizeof(double);
  }

  // The same, as long as none reads what another one makes.
  std::vector<std::vector<CodedLayer>> groups_by_depth(const std::vector<CodedLayer>& layers) const {
    std::vector<std::vector<CodedLayer>> groups;
    std::set<NodeId> behind;  // what follows from the group's layers
    for (const CodedLayer& layer : layers) {
      if (groups.empty() || behind.contains(layer.node)) {
        groups.emplace_back();
        behind.clear();
      }
      groups.back().push_back(layer);
      add_behind(layer.node, behind);
    }
    return groups;
  }

  void add_behind(NodeId node, std::set<NodeId>& behind) const {
    for (const ValueId output : task_.graph.node(node).outputs) {
      if (output == kNoValue) continue;
      for (const Links::Use& use : links_.uses[static_cast<std::size_t>(output)])
        if (use.input >= 0 && behind.insert(use.node).second) add_behind(use.node, behind);
    }
  }

  void round(const std::vector<CodedLayer>& group, Plan& plan, Progress& progress) {
    Graph graph = coded_inputs_ ? coded_but(task_.graph, plan, group) : task_.graph;
    Needs needs;
    std::vector<std::optional<Patches>> patches;
    for (const CodedLayer& layer : group) {
      const auto here = std::ranges::find(graph.nodes, task_.graph.node(layer.node).name, &Node::name);
      patches.push_back(add_patches(graph, static_cast<NodeId>(here - graph.nodes.begin())));
      if (patches.back()) needs.add(patches.back()->value, {GramStatistic::kName, patches.back()->axis});
    }
    const Evidence evidence = task_.calibrator->glance(graph, needs);
    for (std::size_t i = 0; i < group.size(); ++i, progress.advance()) {
      throw_if_stopped(task_.stop);
      if (patches[i])
        round(group[i], *patches[i], evidence.value(patches[i]->value).get<GramStatistic>(patches[i]->axis), plan);
    }
  }

  void round(const CodedLayer& layer, const Patches& patches, const GramStatistic& gram, Plan& plan) {
    QParams& params = layer.params(task_.graph, plan);
    auto rows = weight_rows(layer.weight(task_.graph), layer.by_output(task_.graph), params);
    if (!rows) return;
    SuccessiveOptions options = options_;
    options.fits_blocks &= has_free_scales(layer, task_.graph, plan);
    std::vector<float> codes;
    double damping = options_.damping;
    for (std::size_t group = 0; group < patches.groups; ++group) {
      const std::size_t outputs = rows->outputs / patches.groups;
      WeightRows own = rows->some(group * outputs, outputs);
      const SuccessiveRounding rounding =
          round_successively(own, gram_matrix(gram, group * patches.columns, patches.columns), params.scheme, options);
      codes.insert(codes.end(), rounding.codes.begin(), rounding.codes.end());
      rows->put(group * outputs, own);
      damping = rounding.damping == 0 ? 0 : std::max(damping, rounding.damping);
    }
    store(*rows, codes, layer, task_.graph, plan);
    rounded_ += damping != 0;
    damped_ += damping > options_.damping;
    singular_ += damping == 0;
  }

  const Task& task_;
  const SuccessiveOptions options_;
  const bool coded_inputs_;
  const Links links_ = link(task_.graph);
  std::size_t rounded_ = 0, damped_ = 0, singular_ = 0;
};

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  if (task.calibrator == nullptr)
    throw Error(ErrorKind::Calibration, "'gptq' needs data to learn from", {}, "Give it with --data");
  return Rounder(task, arguments).run(std::move(plan));
}

}  // namespace

Method gptq() {
  return {.name = "gptq",
          .says =
              "rounds weights so that the later ones make up for the errors of the earlier ones; behind a method "
              "that codes weights, with data",
          .group = "ptq_4bit",
          .stage = Stage::Refine,
          .parameters = kParameters,
          .run = run,
          .sketch = as_it_was};
}

}  // namespace bw
