#include "explain/layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "graph/links.h"
#include "graph/ops/op.h"
#include "tensor/convert.h"

namespace bw {
namespace {

bool is_static(const Graph& graph, const RoundTrip& rounding) {
  return graph.node(rounding.quantize).op_type == "QuantizeLinear";
}

double cosine(const Tensor& a, const Tensor& b) {
  const std::vector<float> x = to_floats(a), y = to_floats(b);
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    xx += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    yy += static_cast<double>(y[i]) * static_cast<double>(y[i]);
    xy += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  }
  return xx == 0 || yy == 0 ? 1 : xy / std::sqrt(xx * yy);
}

class LayerFinder {
 public:
  LayerFinder(const Graph& original, const Spelled& quantized, const Match& match)
      : original_(original), graph_(quantized.graph), match_(match), links_(link(graph_)) {
    for (const MatchedNode& matched : match.nodes) counterpart_[matched.node] = matched.original;
  }

  std::vector<Layer> run() {
    require_same_network();
    std::vector<Layer> layers;
    std::set<NodeId> in_tails;
    for (const auto& [node, original] : match_.nodes) {
      if (in_tails.contains(node) || !computes_on_codes(node) || !gives_floats(original)) continue;
      layers.push_back(layer_at(node, original));
      in_tails.insert(layers.back().tail.begin(), layers.back().tail.end());
    }
    std::set<ValueId> made;
    for (const Layer& layer : layers) made.insert(layer.value);
    for (Layer& layer : layers) count_inputs(layer, made);
    return layers;
  }

 private:
  void require_same_network() const {
    constexpr double kLeastCosine = 0.5;
    NodeId strange = kNoNode;
    for (const auto& [node, original] : match_.nodes) {
      if (holds_codes_itself(node)) return;
      const ValueId a = weight_of(original_, original_.node(original)), b = weight_of(graph_, graph_.node(node));
      if (a == kNoValue || b == kNoValue) continue;
      if (cosine(original_.value(a).initializer, graph_.value(b).initializer) >= kLeastCosine) return;
      if (strange == kNoNode) strange = original;
    }
    refuse(strange);
  }

  // An operator on codes that was not spelled out: what its weights mean is its own business.
  bool holds_codes_itself(NodeId node) const {
    return graph_.node(node).op_type != original_.node(counterpart_.at(node)).op_type;
  }

  [[noreturn]] void refuse(NodeId strange) const {
    const std::string hint = "Give the float model that this one was made from, exported in the same way";
    if (strange != kNoNode)
      throw Error(InputClass::Semantic,
                  fmt::format("its weights are not those of the float model: '{}' ({}) holds others",
                              original_.node(strange).name, original_.node(strange).op_type),
                  {}, hint);
    for (const NodeId id : match_.unmatched)
      for_each_subgraph(graph_.node(id), [&](const Subgraph&) {
        throw Error(InputClass::Unsupported, fmt::format("'{}' ({}) has a body, which is not explained",
                                                         graph_.node(id).name, graph_.node(id).op_type));
      });
    for (const NodeId id : match_.unmatched)
      if (weight_of(graph_, graph_.node(id)) != kNoValue)
        throw Error(InputClass::Semantic,
                    fmt::format("is not the same network as the float model: its node '{}' ({}) has no counterpart",
                                graph_.node(id).name, graph_.node(id).op_type),
                    {}, hint);
    throw Error(InputClass::Semantic, "holds no weights that could be compared with the float model's", {}, hint);
  }

  bool gives_floats(NodeId original) const {
    const ValueId output = original_.node(original).output(0);
    return output != kNoValue && original_.value(output).type.dtype == DType::Float32;
  }

  bool computes_on_codes(NodeId id) const {
    const Node& node = graph_.node(id);
    if (holds_codes_itself(id)) return true;
    for (const ValueId input : node.inputs)
      if (input != kNoValue && !origin_of(graph_, links_, input).roundings.empty()) return true;
    const ValueId a = weight_of(original_, original_.node(counterpart_.at(id))), b = weight_of(graph_, node);
    return a != kNoValue && b != kNoValue && !(original_.value(a).initializer == graph_.value(b).initializer);
  }

  Layer layer_at(NodeId node, NodeId original) const {
    Layer layer{.node = node,
                .original = original,
                .tail = {},
                .value = graph_.node(node).output(0),
                .output = {},
                .inputs = {}};
    for (NodeId next = belonging(layer.value); next != kNoNode; next = belonging(layer.value)) {
      layer.tail.push_back(next);
      layer.value = graph_.node(next).output(0);
    }
    layer.original_value = match_.image.at(layer.value);
    find_output(layer);
    return layer;
  }

