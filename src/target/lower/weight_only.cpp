// MatMul or Gemm whose weight is decoded from blocks -> com.microsoft MatMulNBits; Gather of such a table ->
// com.microsoft GatherBlockQuantized.
// Layout of its operands (onnxruntime's contrib operator documentation): B uint8 [N, ceil(K/block), block*bits/8], low
// bits first, zeros behind K inside the last block; scales [N * blocks]; zero points packed like B, each row of N
// padded to a byte.
#include <algorithm>
#include <bit>

#include "graph/ops/product.h"
#include "target/lower/steps.h"
#include "tensor/convert.h"
#include "tensor/kernels/nbits.h"

namespace bw {
namespace {

// Codes and zero points such that they are the middle, where that says the same: kernels then read none.
struct Codes {
  std::vector<std::int64_t> codes;
  std::vector<std::int32_t> zero_points;
  bool centred = false;

  Codes(const Rewriter& rewriter, const Decoded& weight) : codes(to_int64s(constant(rewriter, weight.codes))) {
    const std::int64_t bits = info(constant(rewriter, weight.codes).dtype()).bits,
                       middle = std::int64_t{1} << (bits - 1);
    if (weight.zero_point == kNoValue || info(constant(rewriter, weight.zero_point).dtype()).is_float) return;
    for (const std::int64_t z : to_int64s(constant(rewriter, weight.zero_point)))
      zero_points.push_back(static_cast<std::int32_t>(z));
    if (codes.empty() || zero_points.empty()) return;
    if (std::ranges::any_of(zero_points, [&](std::int32_t z) { return z != zero_points.front(); })) return;
    const std::int64_t shift = middle - zero_points.front();
    const auto [least, most] = std::ranges::minmax(codes);
    centred = least + shift >= 0 && most + shift < 2 * middle;
    if (centred)
      for (std::int64_t& code : codes) code += shift;
  }
};

// A matrix in blocks whose zero points are floats, as plan/decode.h spells it out; nothing else.
std::optional<Decoded> spelled_out(const Rewriter& rewriter, const Product& product) {
  const Node* merged = producer_of(rewriter, product.weight, "Reshape");
  const Node* scaled = merged == nullptr ? nullptr : producer_of(rewriter, merged->input(0), "Mul");
  const Node* shifted = scaled == nullptr ? nullptr : producer_of(rewriter, scaled->input(0), "Sub");
  const Node* split = shifted == nullptr ? nullptr : producer_of(rewriter, shifted->input(0), "Reshape");
  const Node* cast = split == nullptr ? nullptr : producer_of(rewriter, split->input(0), "Cast");
  if (cast == nullptr) return std::nullopt;
  const Graph& graph = rewriter.graph();
  const Decoded found{.node = rewriter.producer(product.weight),
                      .codes = cast->input(0),
                      .scale = scaled->input(1),
                      .zero_point = shifted->input(1),
                      .axis = product.reduced_axis(),
                      .block_size = 0};
  const auto is_float = [&](ValueId id) {
    return graph.is_constant(id) && graph.value(id).initializer.dtype() == DType::Float32;
  };
  if (!graph.is_constant(found.codes) || !is_float(found.scale) || !is_float(found.zero_point)) return std::nullopt;
  const Shape& codes = constant(rewriter, found.codes).shape();
  const Shape& blocks = constant(rewriter, found.scale).shape();
  const auto axis = static_cast<std::size_t>(found.axis);
  if (codes.size() != 2 || blocks.size() != 3 || blocks[axis + 1] != 1) return std::nullopt;
  Decoded whole = found;
  whole.block_size = codes[axis] / blocks[axis];
  if (blocks[axis] == 1)  // a block of what there is, of which the kernel has sizes of its own
    whole.block_size =
        std::max<std::int64_t>(16, static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(codes[axis]))));
  return whole;
}

struct Blocks {
  std::int64_t n, k, block, bits;
  bool transposed;  // the weight is [N, K]
  std::int64_t count() const { return (k + block - 1) / block; }
  std::size_t weight(std::int64_t row, std::int64_t i) const {
    return static_cast<std::size_t>(transposed ? row * k + i : i * n + row);
  }
  std::size_t parameter(std::int64_t row, std::int64_t b) const {
    return static_cast<std::size_t>(transposed ? row * count() + b : b * n + row);
  }
};

