// Weights as 4-bit floats (E2M1) in blocks: MXFP4 (OCP Microscaling Formats specification 1.0: blocks of 32, scales
// that are powers of two) and NVFP4 (blocks of 16, scales in E4M3).
#include <algorithm>
#include <array>
#include <cmath>

#include "base/parallel.h"
#include "method/catalog.h"
#include "method/coded_products.h"
#include "tensor/convert.h"
#include "tensor/packing.h"
#include "tensor/transposed.h"

namespace bw {
namespace {

constexpr float kLargest = 6, kLargestScale = 448;  // of E2M1, of E4M3

constexpr Parameter kParameters[] = {
    {.name = "type",
     .type = Parameter::Type::Choice,
     .standard = "mxfp4",
     .says = "blocks of 32 with powers of two as scales, or of 16 with scales in 8-bit floats",
     .choices = "mxfp4|nvfp4"},
    {.name = "rule",
     .type = Parameter::Type::Choice,
     .standard = "ocp",
     .says =
         "the specification's: halves to even, a power of two below the largest weight, which may then be clipped; or "
         "MLX's: halves to zero, a power of two that reaches it",
     .choices = "ocp|mlx"},
    {.name = "tensor_scale",
     .type = Parameter::Type::Flag,
     .standard = "no",
     .says =
         "of nvfp4: one more scale, in float32, for the whole tensor, so that those of blocks use all of their type"},
    kKeepFloat,
};

std::vector<float> numbers_of_codes() {
  std::vector<float> numbers;
  for (std::uint8_t code = 0; code < 16; ++code) numbers.push_back(decode_small_float(DType::Float4E2M1, code));
  return numbers;
}

// Halves towards zero, which has no sign.
std::uint8_t halves_to_zero(float value) {
  constexpr std::array kBounds{0.25F, 0.75F, 1.25F, 1.75F, 2.5F, 3.5F, 5.0F};
  const auto code = static_cast<std::uint8_t>(std::ranges::lower_bound(kBounds, std::fabs(value)) - kBounds.begin());
  return value < 0 && code != 0 ? code | 8 : code;
}

float power_of_two(float largest, bool reaches) {
  if (largest == 0) return 1;
  const int exponent = reaches ? static_cast<int>(std::ceil(std::log2(largest / kLargest))) : std::ilogb(largest) - 2;
  return std::ldexp(1.0F, std::clamp(exponent, -127, 127));
}

float in_e4m3(float scale) {
  return decode_small_float(DType::Float8E4M3FN,
                            encode_small_float(DType::Float8E4M3FN, std::min(scale, kLargestScale)));
}

struct Rule {
  bool powers, mlx, tensor_scale;
  std::size_t block() const { return powers ? 32 : 16; }
};

// E4M3 codes of scales, in units of one float32 for all of them.
NestedScales nested_scales(const std::vector<float>& units, float unit) {
  const auto count = static_cast<std::int64_t>(units.size());
  return {.params = {.scheme = {.code = DType::Float8E4M3FN},
                     .scales = {unit},
                     .zero_points = {},
                     .codes = cast(Tensor::of<float>({count}, std::span<const float>(units)), DType::Float8E4M3FN)}};
}

QParams coded(const Tensor& weight, const Product& product, const Rule& rule) {
  const auto outputs = static_cast<std::size_t>(weight.shape()[product.transposed ? 0 : 1]);
  const std::size_t inner = weight.size() / outputs, size = rule.block();
  const std::span<const float> stored = weight.data<float>();
  const std::vector<float> turned = product.transposed ? std::vector<float>{} : transposed(stored, inner, outputs);
  const std::span<const float> rows = product.transposed ? stored : turned;
  const float unit = rule.tensor_scale ? std::max(largest_magnitude(rows) / (kLargest * kLargestScale), 1e-30F) : 1.0F;
  std::vector<float> units(rows.size() / size);
  std::vector<std::uint8_t> codes(rows.size());
  parallel_for(units.size(), 256, [&](std::size_t begin, std::size_t end) {
    for (std::size_t b = begin; b < end; ++b) {
      const std::span<const float> own = rows.subspan(b * size, size);
      const float largest = largest_magnitude(own);
      units[b] = rule.powers ? power_of_two(largest, rule.mlx) : in_e4m3(largest / kLargest / unit);
      const float scale = units[b] * unit;
      for (std::size_t i = 0; i < size; ++i) {
        const float number = scale == 0 ? 0.0F : own[i] / scale;
        codes[b * size + i] = rule.mlx ? halves_to_zero(number) : encode_small_float(DType::Float4E2M1, number);
      }
    }
  });
  if (!product.transposed) {
    units = transposed(std::span<const float>(units), outputs, inner / size);
    codes = transposed(std::span<const std::uint8_t>(codes), outputs, inner);
  }
  QParams params{.scheme = {.code = DType::UInt4,
                            .granularity = Granularity::Block,
                            .axis = product.reduced_axis(),
                            .block_size = static_cast<std::int64_t>(size)},
                 .scales = units,
                 .zero_points = {},
                 .codebook = numbers_of_codes()};
  params.codes = cast(Tensor::of<std::uint8_t>(weight.shape(), std::span<const std::uint8_t>(codes)), DType::UInt4);
  params.scheme.scale = rule.powers ? DType::Float8E8M0 : DType::Float8E4M3FN;
  if (!rule.tensor_scale) return params;
  params.scheme.scale = DType::Float32;
  params.nested = std::make_shared<const NestedScales>(nested_scales(units, unit));
  params.scales = decoded(*params.nested);
  return params;
}

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  const KeepFloat keep(task, arguments);
  const bool powers = arguments.text("type") == "mxfp4";
  const Rule rule{powers, arguments.text("rule") == "mlx", !powers && arguments.flag("tensor_scale")};
  code_products(
      task, keep, rule.block(),
      [&](const Tensor& weight, const Product& product) { return coded(weight, product, rule); }, plan);
  return plan;
}

}  // namespace

Method float4() {
  return {.name = "float4",
          .says = "weights as 4-bit floats in blocks, MXFP4 or NVFP4; float activations",
          .group = "ptq_4bit",
          .stage = Stage::Decide,
          .parameters = kParameters,
          .run = run};
}

}  // namespace bw
