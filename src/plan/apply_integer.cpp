#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "plan/apply_steps.h"
#include "tensor/convert.h"

namespace bw {
namespace {

struct Linear {  // scale and zero point as constants of the graph
  ValueId scale, zero_point;
};

Shape parameter_shape(const Scheme& scheme, const Shape& shape, std::size_t count) {
  if (scheme.granularity == Granularity::Tensor) return {};
  if (scheme.granularity == Granularity::Channel) return {static_cast<std::int64_t>(count)};
  Shape blocked = shape;
  const auto axis =
      static_cast<std::size_t>(scheme.axis < 0 ? scheme.axis + static_cast<int>(shape.size()) : scheme.axis);
  blocked[axis] = blocked[axis] / scheme.block_size + (blocked[axis] % scheme.block_size != 0);
  return blocked;
}

Tensor zero_point_tensor(const QParams& params, const Shape& shape) {
  std::vector<std::int64_t> zero_points(params.zero_points.begin(), params.zero_points.end());
  zero_points.resize(params.scales.size());
  const Tensor codes = cast(Tensor::of<std::int64_t>(shape, zero_points), params.scheme.code);
  if (to_int64s(codes) != zero_points)
    throw Error(ErrorKind::Quantization,
                fmt::format("a zero point is none of the codes of '{}'", to_string(params.scheme)));
  return codes;
}

Linear add_linear(Rewriter& rewriter, const std::string& name, const QParams& params, const Shape& value_shape) {
  const Shape shape = parameter_shape(params.scheme, value_shape, params.scales.size());
  return {rewriter.add_constant(name + "_scale", Tensor::of<float>(shape, std::span<const float>(params.scales))),
          rewriter.add_constant(name + "_zero_point", zero_point_tensor(params, shape))};
}

std::vector<Attribute> layout_attributes(const Scheme& scheme) {
  std::vector<Attribute> attributes;
  if (scheme.granularity == Granularity::Tensor) return attributes;
  attributes.push_back({"axis", std::int64_t{scheme.axis}, {}});
  if (scheme.granularity == Granularity::Block) attributes.push_back({"block_size", scheme.block_size, {}});
  return attributes;
}

ValueId decoded_constant(Rewriter& rewriter, ValueId constant, const QParams& params) {
  const Value value = rewriter.graph().value(constant);
  if (!rewriter.graph().is_constant(constant) || value.initializer.dtype() != DType::Float32)
    throw Error(ErrorKind::Quantization,
                fmt::format("'{}' has codes in the plan, but is no float32 constant", value.name));
  const ValueType type = ValueType::tensor(DType::Float32, value.initializer.shape());
  if (params.scheme.code == DType::BFloat16) {
    const ValueId narrow = rewriter.add_constant(value.name + "_bfloat16", cast(value.initializer, DType::BFloat16));
    return rewriter.add_op("Cast", {narrow}, {{"to", std::int64_t{static_cast<int>(DType::Float32)}, {}}},
                           value.name + "_float32", type);
  }
  const Tensor quantized = quantize(value.initializer, params);  // refuses parameters that do not fit the constant
  const Linear linear = add_linear(rewriter, value.name, params, value.initializer.shape());
  const ValueId codes = rewriter.add_constant(value.name + "_quantized", quantized);
  return rewriter.add_op("DequantizeLinear", {codes, linear.scale, linear.zero_point}, layout_attributes(params.scheme),
                         value.name + "_dequantized", type);
}

bool same(const QParams& a, const QParams& b) {
  return a.scheme == b.scheme && a.scales == b.scales && a.zero_points == b.zero_points;
}

bool is_integer(const Graph& graph, const Plan& plan, NodeId node) {
  if (node == kNoNode) return false;
  const auto found = plan.nodes.find(graph.node(node).name);
  return found != plan.nodes.end() && found->second.precision == Precision::Integer;
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

  if (params.scheme.granularity != Granularity::Tensor || !info(params.scheme.code).is_integer ||
      params.scales.size() != 1 || params.zero_points.size() > 1)
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

void encode_operands(Rewriter& rewriter, const Plan& plan) {
  // Constants that several nodes share are coded once for each set of parameters.
  std::map<ValueId, std::vector<std::pair<const QParams*, ValueId>>> coded;
  for (std::size_t n = 0; n < rewriter.graph().nodes.size(); ++n) {
    const auto id = static_cast<NodeId>(n);
    const auto found = plan.nodes.find(rewriter.graph().node(id).name);
    if (found == plan.nodes.end()) continue;
    for (const auto& [position, params] : found->second.operands) {
      const ValueId constant = rewriter.graph().node(id).input(static_cast<std::size_t>(position));
      if (constant == kNoValue)
        throw Error(ErrorKind::Quantization, fmt::format("node '{}' has no input {}", found->first, position));
      auto& versions = coded[constant];
      auto version =
          std::find_if(versions.begin(), versions.end(), [&](const auto& v) { return same(*v.first, params); });
      if (version == versions.end())
        version = versions.insert(versions.end(), {&params, decoded_constant(rewriter, constant, params)});
      rewriter.set_input(id, static_cast<std::size_t>(position), version->second);
    }
  }
}

void quantize_activations(Rewriter& rewriter, const Plan& plan) {
  const std::size_t count = rewriter.graph().values.size();
  for (std::size_t v = 0; v < count; ++v) {
    const auto found = plan.values.find(rewriter.graph().values[v].name);
    if (found != plan.values.end()) quantize_value(rewriter, plan, static_cast<ValueId>(v), found->second);
  }
}

void quantize_dynamically(Rewriter& rewriter, const Plan& plan) {
  std::map<ValueId, ValueId> decoded;  // activations are shared by nodes, and so are their codes
  const std::size_t count = rewriter.graph().nodes.size();
  for (std::size_t n = 0; n < count; ++n) {
    const auto id = static_cast<NodeId>(n);
    const auto found = plan.nodes.find(rewriter.graph().node(id).name);
    if (found == plan.nodes.end() || found->second.precision != Precision::Dynamic) continue;
    const Node node = rewriter.graph().node(id);
    rewriter.edit(id).metadata.emplace_back(kPrecisionKey, name_of(Precision::Dynamic));
    if (!node.is("MatMul") && !node.is("Gemm")) continue;
    const ValueId x = node.input(0);
    if (!decoded.contains(x)) {
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
      const std::vector<ValueId> outputs = quantizer.outputs;
      rewriter.add_node(std::move(quantizer));
      decoded[x] = rewriter.add_op("DequantizeLinear", outputs, {}, value.name + "_dequantized", value.type);
    }
    rewriter.set_input(id, 0, decoded.at(x));
  }
}

}  // namespace bw