void put_code(std::span<std::uint8_t> bytes, std::int64_t position, std::int64_t bits, std::int64_t code) {
  const std::int64_t per_byte = 8 / bits;
  bytes[static_cast<std::size_t>(position / per_byte)] |=
      static_cast<std::uint8_t>(code << (position % per_byte * bits));
}

Tensor packed_weight(const Blocks& blocks, const std::vector<std::int64_t>& codes) {
  const std::int64_t blob = blocks.block * blocks.bits / 8;
  return Tensor::fill<std::uint8_t>({blocks.n, blocks.count(), blob}, [&](std::span<std::uint8_t> out) {
    for (std::int64_t row = 0; row < blocks.n; ++row)
      for (std::int64_t i = 0; i < blocks.k; ++i)
        put_code(out, row * blocks.count() * blocks.block + i, blocks.bits, codes[blocks.weight(row, i)]);
  });
}

// One number a block, row by row.
template <class T>
std::vector<T> by_rows(const Blocks& blocks, std::span<const T> values) {
  std::vector<T> ordered;
  ordered.reserve(values.size());
  for (std::int64_t row = 0; row < blocks.n; ++row)
    for (std::int64_t b = 0; b < blocks.count(); ++b) ordered.push_back(values[blocks.parameter(row, b)]);
  return ordered;
}

Tensor ordered_floats(const Blocks& blocks, std::span<const float> scales) {
  return Tensor::of<float>({blocks.n * blocks.count()}, std::span<const float>(by_rows(blocks, scales)));
}

Tensor packed_zero_points(const Blocks& blocks, std::span<const std::int32_t> zero_points) {
  const std::vector<std::uint8_t> packed =
      pack_zero_points(by_rows(blocks, zero_points), static_cast<std::size_t>(blocks.n), static_cast<int>(blocks.bits));
  return Tensor::of<std::uint8_t>({static_cast<std::int64_t>(packed.size())}, std::span<const std::uint8_t>(packed));
}

std::optional<Blocks> blocks_of(const Rewriter& rewriter, const Product& product, const Decoded& weight) {
  const Tensor& codes = constant(rewriter, weight.codes);
  // Its kernel for 8 bits takes no zero points of floats.
  if (weight.zero_point != kNoValue && info(constant(rewriter, weight.zero_point).dtype()).is_float &&
      info(codes.dtype()).bits == 8)
    return std::nullopt;
  if (codes.rank() != 2 || weight.block_size < 16 || codes.dtype() == DType::Int8 || codes.dtype() == DType::Int4)
    return std::nullopt;
  const auto reduced = static_cast<std::size_t>(product.reduced_axis());
  if (weight.axis != product.reduced_axis()) return std::nullopt;
  return Blocks{.n = codes.shape()[1 - reduced],
                .k = codes.shape()[reduced],
                .block = weight.block_size,
                .bits = info(codes.dtype()).bits,
                .transposed = product.transposed};
}

bool is_vector(const Graph& graph, ValueId value, std::int64_t size) {
  const auto& shape = graph.value(value).type.shape;
  return shape && shape->size() == 1 && shape->front().value == size;
}

void lower_node(Rewriter& rewriter, NodeId id, const Product& product, const Decoded& weight, const Blocks& blocks,
                int accuracy_level) {
  const Node node = rewriter.graph().node(id);
  const std::string name = rewriter.graph().value(weight.codes).name;
  const Codes own(rewriter, weight);
  std::vector<ValueId> inputs{
      product.x, rewriter.add_constant(name + "_packed", packed_weight(blocks, own.codes)),
      rewriter.add_constant(name + "_scales", ordered_floats(blocks, constant(rewriter, weight.scale).data<float>()))};
  if (!own.zero_points.empty() && !own.centred)
    inputs.push_back(rewriter.add_constant(name + "_zero_points", packed_zero_points(blocks, own.zero_points)));
  if (weight.zero_point != kNoValue && info(constant(rewriter, weight.zero_point).dtype()).is_float)
    inputs.push_back(rewriter.add_constant(
        name + "_zero_points", ordered_floats(blocks, constant(rewriter, weight.zero_point).data<float>())));
  const bool fused = product.bias != kNoValue && is_vector(rewriter.graph(), product.bias, blocks.n);
  if (fused) {
    inputs.resize(5, kNoValue);
    inputs.push_back(product.bias);
  }
  std::vector<Attribute> attributes{
      {"K", blocks.k, {}}, {"N", blocks.n, {}}, {"bits", blocks.bits, {}}, {"block_size", blocks.block, {}}};
  if (accuracy_level != 0) attributes.push_back({"accuracy_level", std::int64_t{accuracy_level}, {}});
  const Value output = rewriter.graph().value(node.output(0));
  ValueId result = rewriter.add_op("MatMulNBits", inputs, attributes, output.name + "_nbits", output.type, kMicrosoft);
  if (product.bias != kNoValue && !fused)
    result = rewriter.add_op("Add", {result, product.bias}, {}, output.name + "_biased", output.type);
  replace_node(rewriter, id, result);
}

