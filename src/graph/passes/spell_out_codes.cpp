#include "graph/passes/spell_out_codes.h"
#include "graph/ops/op.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "graph/rewriter.h"
#include "tensor/convert.h"
#include "tensor/kernels/nbits.h"

namespace bw {

namespace {

constexpr std::string_view kMicrosoft = "com.microsoft";

// Positions of an operand's codes, scale and zero point; -1: there is none.
struct Coded {
  int codes = -1, scale = -1, zero_point = -1;
};
struct CodeOperator {
  std::string_view op, domain, plain;
  Coded left, right;
  int bias;      // int32, on the scale of left times right
  Coded output;  // scale and zero point
};

constexpr CodeOperator kOperators[] = {
    {"QLinearMatMul", "", "MatMul", {0, 1, 2}, {3, 4, 5}, -1, {-1, 6, 7}},
    {"QLinearConv", "", "Conv", {0, 1, 2}, {3, 4, 5}, 8, {-1, 6, 7}},
    {"QLinearAdd", kMicrosoft, "Add", {0, 1, 2}, {3, 4, 5}, -1, {-1, 6, 7}},
    {"QLinearMul", kMicrosoft, "Mul", {0, 1, 2}, {3, 4, 5}, -1, {-1, 6, 7}},
    {"QLinearSigmoid", kMicrosoft, "Sigmoid", {0, 1, 2}, {}, -1, {-1, 3, 4}},
    {"QLinearLeakyRelu", kMicrosoft, "LeakyRelu", {0, 1, 2}, {}, -1, {-1, 3, 4}},
    {"QLinearSoftmax", kMicrosoft, "Softmax", {0, 1, 2}, {}, -1, {-1, 3, 4}},
    {"QLinearAveragePool", kMicrosoft, "AveragePool", {0, 1, 2}, {}, -1, {-1, 3, 4}},
    {"QLinearGlobalAveragePool", kMicrosoft, "GlobalAveragePool", {0, 1, 2}, {}, -1, {-1, 3, 4}},
    {"QGemm", kMicrosoft, "Gemm", {0, 1, 2}, {3, 4, 5}, 6, {-1, 7, 8}},
};

class Speller {
 public:
  explicit Speller(Graph& graph) : graph_(graph), rewriter_(graph) {}

  bool run() {
    const std::size_t count = graph_.nodes.size();
    for (std::size_t n = 0; n < count; ++n) {
      const auto id = static_cast<NodeId>(n);
      for (const CodeOperator& op : kOperators)
        if (graph_.nodes[n].is(op.op, op.domain)) on_codes(id, op);
      if (graph_.nodes[n].is("QLinearConcat", kMicrosoft)) concatenation(id);
      if (graph_.nodes[n].is("DynamicQuantizeLinear")) dynamic(id);
      if (graph_.nodes[n].is("MatMulNBits", kMicrosoft)) blocked_product(id);
      if (graph_.nodes[n].is("GatherBlockQuantized", kMicrosoft)) blocked_table(id);
    }
    if (changed_) rewriter_.finish();
    return changed_;
  }

 private:
  ValueId input(const Node& node, int position) const {
    return position < 0 ? kNoValue : node.input(static_cast<std::size_t>(position));
  }
  bool is_constant(ValueId id) const {
    return id != kNoValue && graph_.is_constant(id) && graph_.value(id).initializer.defined();
  }
  const Tensor& constant(ValueId id) const { return graph_.value(id).initializer; }
  const std::string& name(ValueId id) const { return graph_.value(id).name; }

  void replace(NodeId id, ValueId by) {
    const ValueId output = graph_.node(id).output(0);
    rewriter_.replace_uses(output, by);
    if (!graph_.is_output(output)) rewriter_.remove_node(id);
    changed_ = true;
  }

  // One number as a scalar: a tensor of one number would have to be the scale of an axis.
  ValueId as_parameter(ValueId id) {
    if (id == kNoValue || constant(id).rank() == 0 || constant(id).size() != 1) return id;
    return rewriter_.add_constant(name(id) + "_scalar", constant(id).reshaped({}));
  }

