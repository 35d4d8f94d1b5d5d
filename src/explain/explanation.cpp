#include "explain/explanation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "explain/layers.h"
#include "explain/match.h"
#include "explain/rescaled.h"
#include "explain/spelled.h"
#include "format/format.h"
#include "format/onnx/onnx.h"
#include "graph/ops/op.h"
#include "method/layer_codes.h"
#include "tensor/convert.h"
#include "tensor/kernels/layout.h"

namespace bw {
namespace {

Likeness likeness_of(const Difference& difference) {
  return {.sqnr = difference.sqnr(), .cosine = difference.cosine(), .not_finite = difference.not_finite};
}

double noise_over_signal(const Difference& difference) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (difference.not_finite > 0) return kInfinity;
  if (difference.noise == 0) return 0;
  return difference.signal == 0 ? kInfinity : difference.noise / difference.signal;
}

double peak_over_median(std::vector<float> peaks) {
  if (peaks.size() < 2) return 1;
  std::ranges::sort(peaks);
  const float median = peaks[peaks.size() / 2];
  return median > 0 ? static_cast<double>(peaks.back()) / static_cast<double>(median) : 1;
}

// --- weights

std::vector<float> channel_peaks(const std::vector<float>& values, const Shape& shape, int axis) {
  const Layout layout = layout_along(shape, axis);
  std::vector<float> peaks(layout.channels, 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    float& peak = peaks[i / layout.inner % layout.channels];
    peak = std::max(peak, std::abs(values[i]));
  }
  return peaks;
}

bool reduces_along_columns(const Node& node) {
  return node.is("MatMul") || (node.is("Gemm") && node.int_or("transB", 0) == 0);
}

struct Sums {
  double signal = 0, noise = 0, product = 0;
  float peak = 0;
};
Sums sums_of(const std::vector<float>& x, const std::vector<float>& y) {
  Sums sums;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double a = x[i], b = y[i];
    sums.signal += a * a;
    sums.product += a * b;
    sums.noise += (b - a) * (b - a);
    sums.peak = std::max(sums.peak, std::abs(x[i]));
  }
  return sums;
}

std::optional<WeightCodes> weight_codes(const Graph& original, const Spelled& quantized, const Layer& layer) {
  const Node &node = quantized.graph.node(layer.node), &plain = original.node(layer.original);
  const ValueId a = weight_of(original, plain), b = weight_of(quantized.graph, node);
  if (a == kNoValue || b == kNoValue) return std::nullopt;
  const Tensor& weight = original.value(a).initializer;
  const std::vector<float> x = to_floats(weight), y = to_floats(quantized.graph.value(b).initializer);
  const Sums sums = sums_of(x, y);
  WeightCodes codes{.bits = 32};
  if (sums.signal > 0) {
    codes.noise = sums.noise / sums.signal;
    codes.gain = sums.product / sums.signal;
    codes.outlier = static_cast<double>(sums.peak) / std::sqrt(sums.signal / static_cast<double>(x.size()));
  }
  const auto [first, second] = rescaling(x, y, weight.shape());
  const bool columns = reduces_along_columns(node);
  codes.inputs_rescaled = columns ? first : second;
  codes.outputs_rescaled = columns ? second : first;
  const std::optional<int> axis = find_op(plain)->weight_channel_axis
                                      ? find_op(plain)->weight_channel_axis(plain, static_cast<int>(weight.rank()))
                                      : std::nullopt;
  if (axis) codes.spread = peak_over_median(channel_peaks(x, weight.shape(), *axis));
  const auto coded = quantized.weights.find(quantized.graph.value(b).name);
  if (coded == quantized.weights.end()) return codes;
  const std::vector<std::int64_t> numbers = to_int64s(coded->second.codes);
  const bool is_byte = info(coded->second.codes.dtype()).bits >= 8;
  codes.bits = is_byte ? 8 : info(coded->second.codes.dtype()).bits;
  codes.scales = coded->second.scales.size();
  const std::set<std::int64_t> different(numbers.begin(), numbers.end());
  codes.used = static_cast<double>(different.size()) / static_cast<double>(1 << codes.bits);
  codes.saturating_pairs = reduces_along_columns(node) ? saturating_pairs_of_columns(coded->second.codes)
                                                       : saturating_pairs_of_rows(coded->second.codes);
  return codes;
}

// --- activations