// Rows of codes, several in a byte where they are narrow: [rows, columns * bits / 8].
Tensor packed_rows(const std::vector<std::int64_t>& codes, const Shape& shape, std::int64_t bits) {
  return Tensor::fill<std::uint8_t>({shape[0], shape[1] * bits / 8}, [&](std::span<std::uint8_t> out) {
    for (std::size_t i = 0; i < codes.size(); ++i) put_code(out, static_cast<std::int64_t>(i), bits, codes[i]);
  });
}

void lower_look_up(Rewriter& rewriter, NodeId id, const Decoded& table) {
  const Node node = rewriter.graph().node(id);
  const Tensor codes = constant(rewriter, table.codes);
  const std::int64_t bits = info(codes.dtype()).bits, rows = codes.shape()[0];
  const std::string name = rewriter.graph().value(table.codes).name;
  const Value output = rewriter.graph().value(node.output(0));
  const Codes own(rewriter, table);
  std::vector<ValueId> inputs{rewriter.add_constant(name + "_rows", packed_rows(own.codes, codes.shape(), bits)),
                              node.input(1), table.scale};
  if (!own.zero_points.empty() && !own.centred) {  // the operator's default is the middle
    const std::vector<std::uint8_t> packed =
        pack_zero_points(own.zero_points, static_cast<std::size_t>(rows), static_cast<int>(bits));
    const Shape shape{rows, static_cast<std::int64_t>(packed.size()) / rows};
    inputs.push_back(rewriter.add_constant(name + "_row_zero_points",
                                           Tensor::of<std::uint8_t>(shape, std::span<const std::uint8_t>(packed))));
  }
  replace_node(rewriter, id,
               rewriter.add_op("GatherBlockQuantized", inputs,
                               {{"gather_axis", std::int64_t{0}, {}},
                                {"quantize_axis", std::int64_t{1}, {}},
                                {"block_size", table.block_size, {}},
                                {"bits", bits, {}}},
                               output.name + "_looked_up", output.type, kMicrosoft));
}

}  // namespace

void lower_embeddings(Rewriter& rewriter) {
  const std::size_t count = rewriter.graph().nodes.size();
  for (std::size_t n = 0; n < count; ++n) {
    if (!rewriter.graph().nodes[n].is("Gather") || is_removed(rewriter, static_cast<NodeId>(n))) continue;
    const auto table = decoded_constant(rewriter, rewriter.graph().nodes[n].input(0));
    if (table && table->block_size != 0) lower_look_up(rewriter, static_cast<NodeId>(n), *table);
  }
}

void lower_weight_only(Rewriter& rewriter, int accuracy_level) {
  const std::size_t count = rewriter.graph().nodes.size();
  for (std::size_t n = 0; n < count; ++n) {
    const Node& node = rewriter.graph().nodes[n];
    if (is_removed(rewriter, static_cast<NodeId>(n))) continue;
    const auto product = plain_product(node);
    auto weight = product ? decoded_constant(rewriter, product->weight) : std::nullopt;
    if (product && !weight) weight = spelled_out(rewriter, *product);
    if (!weight || weight->block_size == 0) continue;
    if (const auto blocks = blocks_of(rewriter, *product, *weight))
      lower_node(rewriter, static_cast<NodeId>(n), *product, *weight, *blocks, accuracy_level);
  }
}

}  // namespace bw
