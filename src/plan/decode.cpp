#include "plan/decode.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "tensor/convert.h"

namespace bw {
namespace {

using Attributes = std::vector<Attribute>;

std::size_t axis_of(const Scheme& scheme, const Shape& shape) {
  return static_cast<std::size_t>(scheme.axis < 0 ? scheme.axis + static_cast<int>(shape.size()) : scheme.axis);
}

// Of scales and zero points as DequantizeLinear takes them.
Shape parameter_shape(const Scheme& scheme, const Shape& shape, std::size_t count) {
  if (scheme.granularity == Granularity::Tensor) return {};
  if (scheme.granularity == Granularity::Channel) return {static_cast<std::int64_t>(count)};
  Shape blocked = shape;
  std::int64_t& length = blocked[axis_of(scheme, shape)];
  length = length / scheme.block_size + (length % scheme.block_size != 0);
  return blocked;
}

// Numbers in a type that must hold them as they are.
Tensor stored(const Shape& shape, const std::vector<float>& numbers, DType dtype, std::string_view what) {
  Tensor exact = Tensor::of<float>(shape, std::span<const float>(numbers));
  if (dtype == DType::Float32) return exact;
  Tensor narrow = cast(exact, dtype);
  if (to_floats(narrow) != numbers)
    throw Error(ErrorKind::Quantization, fmt::format("a {} is no number of {}", what, name_of(dtype)));
  return narrow;
}

Tensor zero_point_tensor(const QParams& params, const Shape& shape) {
  std::vector<float> zero_points = params.zero_points;
  zero_points.resize(params.scales.size());
  const Tensor exact = Tensor::of<float>(shape, std::span<const float>(zero_points));
  const Tensor codes = cast(exact, params.scheme.code);
  if (to_floats(codes) != zero_points)
    throw Error(ErrorKind::Quantization,
                fmt::format("a zero point is none of the codes of '{}'", to_string(params.scheme)));
  return codes;
}

ValueId as_float32(Rewriter& rewriter, ValueId value, const std::string& name) {
  ValueType type = rewriter.graph().value(value).type;
  if (type.dtype == DType::Float32) return value;
  type.dtype = DType::Float32;
  return rewriter.add_op("Cast", {value}, {{"to", std::int64_t{static_cast<int>(DType::Float32)}, {}}},
                         name + "_float32", type);
}

ValueId reshaped(Rewriter& rewriter, ValueId value, const Shape& shape, const std::string& name) {
  if (rewriter.graph().value(value).type.static_shape() == shape) return value;
  const ValueId target = rewriter.add_constant(
      name + "_shape",
      Tensor::of<std::int64_t>({static_cast<std::int64_t>(shape.size())}, std::span<const std::int64_t>(shape)));
  return rewriter.add_op("Reshape", {value, target}, {}, name + "_reshaped", ValueType::tensor(DType::Float32, shape));
}

ValueId add_nested(Rewriter& rewriter, const std::string& name, const NestedScales& nested, const Shape& shape) {
  const ValueId numbers = add_decoded(rewriter, name, nested.params.codes, nested.params);
  const ValueId offset = rewriter.add_constant(name + "_offset", Tensor::scalar(nested.offset));
  const Shape flat{static_cast<std::int64_t>(element_count(shape))};
  if (nested.rows == 0)
    return rewriter.add_op("Add", {reshaped(rewriter, numbers, shape, name), offset}, {}, name,
                           ValueType::tensor(DType::Float32, shape));
  const Shape rows{nested.rows, flat[0] / nested.rows}, columns{rows[1], rows[0]};
  ValueId scales = rewriter.add_op("Add", {reshaped(rewriter, numbers, rows, name + "_rows"), offset}, {},
                                   name + "_by_rows", ValueType::tensor(DType::Float32, rows));
  scales = rewriter.add_op("Transpose", {scales}, {}, name + "_transposed", ValueType::tensor(DType::Float32, columns));
  return reshaped(rewriter, scales, shape, name);
}

ValueId add_scale(Rewriter& rewriter, const std::string& name, const QParams& params, const Shape& shape) {
  if (params.nested) return add_nested(rewriter, name, *params.nested, shape);
  const ValueId scale = rewriter.add_constant(name, stored(shape, params.scales, params.scheme.scale, "scale"));
  return as_float32(rewriter, scale, name);
}

Attributes layout_attributes(const Scheme& scheme) {
  Attributes attributes;
  if (scheme.granularity == Granularity::Tensor) return attributes;
  attributes.push_back({"axis", std::int64_t{scheme.axis}, {}});
  if (scheme.granularity == Granularity::Block) attributes.push_back({"block_size", scheme.block_size, {}});
  return attributes;
}

// Where DequantizeLinear's formula is spelled out, scales and zero points are broadcast: an axis of whole blocks is
// split in two.
struct Spread {
  Shape numbers, parameters;
  std::int64_t block = 0;  // of an axis that ends within a block: parameters are laid out to their blocks' lengths
};

Spread spread_of(const Scheme& scheme, const Shape& shape) {
  if (scheme.granularity == Granularity::Tensor) return {shape, {}};
  const std::size_t axis = axis_of(scheme, shape);
  const std::int64_t length = shape[axis], block = std::max<std::int64_t>(1, std::min(scheme.block_size, length));
  if (scheme.granularity == Granularity::Channel) {
    Spread spread{shape, Shape(shape.size(), 1)};
    spread.parameters[axis] = length;
    return spread;
  }
  if (length % block != 0) return {shape, parameter_shape(scheme, shape, 0), block};
  Spread spread{shape, shape};
  spread.numbers[axis] = spread.parameters[axis] = length / block;
  spread.numbers.insert(spread.numbers.begin() + static_cast<std::ptrdiff_t>(axis) + 1, block);
  spread.parameters.insert(spread.parameters.begin() + static_cast<std::ptrdiff_t>(axis) + 1, 1);
  return spread;
}

ValueId add_list(Rewriter& rewriter, const std::string& name, const std::vector<std::int64_t>& numbers) {
  return rewriter.add_constant(name, Tensor::of<std::int64_t>({static_cast<std::int64_t>(numbers.size())},
                                                              std::span<const std::int64_t>(numbers)));
}

// Parameters, one a block, as one for each number.
ValueId laid_out(Rewriter& rewriter, ValueId value, const Spread& spread, std::size_t axis, const std::string& name) {
  if (spread.block == 0) return value;
  const auto behind = static_cast<std::ptrdiff_t>(axis) + 1;
  Shape split = spread.parameters, wide, whole = spread.parameters;
  split.insert(split.begin() + behind, 1);
  wide = split;
  wide[axis + 1] = spread.block;
  whole[axis] *= spread.block;
  value = reshaped(rewriter, value, split, name + "_split");
  value = rewriter.add_op("Expand", {value, add_list(rewriter, name + "_wide", wide)}, {}, name + "_expanded",
                          ValueType::tensor(DType::Float32, wide));
  value = reshaped(rewriter, value, whole, name + "_whole");
  const auto at = static_cast<std::int64_t>(axis);
  return rewriter.add_op(
      "Slice",
      {value, add_list(rewriter, name + "_from", {0}), add_list(rewriter, name + "_to", {spread.numbers[axis]}),
       add_list(rewriter, name + "_axis", {at})},
      {}, name + "_cut", ValueType::tensor(DType::Float32, spread.numbers));
}

ValueId add_unscaled(Rewriter& rewriter, const std::string& name, ValueId codes, const QParams& params,
                     const Shape& shape) {
  if (params.codebook.empty()) return as_float32(rewriter, codes, name);
  const ValueId book = rewriter.add_constant(
      name + "_codebook",
      Tensor::of<float>({static_cast<std::int64_t>(params.codebook.size())}, std::span<const float>(params.codebook)));
  const ValueId indices = rewriter.add_op("Cast", {codes}, {{"to", std::int64_t{static_cast<int>(DType::Int32)}, {}}},
                                          name + "_indices", ValueType::tensor(DType::Int32, shape));
  return rewriter.add_op("Gather", {book, indices}, {}, name + "_numbers", ValueType::tensor(DType::Float32, shape));
}

}  // namespace

ValueId add_spelled_out(Rewriter& rewriter, const std::string& name, ValueId codes, const QParams& params,
                        const Shape& shape) {
  ValueId numbers = add_unscaled(rewriter, name, codes, params, shape);
  if (params.scales.empty()) return numbers;
  const Spread spread = spread_of(params.scheme, shape);
  const std::size_t axis = shape.empty() ? 0 : axis_of(params.scheme, shape);
  const ValueType type = ValueType::tensor(DType::Float32, spread.numbers);
  numbers = reshaped(rewriter, numbers, spread.numbers, name);
  if (!params.zero_points.empty()) {
    const DType as = params.scheme.zero_point == DType::Undefined ? DType::Float32 : params.scheme.zero_point;
    const ValueId zero_point =
        rewriter.add_constant(name + "_zero_point", stored(spread.parameters, params.zero_points, as, "zero point"));
    const ValueId floats = as_float32(rewriter, zero_point, name + "_zero_point");
    numbers = rewriter.add_op("Sub", {numbers, laid_out(rewriter, floats, spread, axis, name + "_zero_point")}, {},
                              name + "_shifted", type);
  }
  const ValueId scale = laid_out(rewriter, add_scale(rewriter, name + "_scale", params, spread.parameters), spread,
                                 axis, name + "_scale");
  numbers = rewriter.add_op("Mul", {numbers, scale}, {}, name + "_scaled", type);
  if (!params.biases.empty()) {
    const ValueId bias =
        rewriter.add_constant(name + "_bias", stored(spread.parameters, params.biases, DType::Float32, "bias"));
    numbers = rewriter.add_op("Add", {numbers, laid_out(rewriter, bias, spread, axis, name + "_bias")}, {},
                              name + "_biased", type);
  }
  return reshaped(rewriter, numbers, shape, name);
}

bool is_affine(const QParams& params) {
  return info(params.scheme.code).is_integer && params.codebook.empty() && params.biases.empty() &&
         params.scheme.zero_point == DType::Undefined;
}

Linear add_linear(Rewriter& rewriter, const std::string& name, const QParams& params, const Shape& shape) {
  const Shape parameters = parameter_shape(params.scheme, shape, params.scales.size());
  const ValueId scale = add_scale(rewriter, name + "_scale", params, parameters);
  return {scale, rewriter.add_constant(name + "_zero_point", zero_point_tensor(params, parameters))};
}

ValueId add_decoded(Rewriter& rewriter, const std::string& name, const Tensor& codes, const QParams& params) {
  if (!is_affine(params)) {
    const std::string type = params.scales.empty() ? std::string(name_of(codes.dtype())) : "quantized";
    return add_spelled_out(rewriter, name, rewriter.add_constant(fmt::format("{}_{}", name, type), codes), params,
                           codes.shape());
  }
  const Linear linear = add_linear(rewriter, name, params, codes.shape());
  return rewriter.add_op(
      "DequantizeLinear", {rewriter.add_constant(name + "_quantized", codes), linear.scale, linear.zero_point},
      layout_attributes(params.scheme), name + "_dequantized", ValueType::tensor(DType::Float32, codes.shape()));
}

}  // namespace bw