RoundedValue rounded_value(const Grid& grid, const GridUse& use, bool input) {
  const double elements = std::max(static_cast<double>(use.elements), 1.0);
  const auto there = static_cast<double>(grid.highest - grid.lowest + 1);
  RoundedValue value{.value = grid.value, .input = input};
  value.bits = static_cast<int>(std::lround(std::log2(there)));
  value.clipped = static_cast<double>(use.clipped) / elements;
  value.used = static_cast<double>(use.codes) / there;
  value.spread = peak_over_median(use.channel_peaks);
  if (use.power > 0) {
    value.noise = use.noise / use.power;
    value.clip_noise = use.clip_noise / use.power;
    value.outlier = static_cast<double>(use.peak) / std::sqrt(use.power);
  }
  return value;
}

// --- both networks

struct Networks {
  Graph original;
  Spelled quantized;
  std::map<std::string, std::string> ops;  // of the float network before it was said in plain operators, by node
};

// In the opset of the newer one.
Networks networks_of(const LoadedModel& original, const LoadedModel& quantized) {
  Spelled plain{original.prepared, {}};
  split_products(plain);
  Networks networks{std::move(plain.graph), spelled_out(quantized.prepared), {}};
  for (const Node& node : original.prepared.nodes) networks.ops[node.name] = node.op_type;
  const std::int64_t a = networks.original.opset(), b = networks.quantized.graph.opset();
  if (a < b) networks.original = onnx::convert_opset(networks.original, b);
  if (b < a) networks.quantized.graph = onnx::convert_opset(networks.quantized.graph, a);
  return networks;
}

bool any_of_op(const Graph& graph, std::string_view word) {
  return std::ranges::any_of(graph.nodes,
                             [&](const Node& node) { return node.op_type.find(word) != std::string::npos; });
}

std::string_view method_of(const Graph& quantized) {
  if (any_of_op(quantized, "Dynamic")) return "int8-dynamic";
  return any_of_op(quantized, "QuantizeLinear") ? "int8-static" : "weight-only";
}

// Nodes of a file by what became of them when it was spelled out.
class NodesInFile {
 public:
  explicit NodesInFile(const Graph& file) : file_(file), links_(link(file)) {
    for (std::size_t n = 0; n < file.nodes.size(); ++n) {
      by_name_[file.nodes[n].name] = static_cast<NodeId>(n);
      for (const ValueId output : file.nodes[n].outputs)
        if (output != kNoValue) by_output_[file.value(output).name] = static_cast<NodeId>(n);
    }
  }

  // "" where there is none.
  std::string name_of(const Graph& spelled, const Node& node) const {
    if (by_name_.contains(node.name)) return node.name;
    std::string value = spelled.value(node.output(0)).name;
    constexpr std::string_view kSpelled = "_float";
    if (!by_output_.contains(value) && value.ends_with(kSpelled)) value.resize(value.size() - kSpelled.size());
    const auto maker = by_output_.find(value);
    return maker == by_output_.end() ? "" : file_.node(product_before(maker->second)).name;
  }

 private:
  // Behind a product of integers stand a Cast and the Mul that scales it.
  NodeId product_before(NodeId id) const {
    NodeId before = id;
    while (before != kNoNode && (file_.node(before).is("Mul") || file_.node(before).is("Cast")))
      before = links_.producer[static_cast<std::size_t>(file_.node(before).input(0))];
    return before != kNoNode && file_.node(before).op_type.find("Integer") != std::string::npos ? before : id;
  }

  const Graph& file_;
  const Links links_;
  std::map<std::string, NodeId> by_name_, by_output_;
};

class Explainer {
 public:
  // `file`: the quantized network as its file has it.
  Explainer(const Networks& networks, const Match& match, const Graph& file)
      : file_(file),
        ops_(networks.ops),
        original_(networks.original),
        original_links_(link(original_)),
        quantized_(networks.quantized),
        match_(match),
        layers_(layers_of(original_, quantized_, match)),
        sides_(side_by_side(original_, quantized_, match, layers_)) {}

  Explanation run(SharedSamples& samples, const ExplainOptions& options) const {
    const TemporaryFolder folder("both networks side by side");
    const fs::path file = folder.path() / "both.onnx";
    write_model(sides_.graph, file);
    Worker worker(options.worker);
    const Differences differences = compare_values(worker, {file, std::string(targets().front().runtime)},
                                                   sides_.comparisons, samples, options.threads);
    Explanation explanation;
    explanation.samples = differences.samples;
    explanation.method = method_of(quantized_.graph);
    for (std::size_t i = 0; i < sides_.outputs.size(); ++i)
      explanation.outputs.push_back(
          {sides_.comparisons.pairs[sides_.outputs[i]].original, likeness_of(differences.pairs[sides_.outputs[i]])});
    for (std::size_t i = 0; i < layers_.size(); ++i) explanation.layers.push_back(explained(i, differences));
    for (const NodeId node : match_.unmatched) explanation.unmatched.push_back(quantized_.graph.node(node).name);
    return explanation;
  }