  // An operand that the operator does not have is none that could be unusual.
  bool is_usual(const Node& node, const Coded& coded) const {
    if (coded.scale < 0) return true;
    const ValueId zero_point = input(node, coded.zero_point);
    return is_constant(input(node, coded.scale)) && (zero_point == kNoValue || is_constant(zero_point)) &&
           (coded.codes < 0 || input(node, coded.codes) != kNoValue);
  }

  ValueId decoded(const Node& node, const Coded& coded, std::int64_t channel_axis) {
    const ValueId codes = input(node, coded.codes);
    std::vector<ValueId> inputs{codes, as_parameter(input(node, coded.scale))};
    if (const ValueId zero_point = input(node, coded.zero_point); zero_point != kNoValue)
      inputs.push_back(as_parameter(zero_point));
    std::vector<Attribute> attributes;
    if (constant(inputs[1]).rank() == 1) attributes.push_back({"axis", channel_axis, {}});
    ValueType type = graph_.value(codes).type;
    type.dtype = DType::Float32;
    return rewriter_.add_op("DequantizeLinear", inputs, std::move(attributes), name(codes) + "_float", type);
  }

  // The codes of a bias are multiples of its operands' scales.
  std::optional<ValueId> decoded_bias(const Node& node, const CodeOperator& op) {
    const ValueId bias = input(node, op.bias);
    if (!is_constant(bias)) return std::nullopt;
    const std::vector<float> left = to_floats(constant(input(node, op.left.scale))),
                             right = to_floats(constant(input(node, op.right.scale)));
    std::vector<float> values = to_floats(constant(bias));
    if (left.size() != 1 || (right.size() != 1 && right.size() != values.size())) return std::nullopt;
    const float alpha = node.float_or("alpha", 1);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] *= alpha * left[0] * right[right.size() == 1 ? 0 : i];
    return rewriter_.add_constant(name(bias) + "_float", Tensor::of<float>(constant(bias).shape(), values));
  }

  void on_codes(NodeId id, const CodeOperator& op) {
    const Node node = graph_.node(id);
    if (node.int_or("channels_last", 0) != 0) return;
    const bool gives_codes = input(node, op.output.scale) != kNoValue;
    if (!is_usual(node, op.left) || !is_usual(node, op.right) || (gives_codes && !is_usual(node, op.output))) return;
    const bool has_bias = input(node, op.bias) != kNoValue;
    const std::optional<ValueId> bias = has_bias ? decoded_bias(node, op) : std::nullopt;
    if (has_bias && !bias) return;
    std::vector<ValueId> inputs{decoded(node, op.left, 0)};
    const bool columns = op.plain == "MatMul" || (op.plain == "Gemm" && node.int_or("transB", 0) == 0);
    if (op.right.codes >= 0) inputs.push_back(decoded(node, op.right, columns ? 1 : 0));
    if (bias) inputs.push_back(*bias);
    std::vector<Attribute> attributes = node.attributes;
    std::erase_if(attributes, [](const Attribute& a) { return a.name == "channels_last" || a.name == "opset"; });
    const Value output = graph_.value(node.output(0));
    ValueType type = output.type;
    type.dtype = DType::Float32;
    const ValueId result = rewriter_.add_op(op.plain, inputs, std::move(attributes), output.name + "_float", type);
    replace(id, gives_codes ? coded(node, op.output, result) : result);
  }

  ValueId coded(const Node& node, const Coded& output, ValueId floats) {
    std::vector<ValueId> inputs{floats, as_parameter(input(node, output.scale))};
    if (const ValueId zero = input(node, output.zero_point); zero != kNoValue) inputs.push_back(as_parameter(zero));
    const Value value = graph_.value(node.output(0));
    return rewriter_.add_op("QuantizeLinear", inputs, {}, value.name + "_codes", value.type);
  }

