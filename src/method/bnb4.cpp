// Weights as bitsandbytes' 4-bit types have them: codes of a table (NF4: Dettmers et al., "QLoRA", 2023; FP4), with the
// largest magnitude of each block as its scale, and these scales in 8 bits once more if wanted.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/parallel.h"
#include "method/catalog.h"
#include "method/coded_products.h"
#include "tensor/codebooks.h"
#include "tensor/convert.h"
#include "tensor/transposed.h"

namespace bw {
namespace {

constexpr std::size_t kNestedBlock = 256;

constexpr Parameter kParameters[] = {
    {.name = "type",
     .type = Parameter::Type::Choice,
     .standard = "nf4",
     .says = "which numbers the codes stand for: quantiles of a normal distribution, or floats",
     .choices = "nf4|fp4"},
    {.name = "block",
     .type = Parameter::Type::Choice,
     .standard = "64",
     .says = "weights that share a scale",
     .choices = "32|64|128|256|512|1024|2048|4096"},
    {.name = "double",
     .type = Parameter::Type::Flag,
     .standard = "yes",
     .says = "scales in 8 bits as well (double quantization), 256 of which share one"},
    kKeepFloat,
};

// Numbers in blocks, each in units of the largest magnitude of its block.
struct Coded {
  std::vector<std::uint8_t> codes;
  std::vector<float> scales;
};

constexpr std::size_t kTogether = 256;  // blocks

Coded coded_in_blocks(std::span<const float> values, std::size_t block, std::span<const float> table) {
  const NearestCodes nearest(table);
  Coded coded{std::vector<std::uint8_t>(values.size()), std::vector<float>((values.size() + block - 1) / block)};
  parallel_for(coded.scales.size(), kTogether, [&](std::size_t begin, std::size_t end) {
    const std::size_t first = begin * block, count = std::min(end * block, values.size()) - first;
    encode_units(values.subspan(first, count), block, nearest.small(), std::span(coded.codes).subspan(first, count),
                 std::span(coded.scales).subspan(begin, end - begin));
  });
  return coded;
}

// Of numbers from -1 to 1; the steps are where bitsandbytes looks up 8-bit codes on CPUs.
float to_step(float unit) {
  constexpr float kSteps = 65535.0F / 2;
  return std::trunc((unit + 1.0F) * kSteps + 0.5F) / kSteps - 1.0F;
}

Coded coded_in_steps(std::span<const float> values, std::size_t block, std::span<const float> table) {
  const NearestCodes nearest(table);
  Coded coded{std::vector<std::uint8_t>(values.size()), {}};
  for (std::size_t first = 0; first < values.size(); first += block) {
    const std::span<const float> own = values.subspan(first, std::min(block, values.size() - first));
    const float largest = largest_magnitude(own), per_unit = 1.0F / std::max(largest, kLeastUnit);
    coded.scales.push_back(largest);
    if (largest == 0) continue;  // codes 0, which stand for nothing then
    std::vector<float> units;
    for (const float value : own) units.push_back(to_step(std::clamp(value * per_unit, -1.0F, 1.0F)));
    nearest.encode(units, std::span(coded.codes).subspan(first, own.size()));
  }
  return coded;
}

// Of scales row by row of the outputs.
NestedScales nested_scales(const std::vector<float>& scales) {
  const double sum = std::accumulate(scales.begin(), scales.end(), 0.0);
  const auto mean = static_cast<float>(sum / static_cast<double>(scales.size()));
  std::vector<float> centred(scales.size());
  std::ranges::transform(scales, centred.begin(), [&](float scale) { return scale - mean; });
  const Coded coded = coded_in_steps(centred, kNestedBlock, dynamic8());
  const auto count = static_cast<std::int64_t>(scales.size());
  return {.params = {.scheme = {.code = DType::UInt8, .granularity = Granularity::Block, .block_size = kNestedBlock},
                     .scales = coded.scales,
                     .zero_points = {},
                     .codebook = {dynamic8().begin(), dynamic8().end()},
                     .codes = Tensor::of<std::uint8_t>({count}, std::span<const std::uint8_t>(coded.codes))},
          .offset = mean};
}

QParams coded_matrix(const Tensor& weight, const Product& product, std::size_t block, std::span<const float> table,
                     bool twice) {
  const auto shape = weight.shape();
  const auto outputs = static_cast<std::size_t>(shape[product.transposed ? 0 : 1]);
  const std::span<const float> stored = weight.data<float>();
  const std::size_t inner = stored.size() / outputs;
  const std::vector<float> turned = product.transposed ? std::vector<float>{} : transposed(stored, inner, outputs);
  Coded coded = coded_in_blocks(product.transposed ? stored : turned, block, table);
  QParams params{.scheme = {.code = DType::UInt4,
                            .granularity = Granularity::Block,
                            .axis = product.reduced_axis(),
                            .block_size = static_cast<std::int64_t>(block)},
                 .scales = coded.scales,
                 .zero_points = {},
                 .codebook = {table.begin(), table.end()}};
  if (twice) {
    NestedScales nested = nested_scales(coded.scales);
    if (!product.transposed) nested.rows = static_cast<std::int64_t>(outputs);
    params.scales = decoded(nested);
    params.nested = std::make_shared<const NestedScales>(std::move(nested));
  } else if (!product.transposed) {
    params.scales = transposed(std::span<const float>(coded.scales), outputs, inner / block);
  }
  if (!product.transposed) coded.codes = transposed(std::span<const std::uint8_t>(coded.codes), outputs, inner);
  params.codes = cast(Tensor::of<std::uint8_t>(shape, std::span<const std::uint8_t>(coded.codes)), DType::UInt4);
  return params;
}

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  const KeepFloat keep(task, arguments);
  const auto block = static_cast<std::size_t>(arguments.integer("block"));
  const FourBits& table = arguments.text("type") == "nf4" ? nf4() : fp4();
  const bool twice = arguments.flag("double");
  code_products(
      task, keep, block,
      [&](const Tensor& weight, const Product& product) { return coded_matrix(weight, product, block, table, twice); },
      plan);
  return plan;
}

constexpr std::string_view kUsual[] = {"bnb4"};

}  // namespace

Method bnb4() {
  return {.name = "bnb4",
          .says = "weights as bitsandbytes' NF4 or FP4, float activations",
          .group = "ptq_4bit",
          .stage = Stage::Decide,
          .parameters = kParameters,
          .run = run,
          .usual = kUsual};
}

}  // namespace bw