 private:
  ExplainedLayer explained(std::size_t index, const Differences& differences) const {
    const Layer& layer = layers_[index];
    const Places& places = sides_.layers[index];
    const Node& node = original_.node(layer.original);
    ExplainedLayer row;
    row.node = node.name;
    row.op = ops_.contains(node.name) ? ops_.at(node.name) : node.op_type;
    row.position = static_cast<std::size_t>(layer.original);
    name_nodes(layer, row);
    if (places.isolated) {
      row.isolated = likeness_of(differences.pairs[*places.isolated]);
      row.damage = noise_over_signal(differences.pairs[*places.isolated]);
    }
    if (places.accumulated) row.accumulated = likeness_of(differences.pairs[*places.accumulated]);
    row.weight = weight_codes(original_, quantized_, layer);
    for (const auto& [codes, grid] : places.grids) {
      const bool own = !layer.output.empty() && quantized_.graph.node(layer.output.front().quantize).output(0) == codes;
      row.rounded.push_back(rounded_value(sides_.comparisons.grids[grid], differences.grids[grid], !own));
    }
    return row;
  }

  void name_nodes(const Layer& layer, ExplainedLayer& row) const {
    const Graph& graph = quantized_.graph;
    const auto add = [&](NodeId id) {
      if (std::string name = file_.name_of(graph, graph.node(id)); !name.empty())
        row.quantized_nodes.push_back(std::move(name));
    };
    add(layer.node);
    row.quantized_node = row.quantized_nodes.empty() ? graph.node(layer.node).name : row.quantized_nodes.front();
    std::ranges::for_each(layer.tail, add);
    std::vector<RoundTrip> around = layer.output;
    for (const auto& [position, origin] : layer.inputs)
      around.insert(around.end(), origin.roundings.begin(), origin.roundings.end());
    for (const RoundTrip& each : around) add(each.quantize), add(each.dequantize);
    row.original_nodes = {row.node};
    for (ValueId at = layer.original_value; at != kNoValue;) {
      const NodeId maker = original_links_.producer[static_cast<std::size_t>(at)];
      if (maker == kNoNode || maker == layer.original) break;
      row.original_nodes.push_back(original_.node(maker).name);
      at = original_.node(maker).input(0);
    }
  }

  const NodesInFile file_;
  const std::map<std::string, std::string>& ops_;
  const Graph& original_;
  const Links original_links_;
  const Spelled& quantized_;
  const Match& match_;
  const std::vector<Layer> layers_;
  const SideBySide sides_;
};

void picture(Explanation& explanation, const Graph& original, const Graph& quantized) {
  const Surroundings before(original), after(quantized);
  for (ExplainedLayer& layer : explanation.layers) {
    layer.before = before.of(layer.original_nodes);
    layer.after = after.of(layer.quantized_nodes);
  }
}

// What is rescaled by channel cannot be compared with the float network's values.
void set_rescaled_aside(Explanation& explanation) {
  const auto reads_rescaled = [](const ExplainedLayer& layer) { return layer.weight && layer.weight->inputs_rescaled; };
  const bool undone = std::ranges::any_of(explanation.layers, reads_rescaled);
  for (ExplainedLayer& layer : explanation.layers) {
    if (!reads_rescaled(layer) && !(undone && layer.weight && layer.weight->outputs_rescaled)) continue;
    layer.weight->rescaled = true;
    layer.isolated.reset();
    layer.accumulated.reset();
    layer.damage = 0;
  }
}

void rank(Explanation& explanation) {
  std::ranges::stable_sort(explanation.layers, [](const ExplainedLayer& a, const ExplainedLayer& b) {
    if (a.damage != b.damage) return a.damage > b.damage;
    return a.accumulated && b.accumulated && a.accumulated->sqnr < b.accumulated->sqnr;
  });
  for (std::size_t i = 0; i < std::min(kRemedies, explanation.layers.size()); ++i)
    if (ExplainedLayer& layer = explanation.layers[i]; layer.damage > 0)
      layer.remedy = remedy_for(layer, explanation.method);
}

}  // namespace

Explanation explain(const LoadedModel& original, const LoadedModel& quantized, SharedSamples& samples,
                    const ExplainOptions& options) try {
  const Networks networks = networks_of(original, quantized);
  const Match matched = match(networks.original, networks.quantized.graph);
  Explanation explanation = Explainer(networks, matched, quantized.original).run(samples, options);
  picture(explanation, original.original, quantized.original);
  set_rescaled_aside(explanation);
  rank(explanation);
  return explanation;
} catch (const Error& error) {
  throw about(quantized, error);
}

}  // namespace bw