  // Scale and zero point of the output, then three inputs for each part.
  void concatenation(NodeId id) {
    const Node node = graph_.node(id);
    const Coded output{-1, 0, 1};
    if (!is_usual(node, output) || node.inputs.size() % 3 != 2) return;
    std::vector<Coded> parts;
    for (int i = 2; i < static_cast<int>(node.inputs.size()); i += 3) parts.push_back({i, i + 1, i + 2});
    if (!std::ranges::all_of(parts, [&](const Coded& part) { return is_usual(node, part); })) return;
    std::vector<ValueId> inputs;
    for (const Coded& part : parts) inputs.push_back(decoded(node, part, 0));
    const Value value = graph_.value(node.output(0));
    ValueType type = value.type;
    type.dtype = DType::Float32;
    replace(id, coded(node, output, rewriter_.add_op("Concat", inputs, node.attributes, value.name + "_float", type)));
  }

  // --- DynamicQuantizeLinear -> MatMulInteger or ConvInteger -> Cast: the products of the floats themselves, on a
  // scale of one

  // One zero point, or one for each column of the matrix.
  bool is_zero_of_columns(const Node& product) const {
    const ValueId weight = product.input(1), zero = product.input(3);
    if (!is_constant(zero)) return false;
    return constant(zero).size() == 1 ||
           (product.is("MatMulInteger") && constant(weight).rank() == 2 && constant(zero).rank() == 1 &&
            constant(zero).shape()[0] == constant(weight).shape()[1]);
  }

  // The Cast behind a product on integers that can be one of floats.
  NodeId cast_behind(NodeId product, ValueId codes, ValueId zero_point) const {
    const Node& node = graph_.node(product);
    if (!node.is("MatMulInteger") && !node.is("ConvInteger")) return kNoNode;
    if (node.input(0) != codes || node.input(2) != zero_point || !is_constant(node.input(1))) return kNoNode;
    if (node.input(3) != kNoValue && !is_zero_of_columns(node)) return kNoNode;
    const auto& uses = rewriter_.uses(node.output(0));
    if (uses.size() != 1 || uses.front().input != 0 || graph_.is_output(node.output(0))) return kNoNode;
    const Node& cast = graph_.node(uses.front().node);
    return cast.is("Cast") && cast.int_or("to", 0) == static_cast<std::int64_t>(DType::Float32) ? uses.front().node
                                                                                                : kNoNode;
  }

  ValueId float_weight(const Node& product) {
    const ValueId weight = product.input(1);
    std::vector<float> values = to_floats(constant(weight));
    const std::vector<float> zeros =
        product.input(3) == kNoValue ? std::vector<float>{0} : to_floats(constant(product.input(3)));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] -= zeros[i % zeros.size()];
    return rewriter_.add_constant(name(weight) + "_float", Tensor::of<float>(constant(weight).shape(), values));
  }

  void dynamic(NodeId id) {
    const Node coding = graph_.node(id);
    const ValueId codes = coding.output(0), scale = coding.output(1), zero_point = coding.output(2);
    std::vector<std::pair<NodeId, NodeId>> products;  // and the Cast behind each
    for (const ValueId value : {codes, zero_point}) {
      if (value == kNoValue || graph_.is_output(value)) return;
      for (const Links::Use& use : rewriter_.uses(value)) {
        const NodeId cast = use.input < 0 ? kNoNode : cast_behind(use.node, codes, zero_point);
        if (cast == kNoNode) return;
        if (value == codes) products.emplace_back(use.node, cast);
      }
    }
    for (const auto& [product, cast] : products) {
      const Node node = graph_.node(product);
      const Value output = graph_.value(graph_.node(cast).output(0));
      replace(cast, rewriter_.add_op(node.is("ConvInteger") ? "Conv" : "MatMul", {coding.input(0), float_weight(node)},
                                     node.attributes, output.name + "_float", output.type));
      rewriter_.remove_node(product);
    }
    if (scale != kNoValue)
      rewriter_.replace_uses(scale, rewriter_.add_constant(name(scale) + "_one", Tensor::scalar(1.0f)));
    if (!graph_.is_output(scale)) rewriter_.remove_node(id);
    changed_ = true;
  }

  // --- weights in blocks

