#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "explain/layers.h"
#include "graph/links.h"

namespace bw {
namespace {

class Builder {
 public:
  Builder(const Graph& original, const Spelled& quantized, const Match& match)
      : original_(original), quantized_(quantized.graph), match_(match) {
    made_.graph = original;
    for (const Value& value : original.values) names_.insert(value.name);
    for (const Node& node : original.nodes) names_.insert(node.name);
    for (const auto& [domain, version] : quantized_.opsets) made_.graph.opsets[domain] = version;
    made_.graph.ir_version = std::max(original.ir_version, quantized_.ir_version);
  }

  SideBySide run(const std::vector<Layer>& layers) {
    copy_quantized();
    for (const Layer& layer : layers) add(layer);
    for (std::size_t i = 0; i < original_.outputs.size(); ++i)
      if (original_.value(original_.outputs[i]).type.dtype == DType::Float32)
        made_.outputs.push_back(pair(original_.outputs[i], copy_of(quantized_.outputs[i])));
    return std::move(made_);
  }

 private:
  std::string unique(const std::string& name) {
    std::string free = name;
    for (int i = 1; !names_.insert(free).second; ++i) free = fmt::format("{}_{}", name, i);
    return free;
  }

  ValueId add_value(Value value, std::string_view prefix) {
    value.name = unique(fmt::format("{}{}", prefix, value.name));
    made_.graph.values.push_back(std::move(value));
    return static_cast<ValueId>(made_.graph.values.size() - 1);
  }

  // The node with other operands; gives its outputs.
  std::vector<ValueId> add_node(const Node& node, std::vector<ValueId> inputs, std::string_view prefix) {
    Node copy = node;
    copy.name = unique(fmt::format("{}{}", prefix, node.name));
    copy.inputs = std::move(inputs);
    for (ValueId& output : copy.outputs)
      if (output != kNoValue) output = add_value(quantized_.value(output), prefix);
    made_.graph.nodes.push_back(copy);
    return copy.outputs;
  }

  void copy_quantized() {
    constexpr std::string_view kPrefix = "quantized:";
    copied_.assign(quantized_.values.size(), kNoValue);
    for (const ValueId input : quantized_.inputs) copied_[static_cast<std::size_t>(input)] = match_.image.at(input);
    for (std::size_t v = 0; v < quantized_.values.size(); ++v)
      if (copied_[v] == kNoValue && quantized_.is_constant(static_cast<ValueId>(v)))
        copied_[v] = add_value(quantized_.values[v], kPrefix);
    for (const Node& node : quantized_.nodes) {
      if (!captured_names(node).empty())
        throw Error(InputClass::Unsupported,
                    fmt::format("'{}' ({}) has a body that reads values around it, which is not explained", node.name,
                                node.op_type));
      const std::vector<ValueId> outputs = add_node(node, copies_of(node.inputs), kPrefix);
      for (std::size_t i = 0; i < outputs.size(); ++i)
        if (outputs[i] != kNoValue) copied_[static_cast<std::size_t>(node.outputs[i])] = outputs[i];
    }
  }

  ValueId copy_of(ValueId value) const {
    return value == kNoValue ? kNoValue : copied_[static_cast<std::size_t>(value)];
  }
  std::vector<ValueId> copies_of(const std::vector<ValueId>& values) const {
    std::vector<ValueId> copies;
    for (const ValueId value : values) copies.push_back(copy_of(value));
    return copies;
  }

  ValueId rounded(ValueId value, const RoundTrip& rounding) {
    const Node &quantize = quantized_.node(rounding.quantize), &dequantize = quantized_.node(rounding.dequantize);
    std::vector<ValueId> inputs = copies_of(quantize.inputs);
    inputs[0] = value;
    const std::vector<ValueId> codes = add_node(quantize, inputs, kAlone);
    inputs = copies_of(dequantize.inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i)  // of a dynamic one scale and zero point come with the codes
      for (std::size_t o = 0; o < quantize.outputs.size(); ++o)
        if (dequantize.inputs[i] != kNoValue && dequantize.inputs[i] == quantize.outputs[o]) inputs[i] = codes[o];
    return add_node(dequantize, inputs, kAlone).front();
  }

  // The layer on the float network's values; kNoValue where one of them has no counterpart.
  ValueId alone(const Layer& layer) {
    const Node& node = quantized_.node(layer.node);
    std::vector<ValueId> inputs = copies_of(node.inputs);
    for (const auto& [position, origin] : layer.inputs) {
      const auto image = match_.image.find(origin.root);
      if (image == match_.image.end()) return kNoValue;
      inputs[position] = image->second;
      for (const RoundTrip& rounding : origin.roundings) inputs[position] = rounded(inputs[position], rounding);
    }
    ValueId value = add_node(node, inputs, kAlone).front(), from = node.output(0);
    for (const NodeId next : layer.tail) {
      std::vector<ValueId> operands = copies_of(quantized_.node(next).inputs);
      for (std::size_t i = 0; i < operands.size(); ++i)
        if (quantized_.node(next).inputs[i] == from) operands[i] = value;
      value = add_node(quantized_.node(next), operands, kAlone).front();
      from = quantized_.node(next).output(0);
    }
    for (const RoundTrip& rounding : layer.output) value = rounded(value, rounding);
    return value;
  }

  std::size_t pair(ValueId original, ValueId other) {
    made_.comparisons.pairs.push_back({made_.graph.value(original).name, made_.graph.value(other).name});
    return made_.comparisons.pairs.size() - 1;
  }

  void add_grid(const Layer& layer, ValueId root, const RoundTrip& rounding, Places& places) {
    const Node& quantize = quantized_.node(rounding.quantize);
    std::optional<Grid> grid = grid_of(quantized_, quantize);
    const auto image = match_.image.find(root);
    if (!grid || image == match_.image.end()) return;
    grid->value = made_.graph.value(image->second).name;
    grid->channel_axis = quantized_.node(layer.node).op_type.starts_with("Conv") ? 1 : -1;
    places.grids[quantize.output(0)] = made_.comparisons.grids.size();
    made_.comparisons.grids.push_back(*grid);
  }

  void add(const Layer& layer) {
    Places places;
    if (const ValueId value = alone(layer); value != kNoValue) places.isolated = pair(layer.original_value, value);
    const ValueId last =
        layer.output.empty() ? layer.value : quantized_.node(layer.output.front().dequantize).output(0);
    places.accumulated = pair(layer.original_value, copy_of(last));
    for (const RoundTrip& rounding : layer.output) add_grid(layer, layer.value, rounding, places);
    for (const auto& [position, origin] : layer.inputs)
      for (const RoundTrip& rounding : origin.roundings) add_grid(layer, origin.root, rounding, places);
    made_.layers.push_back(std::move(places));
  }

  static constexpr std::string_view kAlone = "alone:";
  const Graph &original_, &quantized_;
  const Match& match_;
  SideBySide made_;
  std::set<std::string> names_;
  std::vector<ValueId> copied_;  // of each value of the quantized network
};

}  // namespace

SideBySide side_by_side(const Graph& original, const Spelled& quantized, const Match& match,
                        const std::vector<Layer>& layers) {
  return Builder(original, quantized, match).run(layers);
}

}  // namespace bw
