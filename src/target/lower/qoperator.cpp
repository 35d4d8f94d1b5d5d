// QDQ around an integer node -> one operator on codes (QLinearConv, com.microsoft QLinearAdd, ...). Nodes of which the
// runtime has no such operator keep their QDQ.
#include <algorithm>
#include <array>

#include "target/lower/steps.h"

namespace bw {
namespace {

// An integer node between its decoded inputs and the QuantizeLinear behind it.
struct Island {
  NodeId node, quantize;
  std::vector<std::optional<Decoded>> inputs;
  ValueId scale, zero_point;  // of the output
};

std::vector<ValueId> code_scale_zero(const Decoded& operand) {
  return {operand.codes, operand.scale, operand.zero_point};
}

void append(std::vector<ValueId>& list, const std::vector<ValueId>& more) {
  list.insert(list.end(), more.begin(), more.end());
}

// y = op(x...) with every operand followed by its scale and zero point, then the output's.
std::vector<ValueId> all_then_output(const Island& island) {
  std::vector<ValueId> inputs;
  for (const auto& operand : island.inputs) append(inputs, code_scale_zero(*operand));
  append(inputs, {island.scale, island.zero_point});
  return inputs;
}

std::vector<ValueId> convolution(const Island& island) {
  std::vector<ValueId> inputs = code_scale_zero(*island.inputs[0]);
  append(inputs, code_scale_zero(*island.inputs[1]));
  append(inputs, {island.scale, island.zero_point});
  if (island.inputs.size() > 2) inputs.push_back(island.inputs[2]->codes);
  return inputs;
}

std::vector<ValueId> product_with_bias(const Island& island) {
  std::vector<ValueId> inputs = code_scale_zero(*island.inputs[0]);
  append(inputs, code_scale_zero(*island.inputs[1]));
  inputs.push_back(island.inputs.size() > 2 ? island.inputs[2]->codes : kNoValue);
  append(inputs, {island.scale, island.zero_point});
  return inputs;
}

std::vector<ValueId> concatenation(const Island& island) {
  std::vector<ValueId> inputs{island.scale, island.zero_point};
  for (const auto& operand : island.inputs) append(inputs, code_scale_zero(*operand));
  return inputs;
}

struct Row {
  std::string_view op, becomes, domain;
  std::vector<ValueId> (*inputs)(const Island&);
};
constexpr std::array kRows{
    Row{"Conv", "QLinearConv", "", convolution},
    Row{"MatMul", "QLinearMatMul", "", all_then_output},
    Row{"Gemm", "QGemm", kMicrosoft, product_with_bias},
    Row{"Add", "QLinearAdd", kMicrosoft, all_then_output},
    Row{"Mul", "QLinearMul", kMicrosoft, all_then_output},
    Row{"AveragePool", "QLinearAveragePool", kMicrosoft, all_then_output},
    Row{"GlobalAveragePool", "QLinearGlobalAveragePool", kMicrosoft, all_then_output},
    Row{"LeakyRelu", "QLinearLeakyRelu", kMicrosoft, all_then_output},
    Row{"Sigmoid", "QLinearSigmoid", kMicrosoft, all_then_output},
    Row{"Concat", "QLinearConcat", kMicrosoft, concatenation},
};
// Operators that move codes as they are; only their first input carries data.
constexpr std::array<std::string_view, 7> kMoves{"MaxPool", "Reshape",   "Flatten", "Transpose",
                                                 "Squeeze", "Unsqueeze", "Slice"};

// The node whose result a QuantizeLinear codes, seen through an activation function that its range takes over.
NodeId behind_activation(const Rewriter& rewriter, ValueId value) {
  NodeId producer = rewriter.producer(value);
  while (producer != kNoNode &&
         (rewriter.graph().node(producer).is("Relu") || rewriter.graph().node(producer).is("Clip"))) {
    const ValueId before = rewriter.graph().node(producer).input(0);
    if (rewriter.uses(before).size() != 1 || decoded(rewriter, before)) return kNoNode;
    producer = rewriter.producer(before);
  }
  return producer;
}

std::optional<Island> island_before(const Rewriter& rewriter, NodeId quantize) {
  const Node& q = rewriter.graph().node(quantize);
  const NodeId node = behind_activation(rewriter, q.input(0));
  if (node == kNoNode || rewriter.uses(q.input(0)).size() != 1) return std::nullopt;
  Island island{.node = node, .quantize = quantize, .inputs = {}, .scale = q.input(1), .zero_point = q.input(2)};
  for (const ValueId input : rewriter.graph().node(node).inputs) island.inputs.push_back(decoded(rewriter, input));
  return island;
}

void replace_quantize(Rewriter& rewriter, NodeId quantize, std::string_view op, std::string_view domain,
                      std::vector<ValueId> inputs, std::vector<Attribute> attributes) {
  const Value codes = rewriter.graph().value(rewriter.graph().node(quantize).output(0));
  replace_node(
      rewriter, quantize,
      rewriter.add_op(op, std::move(inputs), std::move(attributes), codes.name + "_codes", codes.type, domain));
}

void lower_island(Rewriter& rewriter, const Island& island) {
  const Node node = rewriter.graph().node(island.node);
  if (std::find(kMoves.begin(), kMoves.end(), node.op_type) != kMoves.end() && island.inputs[0]) {
    std::vector<ValueId> inputs = node.inputs;
    inputs[0] = island.inputs[0]->codes;
    replace_quantize(rewriter, island.quantize, node.op_type, "", inputs, node.attributes);
    return;
  }
  const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return node.is(r.op); });
  const bool all_decoded =
      std::all_of(island.inputs.begin(), island.inputs.end(), [](const auto& i) { return i.has_value(); });
  if (row == kRows.end() || !all_decoded) return;
  std::vector<Attribute> attributes = node.attributes;
  std::erase_if(attributes, [](const Attribute& a) { return a.name == "beta"; });
  replace_quantize(rewriter, island.quantize, row->becomes, row->domain, row->inputs(island), attributes);
}

}  // namespace

void lower_to_qoperators(Rewriter& rewriter) {
  const std::size_t count = rewriter.graph().nodes.size();
  for (std::size_t n = 0; n < count; ++n)
    if (rewriter.graph().nodes[n].is("QuantizeLinear") && !is_removed(rewriter, static_cast<NodeId>(n)))
      if (const auto island = island_before(rewriter, static_cast<NodeId>(n))) lower_island(rewriter, *island);
}

}  // namespace bw