  // Rows of numbers whose codes lie packed in blocks along the row. Nullopt when something about them is unusual.
  std::optional<Tensor> decoded_rows(ValueId packed, ValueId scale, ValueId zero_points, Shape shape, std::int64_t bits,
                                     std::int64_t block) const {
    const bool plain =
        is_constant(packed) && constant(packed).dtype() == DType::UInt8 && is_constant(scale) &&
        (zero_points == kNoValue || (is_constant(zero_points) && constant(zero_points).dtype() == DType::UInt8));
    if (!plain || (bits != 4 && bits != 8) || block < 1 || shape[0] < 1 || shape[1] < 1) return std::nullopt;
    const auto rows = static_cast<std::size_t>(shape[0]), columns = static_cast<std::size_t>(shape[1]);
    const auto width = static_cast<std::size_t>(block), blocks = (columns + width - 1) / width;
    const auto codes = constant(packed).data<std::uint8_t>();
    const std::vector<float> scales = to_floats(constant(scale));
    const std::size_t stride = codes.size() / rows * 8 / static_cast<std::size_t>(bits);  // numbers, with padding
    if (codes.size() % rows != 0 || stride < columns || scales.size() != rows * blocks) return std::nullopt;
    const auto packed_zeros =
        zero_points == kNoValue ? std::span<const std::uint8_t>{} : constant(zero_points).data<std::uint8_t>();
    if (!packed_zeros.empty() && packed_zeros.size() != rows * ((blocks * static_cast<std::size_t>(bits) + 7) / 8))
      return std::nullopt;
    const std::vector<std::int32_t> zeros = unpack_zero_points(packed_zeros, rows, blocks, static_cast<int>(bits));
    return Tensor::fill<float>(std::move(shape), [&](std::span<float> out) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        const std::size_t row = i / columns, column = i % columns, at = row * stride + column;
        const int code = bits == 8 ? codes[at] : codes[at / 2] >> (at % 2 * 4) & 15;
        const std::size_t of = row * blocks + column / width;
        out[i] = static_cast<float>(code - zeros[of]) * scales[of];
      }
    });
  }

  void blocked_product(NodeId id) {
    const Node node = graph_.node(id);
    if (node.input(4) != kNoValue) return;  // columns in another order
    const auto rows = decoded_rows(node.input(1), node.input(2), node.input(3), {int_of(node, "N"), int_of(node, "K")},
                                   int_of(node, "bits"), int_of(node, "block_size"));
    if (!rows) return;
    const Value output = graph_.value(node.output(0));
    const ValueId weight = rewriter_.add_constant(name(node.input(1)) + "_rows", *rows);
    const ValueId turned = rewriter_.add_op("Transpose", {weight}, {{"perm", std::vector<std::int64_t>{1, 0}, {}}},
                                            name(node.input(1)) + "_float");
    ValueId result = rewriter_.add_op("MatMul", {node.input(0), turned}, {}, output.name + "_float", output.type);
    if (node.input(5) != kNoValue)
      result = rewriter_.add_op("Add", {result, node.input(5)}, {}, output.name + "_biased", output.type);
    replace(id, result);
  }

  void blocked_table(NodeId id) {
    const Node node = graph_.node(id);
    const ValueId table = node.input(0);
    if (!is_constant(table) || constant(table).rank() != 2 || constant(table).dtype() != DType::UInt8) return;
    if (int_of(node, "gather_axis") != 0 || int_of(node, "quantize_axis") != 1) return;
    const std::int64_t bits = int_of(node, "bits");
    if (bits != 4 && bits != 8) return;
    const std::int64_t columns = constant(table).shape()[1] * 8 / bits;
    const auto rows = decoded_rows(table, node.input(2), node.input(3), {constant(table).shape()[0], columns}, bits,
                                   int_of(node, "block_size"));
    if (!rows) return;
    const Value output = graph_.value(node.output(0));
    replace(id, rewriter_.add_op("Gather", {rewriter_.add_constant(name(table) + "_float", *rows), node.input(1)},
                                 {{"axis", std::int64_t{0}, {}}}, output.name + "_float", output.type));
  }

  Graph& graph_;
  Rewriter rewriter_;
  bool changed_ = false;
};

}  // namespace

bool spell_out_codes(Graph& graph) {
  return Speller(graph).run();
}

}  // namespace bw
