#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "plan/apply_steps.h"
#include "plan/decode.h"

namespace bw {
namespace {

bool is_integer(const Graph& graph, const Plan& plan, NodeId node) {
  if (node == kNoNode) return false;
  const auto found = plan.nodes.find(graph.node(node).name);
  return found != plan.nodes.end() && found->second.compute == Precision::Integer;
}

// Q and DQ behind `value`; users are all nodes where the producer hands on codes, else only the integer ones.
void quantize_value(Rewriter& rewriter, const Plan& plan, ValueId value, const QParams& params) {
  const Graph& graph = rewriter.graph();
  const std::string name = graph.value(value).name;
  const bool from_integer = is_integer(graph, plan, rewriter.producer(value));
  std::vector<NodeId> keep;
  for (const Links::Use& use : rewriter.uses(value))
    if (!from_integer && !is_integer(graph, plan, use.node)) keep.push_back(use.node);
  if (!from_integer && keep.size() == rewriter.uses(value).size()) return;

  if (!is_affine(params) || params.scheme.granularity != Granularity::Tensor || params.scales.size() != 1 ||
      params.zero_points.size() > 1 || params.codes)
    throw Error(ErrorKind::Quantization, fmt::format("activation '{}' needs one scale and integer codes", name));
  const ValueType type = graph.value(value).type;
  const Linear linear = add_linear(rewriter, name, params, {});
  ValueType code_type = type;
  code_type.dtype = params.scheme.code;
  const ValueId codes =
      rewriter.add_op("QuantizeLinear", {value, linear.scale, linear.zero_point}, {}, name + "_quantized", code_type);
  const ValueId decoded =
      rewriter.add_op("DequantizeLinear", {codes, linear.scale, linear.zero_point}, {}, name + "_dequantized", type);
  keep.push_back(rewriter.producer(codes));
  if (from_integer) {
    rewriter.replace_uses(value, decoded, keep);
    rewriter.take_over_output(value, decoded);
    return;
  }
  for (const Links::Use use : std::vector<Links::Use>(rewriter.uses(value)))
    if (use.input >= 0 && std::find(keep.begin(), keep.end(), use.node) == keep.end())
      rewriter.set_input(use.node, static_cast<std::size_t>(use.input), decoded);
}

}  // namespace

void quantize_activations(Rewriter& rewriter, const Plan& plan) {
  const std::size_t count = rewriter.graph().values.size();
  for (std::size_t v = 0; v < count; ++v) {
    const auto found = plan.values.find(rewriter.graph().values[v].name);
    if (found != plan.values.end()) quantize_value(rewriter, plan, static_cast<ValueId>(v), found->second);
  }
}

std::vector<ValueId> add_dynamic_quantizer(Rewriter& rewriter, ValueId x) {
  const Value value = rewriter.graph().value(x);
  Node quantizer{.name = value.name + "_quantize",
                 .op_type = "DynamicQuantizeLinear",
                 .domain = "",
                 .overload = "",
                 .inputs = {x},
                 .outputs = {},
                 .attributes = {},
                 .doc = {},
                 .metadata = {}};
  ValueType codes = value.type;
  codes.dtype = DType::UInt8;
  quantizer.outputs = {rewriter.add_value(value.name + "_quantized", codes),
                       rewriter.add_value(value.name + "_scale", ValueType::tensor(DType::Float32, Shape{})),
                       rewriter.add_value(value.name + "_zero_point", ValueType::tensor(DType::UInt8, Shape{}))};
  std::vector<ValueId> outputs = quantizer.outputs;
  rewriter.add_node(std::move(quantizer));
  return outputs;
}

void quantize_dynamically(Rewriter& rewriter, const Plan& plan) {
  std::map<ValueId, ValueId> decoded;  // activations are shared by nodes, and so are their codes
  const std::size_t count = rewriter.graph().nodes.size();
  for (std::size_t n = 0; n < count; ++n) {
    const auto id = static_cast<NodeId>(n);
    const auto found = plan.nodes.find(rewriter.graph().node(id).name);
    if (found == plan.nodes.end() || found->second.compute != Precision::Dynamic) continue;
    const Node node = rewriter.graph().node(id);
    rewriter.edit(id).metadata.emplace_back(kPrecisionKey, name_of(Precision::Dynamic));
    if (!node.is("MatMul") && !node.is("Gemm")) continue;
    const ValueId x = node.input(0);
    if (!decoded.contains(x)) {
      const Value value = rewriter.graph().value(x);
      decoded[x] = rewriter.add_op("DequantizeLinear", add_dynamic_quantizer(rewriter, x), {},
                                   value.name + "_dequantized", value.type);
    }
    rewriter.set_input(id, 0, decoded.at(x));
  }
}

}  // namespace bw
