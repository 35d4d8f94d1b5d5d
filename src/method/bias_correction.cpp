// What coding adds to a layer's output on average is taken off its bias. Markus Nagel et al., "Data-Free Quantization
// Through Weight Equalization and Bias Correction", 2019, section 4.2: the error of output channel c is the sum over
// its weights of (code's number - weight) times the mean of the input channel that it reads, E[x]: as calibration saw
// it, or as normalizations state it. Zeros that pad a convolution's input are not counted, as there. That is what
// rounding the weights does; what coding the activations does, and layers before, is seen where the quantized network
// runs itself (appendix D).
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <set>

#include "base/progress.h"
#include "base/stop.h"
#include "graph/ops/product.h"
#include "method/catalog.h"
#include "method/channel_moments.h"
#include "method/slices.h"
#include "observe/statistics/channel_mean.h"

namespace bw {
namespace {

constexpr Parameter kParameters[] = {
    {.name = "means",
     .type = Parameter::Type::Choice,
     .standard = "float",
     .says = "float: what rounding the weights does to the means of the float network's inputs; quantized: then, layer "
             "after layer, what the quantized network's outputs have too much; normalization: as float, with the means "
             "that batch normalizations state, without data",
     .choices = "float|quantized|normalization"},
    {.name = "passes",
     .type = Parameter::Type::Integer,
     .standard = "8",
     .says = "over the data, at most, with means=quantized; where more layers stand one after another, as many of them "
             "are corrected so, evenly, with the last",
     .low = 1,
     .high = 1000},
};

// A layer whose weight is coded, and the constant that takes the correction.
struct Corrected {
  NodeId layer;
  NodeId bias_node;
  int bias_input;
  int axis;        // of the channels, of what it reads and of what it makes
  ValueId output;  // where its mean is to be right
};

// What a layer's outputs have too much on average, by output channel.
using Shifts = std::map<NodeId, std::vector<double>>;

class Corrector {
 public:
  explicit Corrector(const Graph& graph) : graph_(graph), links_(link(graph)) {}

  // Layers with weights that are constants and a bias that is one; whether they are coded is the plan's business.
  std::vector<Corrected> layers() const {
    std::vector<Corrected> all;
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n)
      if (const auto found = layer_at(static_cast<NodeId>(n))) all.push_back(*found);
    return all;
  }

  const std::string& input_of(const Corrected& layer) const { return graph_.value(node(layer.layer).input(0)).name; }
  const std::string& output_of(const Corrected& layer) const { return name_of(layer.output); }
  // What a value is added to and made into, with nobody else reading it; kNoValue when there is no such sum.
  ValueId sum_behind(ValueId value) const {
    const auto& uses = links_.uses[static_cast<std::size_t>(value)];
    if (uses.size() != 1 || uses.front().input < 0 || graph_.is_output(value)) return kNoValue;
    const Node& adder = node(uses.front().node);
    const ValueId other = adder.is("Add") ? adder.input(1 - static_cast<std::size_t>(uses.front().input)) : kNoValue;
    if (other == kNoValue || graph_.is_constant(other) ||
        graph_.value(other).type.shape != graph_.value(value).type.shape)
      return kNoValue;
    return adder.output(0);
  }
  const std::string& name_of(ValueId id) const { return graph_.value(id).name; }
  const QParams* weight_codes(const Corrected& layer, const Plan& plan) const {
    const auto decision = plan.nodes.find(node(layer.layer).name);
    if (decision == plan.nodes.end() || !decision->second.operands.contains(1)) return nullptr;
    return &decision->second.operands.at(1);
  }

  // What the errors of a layer's weights give on average, by output channel.
  std::vector<double> shift(const Corrected& layer, const QParams& codes, const std::vector<double>& means) const {
    const Node& here = node(layer.layer);
    const Tensor& weight = graph_.value(here.input(1)).initializer;
    const Tensor rounded = dequantize(quantize(weight, codes), codes);
    const std::span<const float> exact = weight.data<float>(), coded = rounded.data<float>();
    std::vector<double> errors(exact.size());
    for (std::size_t i = 0; i < errors.size(); ++i)
      errors[i] = static_cast<double>(coded[i]) - static_cast<double>(exact[i]);
    return output_means(here, weight.shape(), errors, means);
  }

