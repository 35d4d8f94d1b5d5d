// Weights as MLX's affine quantization has them (mlx.core.quantize): unsigned codes in groups along a row, the end of
// the larger magnitude met exactly, a bias in place of a zero point.
#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "method/blocks.h"
#include "method/catalog.h"
#include "method/coded_products.h"
#include "tensor/convert.h"
#include "tensor/transposed.h"

namespace bw {
namespace {

constexpr Parameter kParameters[] = {
    {.name = "bits",
     .type = Parameter::Type::Choice,
     .standard = "4",
     .says = "bits of a weight",
     .choices = "2|3|4|5|6|8"},
    {.name = "group",
     .type = Parameter::Type::Choice,
     .standard = "64",
     .says = "weights that share a scale and a bias",
     .choices = "32|64|128"},
    kKeepFloat,
};

struct Group {
  float scale, bias;
};

// In float32, as MLX computes it.
Group group_of(std::span<const float> weights, float highest) {
  constexpr float kLeast = 1e-7F;
  const auto [low, high] = std::ranges::minmax(weights);
  const bool from_low = std::fabs(low) > std::fabs(high);
  float scale = std::max((high - low) / highest, kLeast);
  if (!from_low) scale = -scale;
  const float edge = from_low ? low : high, code = std::nearbyint(edge / scale);
  return code == 0 ? Group{scale, 0} : Group{edge / code, edge};
}

QParams coded(const Tensor& weight, const Product& product, int bits, std::size_t size) {
  const auto outputs = static_cast<std::size_t>(weight.shape()[product.transposed ? 0 : 1]);
  const std::size_t inner = weight.size() / outputs, groups = inner / size;
  const std::span<const float> stored = weight.data<float>();
  const std::vector<float> turned = product.transposed ? std::vector<float>{} : transposed(stored, inner, outputs);
  const std::span<const float> rows = product.transposed ? stored : turned;
  QParams params{.scheme = unsigned_codes(bits), .scales = {}, .zero_points = {}};
  params.scheme.granularity = Granularity::Block;
  params.scheme.axis = product.reduced_axis();
  params.scheme.block_size = static_cast<std::int64_t>(size);
  params.scales.resize(outputs * groups);
  params.biases.resize(outputs * groups);
  std::vector<std::uint8_t> codes(rows.size());
  const auto highest = static_cast<float>((1 << bits) - 1);
  parallel_for(params.scales.size(), 256, [&](std::size_t begin, std::size_t end) {
    for (std::size_t g = begin; g < end; ++g) {
      const std::span<const float> own = rows.subspan(g * size, size);
      const Group group = group_of(own, highest);
      params.scales[g] = group.scale;
      params.biases[g] = group.bias;
      for (std::size_t i = 0; i < size; ++i)
        codes[g * size + i] =
            static_cast<std::uint8_t>(std::clamp(std::nearbyint((own[i] - group.bias) / group.scale), 0.0F, highest));
    }
  });
  if (!product.transposed) {
    params.scales = transposed(std::span<const float>(params.scales), outputs, groups);
    params.biases = transposed(std::span<const float>(params.biases), outputs, groups);
    codes = transposed(std::span<const std::uint8_t>(codes), outputs, inner);
  }
  params.codes =
      cast(Tensor::of<std::uint8_t>(weight.shape(), std::span<const std::uint8_t>(codes)), params.scheme.code);
  return params;
}

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  const KeepFloat keep(task, arguments);
  const auto size = static_cast<std::size_t>(arguments.integer("group"));
  const int bits = static_cast<int>(arguments.integer("bits"));
  code_products(
      task, keep, size,
      [&](const Tensor& weight, const Product& product) { return coded(weight, product, bits, size); }, plan);
  return plan;
}

}  // namespace

Method mlx() {
  return {.name = "mlx",
          .says = "weights as MLX's affine quantization has them, float activations",
          .group = "ptq_4bit",
          .stage = Stage::Decide,
          .parameters = kParameters,
          .run = run};
}

}  // namespace bw