  void find_output(Layer& layer) const {
    for (const Links::Use& use : links_.uses[static_cast<std::size_t>(layer.value)]) {
      if (!layer.output.empty() || !is_quantize(graph_.node(use.node))) continue;
      for (const Links::Use& decode : links_.uses[static_cast<std::size_t>(graph_.node(use.node).output(0))])
        if (layer.output.empty() && decode.input == 0 && is_dequantize(graph_.node(decode.node)) &&
            is_static(graph_, {use.node, decode.node}))
          layer.output.push_back({use.node, decode.node});
    }
    if (!layer.output.empty() && moves_codes(layer)) layer.output.clear();
  }

  // Whether the layer's codes are those that it read: rounding them again changes nothing.
  bool moves_codes(const Layer& layer) const {
    const Node& node = graph_.node(layer.node);
    const OpInfo* op = find_op(node);
    if (op == nullptr || op->flow != DataFlow::Move || node.input(0) == kNoValue) return false;
    const Origin origin = origin_of(graph_, links_, node.input(0));
    if (origin.roundings.empty()) return false;
    const Node &before = graph_.node(origin.roundings.back().quantize),
               &behind = graph_.node(layer.output.front().quantize);
    return same_number(before.input(1), behind.input(1)) && same_number(before.input(2), behind.input(2));
  }

  bool same_number(ValueId a, ValueId b) const {
    if (a == b || a == kNoValue || b == kNoValue) return a == b;
    const Tensor &x = graph_.value(a).initializer, &y = graph_.value(b).initializer;
    return x && y && x.dtype() == y.dtype() && to_floats(x) == to_floats(y);
  }

  // The node that belongs to the one whose output this is; kNoNode when there is none.
  NodeId belonging(ValueId value) const {
    const auto& uses = links_.uses[static_cast<std::size_t>(value)];
    if (uses.size() != 1 || uses.front().input < 0 || graph_.is_output(value)) return kNoNode;
    const Node& node = graph_.node(uses.front().node);
    const bool adds_constant = node.is("Add") && graph_.is_constant(node.input(uses.front().input == 0 ? 1 : 0));
    const bool belongs = adds_constant || node.is("Relu") || node.is("Clip");
    return belongs && match_.image.contains(node.output(0)) ? uses.front().node : kNoNode;
  }

  void count_inputs(Layer& layer, const std::set<ValueId>& made) const {
    const Node& node = graph_.node(layer.node);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kNoValue || graph_.is_constant(node.inputs[i])) continue;
      Origin origin = origin_of(graph_, links_, node.inputs[i]);
      if (made.contains(origin.root))
        std::erase_if(origin.roundings, [&](const RoundTrip& rounding) { return is_static(graph_, rounding); });
      layer.inputs.emplace(i, std::move(origin));
    }
  }

  const Graph& original_;
  const Graph& graph_;
  const Match& match_;
  const Links links_;
  std::map<NodeId, NodeId> counterpart_;
};

}  // namespace

std::vector<Layer> layers_of(const Graph& original, const Spelled& quantized, const Match& match) {
  return LayerFinder(original, quantized, match).run();
}

std::optional<Grid> grid_of(const Graph& graph, const Node& quantize) {
  const ValueId scale = quantize.input(1), zero_point = quantize.input(2);
  if (quantize.op_type != "QuantizeLinear" || !graph.is_constant(scale) || graph.value(scale).initializer.size() != 1)
    return std::nullopt;
  const bool has_zero = zero_point != kNoValue && graph.is_constant(zero_point);
  const DType codes = has_zero ? graph.value(zero_point).initializer.dtype() : DType::UInt8;
  if (!info(codes).is_integer || info(codes).bits > 16) return std::nullopt;
  const std::int64_t count = std::int64_t{1} << info(codes).bits, lowest = info(codes).is_signed ? -count / 2 : 0;
  Grid grid{.value = {}, .scale = to_floats(graph.value(scale).initializer).front()};
  if (!(grid.scale > 0)) return std::nullopt;
  grid.zero_point = has_zero ? to_int64s(graph.value(zero_point).initializer).front() : 0;
  grid.lowest = lowest;
  grid.highest = lowest + count - 1;
  return grid;
}

}  // namespace bw