  // Takes shifts off the biases.
  void put(const Shifts& shifts, Plan& plan) const {
    SliceEditor editor(graph_, links_);
    for (const Corrected& layer : layers()) {
      const auto shift = shifts.find(layer.layer);
      if (shift == shifts.end()) continue;
      const std::string name = editor.own_constant(layer.bias_node, layer.bias_input, plan);
      const ValueId id = node(layer.bias_node).input(static_cast<std::size_t>(layer.bias_input));
      const std::span<const float> bias = graph_.value(id).initializer.data<float>();
      std::vector<float> corrected(bias.size());
      for (std::size_t c = 0; c < bias.size(); ++c)
        corrected[c] = static_cast<float>(static_cast<double>(bias[c]) - shift->second[c]);
      plan.edits.emplace_back(ReplaceConstant{
          name, Tensor::of<float>({static_cast<std::int64_t>(bias.size())}, std::span<const float>(corrected))});
    }
  }

 private:
  const Node& node(NodeId id) const { return graph_.node(id); }
  bool is_vector(ValueId id, std::int64_t length) const {
    return id != kNoValue && graph_.is_constant(id) && graph_.value(id).initializer.dtype() == DType::Float32 &&
           graph_.value(id).initializer.shape() == Shape{length};
  }

  std::optional<Corrected> layer_at(NodeId id) const {
    const Node& here = node(id);
    const auto product = plain_product(here);
    if (!product && !here.is("Conv")) return std::nullopt;
    const ValueId weight = here.input(1);
    if (weight == kNoValue || !graph_.is_constant(weight) || graph_.value(weight).initializer.dtype() != DType::Float32)
      return std::nullopt;
    const Shape& shape = graph_.value(weight).initializer.shape();
    const auto& input = graph_.value(here.input(0)).type.shape;
    if (!input || input->empty() || (product && shape.size() != 2)) return std::nullopt;
    const std::int64_t channels = shape[product && !product->transposed ? 1 : 0];
    const int axis = product ? static_cast<int>(input->size()) - 1 : 1;
    if (here.input(2) != kNoValue)
      return is_vector(here.input(2), channels) ? std::optional(Corrected{id, id, 2, axis, node(id).output(0)})
                                                : std::nullopt;
    return with_added_bias(id, channels, axis);
  }

  std::optional<Corrected> with_added_bias(NodeId id, std::int64_t channels, int axis) const {
    const auto& uses = links_.uses[static_cast<std::size_t>(node(id).output(0))];
    if (node(id).is("Conv") || uses.size() != 1 || uses.front().input < 0 || graph_.is_output(node(id).output(0)))
      return std::nullopt;
    const NodeId adder = uses.front().node;
    const int other = 1 - uses.front().input;
    if (!node(adder).is("Add") || !is_vector(node(adder).input(static_cast<std::size_t>(other)), channels))
      return std::nullopt;
    return Corrected{id, adder, other, axis, node(adder).output(0)};
  }

  const Graph& graph_;
  const Links links_;
};

// Layers by how many others stand before them at most, so that those of one part do not see each other. Of more depths
// than `count` that many are there, evenly, with the last: a layer between them would be corrected for what those
// before it are corrected for as well.
std::vector<std::vector<Corrected>> in_order(const Graph& graph, const std::vector<Corrected>& layers,
                                             std::size_t count) {
  std::vector<std::size_t> before(graph.values.size(), 0);
  std::vector<std::vector<Corrected>> by_depth;
  auto layer = layers.begin();
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    std::size_t depth = 0;
    for (const ValueId input : graph.nodes[n].inputs)
      if (input != kNoValue) depth = std::max(depth, before[static_cast<std::size_t>(input)]);
    if (layer != layers.end() && layer->layer == static_cast<NodeId>(n)) {
      by_depth.resize(std::max(by_depth.size(), depth + 1));
      by_depth[depth++].push_back(*layer++);
    }
    for (const ValueId output : graph.nodes[n].outputs)
      if (output != kNoValue) before[static_cast<std::size_t>(output)] = depth;
  }
  const std::size_t depths = by_depth.size();
  std::vector<std::vector<Corrected>> parts;
  for (std::size_t depth = 0; depth < depths; ++depth)
    if (depths <= count || (depth + 1) * count / depths > depth * count / depths)
      parts.push_back(std::move(by_depth[depth]));
  return parts;
}

std::vector<double> channel_means(const Evidence& evidence, const std::string& value, int axis) {
  return evidence.value(value).get<ChannelMeanStatistic>(axis).means();
}

// The quantized network's means of the layers' outputs.
std::map<NodeId, std::vector<double>> quantized_means(const Task& task, const Corrector& corrector,
                                                      const Shifts& shifts, std::span<const Corrected> layers,
                                                      Plan tried) {
  tried.edits.clear();     // the task's graph has them
  tried.lowering.clear();  // values are floats
  corrector.put(shifts, tried);
  const Graph quantized = built(task.graph, tried).graph;
  Needs needs;
  for (const Corrected& layer : layers)
    if (quantized.find(corrector.output_of(layer)) != kNoValue)
      needs.add(corrector.output_of(layer), {ChannelMeanStatistic::kName, layer.axis});
  std::map<NodeId, std::vector<double>> means;
  if (needs.empty()) return means;
  const Evidence seen = task.calibrator->glance(quantized, needs);
  for (const Corrected& layer : layers)
    if (seen.has(corrector.output_of(layer)))
      means.emplace(layer.layer, channel_means(seen, corrector.output_of(layer), layer.axis));
  return means;
}

