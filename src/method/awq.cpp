// AWQ: Ji Lin et al., "AWQ: Activation-aware Weight Quantization for LLM Compression and Acceleration", 2023, section
// 3.2. Rows of a weight that meet large activations matter most; so row j is multiplied by s_j = mean|x_j|^a, in units
// of the root of the largest and smallest one's product, before it is coded, and channel j of the activation divided
// by it. The strength a of each activation is the one of least error of the products' outputs for rows that calibration
// kept, with weights as the chain's deciders code them.
#include <algorithm>
#include <cmath>
#include <ranges>

#include "base/stop.h"
#include "graph/ops/product.h"
#include "graph/rewriter.h"
#include "method/catalog.h"
#include "method/channel_division.h"
#include "tensor/transposed.h"

namespace bw {
namespace {

constexpr std::size_t kStrengths = 20;  // 0, 0.05, ... 0.95
constexpr double kLeastFactor = 1e-4;

constexpr Parameter kParameters[] = {kResidual};

struct Tried {
  const ChannelDivision::Site* site;
  ChannelDivision::Numbers numbers;
  std::vector<double> levels;                   // mean magnitudes of the channels
  double least = 0;                             // error
  std::vector<double> factors = {}, best = {};  // best: empty while none is better than 1
};

std::vector<double> mean_magnitudes(const ChannelDivision::Numbers& numbers) {
  std::vector<double> means(numbers.channels);
  for (std::size_t i = 0; i < numbers.x.size(); ++i)
    means[i % numbers.channels] +=
        std::abs(static_cast<double>(numbers.x[i])) / static_cast<double>(std::max<std::size_t>(numbers.rows, 1));
  return means;
}

std::vector<double> factors_of(const std::vector<double>& levels, double strength) {
  std::vector<double> factors;
  for (const double level : levels) factors.push_back(std::max(std::pow(level, strength), kLeastFactor));
  const auto [low, high] = std::ranges::minmax(factors);
  const double unit = std::sqrt(low * high);
  for (double& factor : factors) factor /= unit;
  return factors;
}

// The graph with the weights multiplied, as the deciders are to see them; nothing divides the activations there.
Graph with_factors(const Graph& graph, std::span<const Tried> all) {
  Graph multiplied = graph;
  Rewriter rewriter(multiplied);
  for (const Tried& tried : all)
    for (std::size_t p = 0; p < tried.site->products.size(); ++p) {
      const NodeId id = tried.site->products[p];
      const ChannelDivision::Numbers::Weights& product = tried.numbers.products[p];
      const std::vector<float> values = product.multiplied(tried.factors);
      const bool turned = plain_product(graph.node(id))->transposed;
      const std::vector<float> stored =
          turned ? transposed(std::span<const float>(values), tried.numbers.channels, product.outputs) : values;
      const Tensor& weight = graph.value(graph.node(id).input(1)).initializer;
      rewriter.set_input(id, 1,
                         rewriter.add_constant(graph.node(id).name + "_multiplied",
                                               Tensor::of<float>(weight.shape(), std::span<const float>(stored))));
    }
  rewriter.finish();
  return multiplied;
}

// Of a node's weight as [channels, outputs], where the plan has numbers for it.
std::optional<std::vector<float>> coded_weight(const Graph& graph, const Plan& plan, const std::string& name,
                                               const ChannelDivision::Numbers& numbers, std::size_t outputs) {
  const auto decision = plan.nodes.find(name);
  if (decision == plan.nodes.end() || !decision->second.operands.contains(1)) return std::nullopt;
  const QParams& params = decision->second.operands.at(1);
  if (params.scales.empty() && params.codebook.empty()) return std::nullopt;  // known with data only
  const Node& node = *std::ranges::find(graph.nodes, name, &Node::name);
  const Tensor coded = dequantize(quantize(graph.value(node.input(1)).initializer, params), params);
  const std::span<const float> values = coded.data<float>();
  if (plain_product(node)->transposed) return transposed(values, outputs, numbers.channels);
  return std::vector<float>(values.begin(), values.end());
}

// Nothing where no product of the site is coded.
std::optional<double> error_of(const Tried& tried, const Graph& original, const Graph& multiplied, const Plan& plan) {
  const std::vector<float> x = tried.numbers.divided(tried.factors);
  std::optional<double> error;
  for (std::size_t p = 0; p < tried.site->products.size(); ++p) {
    const ChannelDivision::Numbers::Weights& product = tried.numbers.products[p];
    const std::string& name = original.node(tried.site->products[p]).name;
    if (const auto coded = coded_weight(multiplied, plan, name, tried.numbers, product.outputs))
      error = error.value_or(0) + tried.numbers.error(x, product, *coded);
  }
  return error;
}

Needs needs(const Task& task, const Arguments& arguments) {
  return ChannelDivision(task, arguments).needs({ReservoirStatistic::kName});
}

Plan run(const Task& task, const Arguments& arguments, const Evidence& evidence, Plan plan) {
  ChannelDivision division(task, arguments);
  std::vector<Tried> all;
  for (const ChannelDivision::Site& site : division.sites()) {
    const auto& kept = evidence.value(division.name(site)).get<ReservoirStatistic>(division.axis(site));
    Tried tried{.site = &site, .numbers = division.numbers(site, kept, ReservoirStatistic::kRows), .levels = {}};
    tried.levels = mean_magnitudes(tried.numbers);
    all.push_back(std::move(tried));
  }
  for (std::size_t step = 0; step < kStrengths; ++step) {
    throw_if_stopped(task.stop);
    for (Tried& tried : all) tried.factors = factors_of(tried.levels, static_cast<double>(step) / kStrengths);
    const Graph multiplied = with_factors(task.graph, all);
    const Plan ahead = task.ahead(multiplied);
    for (Tried& tried : all) {
      const std::optional<double> error = error_of(tried, task.graph, multiplied, ahead);
      if (!error || (step > 0 && *error >= tried.least)) continue;
      tried.least = *error;
      if (step > 0) tried.best = tried.factors;
    }
  }
  for (const Tried& tried : all | std::views::reverse)
    if (!tried.best.empty()) division.divide(*tried.site, tried.best, plan);
  division.note("divided, and what reads them multiplied, by how large they are", plan);
  return plan;
}

}  // namespace

Method awq() {
  return {.name = "awq",
          .says =
              "multiplies weights that meet large activations before they are coded, by what loses least; before a "
              "method that codes weights alone",
          .group = "ptq_4bit",
          .stage = Stage::Rewrite,
          .parameters = kParameters,
          .needs = needs,
          .run = run,
          .sketch = as_it_was};
}

}  // namespace bw
