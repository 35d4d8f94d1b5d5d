// What rounding the weights adds to a layer's output on average is taken off its bias. Markus Nagel et al., "Data-Free
// Quantization Through Weight Equalization and Bias Correction", 2019, section 4.2: the error of output channel c is
// the sum over its weights of (code's number - weight) times the mean of the input channel that it reads, E[x], here as
// calibration saw it. Zeros that pad a convolution's input are not counted, as there.
#include <fmt/format.h>

#include <algorithm>

#include "graph/ops/op.h"
#include "graph/ops/product.h"
#include "method/catalog.h"
#include "method/slices.h"
#include "observe/statistics/channel_mean.h"
#include "tensor/kernels/layout.h"

namespace bw {
namespace {

// A layer whose weight is coded, and the constant that takes the correction.
struct Corrected {
  NodeId layer;
  NodeId bias_node;
  int bias_input;
  int input_axis;  // of the channels of x
};

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
    const int made_axis = *find_op(here)->weight_channel_axis(here, static_cast<int>(weight.rank()));
    const Layout made = layout_along(weight.shape(), made_axis), read = layout_along(weight.shape(), 1 - made_axis);
    const std::size_t outputs_of_group = made.channels / (means.size() / read.channels);
    std::vector<double> shift(made.channels, 0);
    for (std::size_t i = 0; i < exact.size(); ++i) {
      const std::size_t output = i / made.inner % made.channels;
      const std::size_t input = i / read.inner % read.channels + output / outputs_of_group * read.channels;
      shift[output] += (static_cast<double>(coded[i]) - static_cast<double>(exact[i])) * means[input];
    }
    return shift;
  }

  void edit(const Corrected& layer, const std::vector<double>& shift, Plan& plan) {
    const std::string name = editor_.own_constant(layer.bias_node, layer.bias_input, plan);
    const ValueId id = node(layer.bias_node).input(static_cast<std::size_t>(layer.bias_input));
    const Tensor& bias = graph_.value(id).initializer;
    plan.edits.emplace_back(ReplaceConstant{name, Tensor::fill<float>(bias.shape(), [&](std::span<float> out) {
                                              for (std::size_t c = 0; c < out.size(); ++c)
                                                out[c] = static_cast<float>(static_cast<double>(bias.data<float>()[c]) -
                                                                            shift[c]);
                                            })});
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
    const int input_axis = product ? static_cast<int>(input->size()) - 1 : 1;
    if (here.input(2) != kNoValue)
      return is_vector(here.input(2), channels) ? std::optional(Corrected{id, id, 2, input_axis}) : std::nullopt;
    return with_added_bias(id, channels, input_axis);
  }

  std::optional<Corrected> with_added_bias(NodeId id, std::int64_t channels, int input_axis) const {
    const auto& uses = links_.uses[static_cast<std::size_t>(node(id).output(0))];
    if (node(id).is("Conv") || uses.size() != 1 || uses.front().input < 0 || graph_.is_output(node(id).output(0)))
      return std::nullopt;
    const NodeId adder = uses.front().node;
    const int other = 1 - uses.front().input;
    if (!node(adder).is("Add") || !is_vector(node(adder).input(static_cast<std::size_t>(other)), channels))
      return std::nullopt;
    return Corrected{id, adder, other, input_axis};
  }

  const Graph& graph_;
  const Links links_;
  SliceEditor editor_{graph_, links_};
};

Needs needs(const Task& task, const Arguments&) {
  const Corrector corrector(task.graph);
  Needs needs;
  for (const Corrected& layer : corrector.layers())
    needs.add(corrector.input_of(layer), {ChannelMeanStatistic::kName, layer.input_axis});
  return needs;
}

Plan run(const Task& task, const Arguments&, const Evidence& evidence, Plan plan) {
  Corrector corrector(task.graph);
  std::size_t corrected = 0;
  for (const Corrected& layer : corrector.layers()) {
    const QParams* codes = corrector.weight_codes(layer, plan);
    if (codes == nullptr) continue;
    const std::vector<double> means =
        evidence.value(corrector.input_of(layer)).get<ChannelMeanStatistic>(layer.input_axis).means();
    corrector.edit(layer, corrector.shift(layer, *codes, means), plan);
    ++corrected;
  }
  plan.notes.push_back(fmt::format("the biases of {} layers are corrected", corrected));
  return plan;
}

}  // namespace

Method bias_correction() {
  return {.name = "bias-correction",
          .says =
              "takes what rounding the weights adds on average off the biases; behind a method that codes weights, "
              "with data",
          .group = "ptq_8bit",
          .stage = Stage::Refine,
          .parameters = {},
          .needs = needs,
          .run = run,
          .sketch = as_it_was};
}

}  // namespace bw