// Where a layer's output only goes into a sum, that has the other side's error too, which would go on: the sum is made
// right, by the last of the layers before it alone.
void look_behind_sums(const Corrector& corrector, std::vector<std::vector<Corrected>>& parts) {
  std::set<ValueId> taken;
  for (std::vector<Corrected>& part : parts | std::views::reverse)
    for (std::size_t i = part.size(); i-- > 0;) {
      const ValueId sum = corrector.sum_behind(part[i].output);
      if (sum == kNoValue) continue;
      if (taken.insert(sum).second)
        part[i].output = sum;
      else
        part.erase(part.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

// From the first layers to the last: what the quantized network puts out beyond the float one, with the layers before
// corrected already.
void correct_in_order(const Task& task, const Corrector& corrector, const std::vector<Corrected>& layers,
                      const Evidence& evidence, std::size_t passes, const Plan& plan, Shifts& shifts) {
  std::vector<std::vector<Corrected>> parts = in_order(task.graph, layers, passes);
  look_behind_sums(corrector, parts);
  Progress progress(*task.console, "bias-correction: passes over the data", parts.size());
  for (const std::vector<Corrected>& part : parts) {
    throw_if_stopped(task.stop);
    const auto met = quantized_means(task, corrector, shifts, part, plan);
    for (const Corrected& layer : part) {
      if (!met.contains(layer.layer)) continue;
      const std::vector<double> wanted = channel_means(evidence, corrector.output_of(layer), layer.axis);
      for (std::size_t c = 0; c < wanted.size(); ++c) shifts[layer.layer][c] += met.at(layer.layer)[c] - wanted[c];
    }
    progress.advance();
  }
}

Needs needs(const Task& task, const Arguments& arguments) {
  const std::string& means = arguments.text("means");
  Needs needs;
  if (means == "normalization") return needs;
  const Corrector corrector(task.graph);
  for (const Corrected& layer : corrector.layers()) {
    needs.add(corrector.input_of(layer), {ChannelMeanStatistic::kName, layer.axis});
    if (means != "quantized") continue;
    for (const ValueId output : {layer.output, corrector.sum_behind(layer.output)})
      if (output != kNoValue) needs.add(corrector.name_of(output), {ChannelMeanStatistic::kName, layer.axis});
  }
  return needs;
}

// Means of a layer's input; nothing where they are not known.
std::optional<std::vector<double>> input_means(const Corrector& corrector, const Corrected& layer,
                                               const Evidence& evidence,
                                               const std::map<std::string, ChannelMoments>& stated) {
  const std::string& input = corrector.input_of(layer);
  if (evidence.has(input)) return channel_means(evidence, input, layer.axis);
  const auto found = stated.find(input);
  return found == stated.end() ? std::nullopt : std::optional(found->second.means);
}

Plan run(const Task& task, const Arguments& arguments, const Evidence& evidence, Plan plan) {
  const Corrector corrector(task.graph);
  std::map<std::string, ChannelMoments> stated;
  if (arguments.text("means") == "normalization") stated = stated_moments(task, plan.edits);
  std::vector<Corrected> layers;
  Shifts shifts;
  for (const Corrected& layer : corrector.layers()) {
    const QParams* codes = corrector.weight_codes(layer, plan);
    if (codes == nullptr) continue;
    const auto means = input_means(corrector, layer, evidence, stated);
    if (!means) continue;
    layers.push_back(layer);
    shifts[layer.layer] = corrector.shift(layer, *codes, *means);
  }
  if (arguments.text("means") == "quantized" && !layers.empty())
    correct_in_order(task, corrector, layers, evidence, static_cast<std::size_t>(arguments.integer("passes")), plan,
                     shifts);
  corrector.put(shifts, plan);
  plan.notes.push_back(fmt::format("the biases of {} layers are corrected", layers.size()));
  return plan;
}

}  // namespace

Method bias_correction() {
  return {.name = "bias-correction",
          .says = "takes what coding adds on average off the biases; behind a method that codes weights",
          .group = "ptq_8bit",
          .stage = Stage::Refine,
          .parameters = kParameters,
          .needs = needs,
          .run = run,
          .sketch = as_it_was};
}

}  // namespace bw
