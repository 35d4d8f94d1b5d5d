#include <algorithm>
#include <array>
#include <limits>

#include "graph/verify_parts.h"

namespace bw {
namespace {

constexpr std::int64_t kMax32 = std::numeric_limits<std::int32_t>::max();

struct AttributeRange {
  std::string_view attribute;
  std::int64_t least, most;
  std::string_view op = {};  // empty: wherever it stands
};

// Integers, and each of a list of integers. A row of an operator comes before the general one.
constexpr std::array kRanges{
    AttributeRange{"blocksize", 1, 1 << 15, "DepthToSpace"},
    AttributeRange{"blocksize", 1, 1 << 15, "SpaceToDepth"},
    AttributeRange{"size", 1, kMax32, "LRN"},
    AttributeRange{"pooled_shape", 1, 1 << 20, "MaxRoiPool"},
    AttributeRange{"output_height", 1, 1 << 20, "RoiAlign"},
    AttributeRange{"output_width", 1, 1 << 20, "RoiAlign"},
    AttributeRange{"sampling_ratio", 0, 1 << 20, "RoiAlign"},
    AttributeRange{"k", 1, kMax32, "TopK"},
    AttributeRange{"sample_size", 1, kMax32, "Multinomial"},
    AttributeRange{"onesided", 0, 1, "STFT"},
    AttributeRange{"onesided", 0, 1, "DFT"},
    AttributeRange{"inverse", 0, 1, "DFT"},
    AttributeRange{"num_outputs", 1, 1 << 20, "Split"},
    AttributeRange{"block_size", 0, kMax32, "QuantizeLinear"},
    AttributeRange{"block_size", 0, kMax32, "DequantizeLinear"},
    AttributeRange{"num_scan_inputs", 1, 1 << 20, "Scan"},
    AttributeRange{"K", 1, kMax32, "MatMulNBits"},
    AttributeRange{"N", 1, kMax32, "MatMulNBits"},
    AttributeRange{"group", 1, kMax32},
    AttributeRange{"offset_group", 1, kMax32},
    AttributeRange{"num_groups", 1, kMax32},
    AttributeRange{"groups", 1, kMax32},
    AttributeRange{"strides", 1, kMax32},
    AttributeRange{"dilations", 1, kMax32},
    AttributeRange{"kernel_shape", 1, kMax32},
    AttributeRange{"pads", -kMax32, kMax32},
    AttributeRange{"paddings", -kMax32, kMax32},
    AttributeRange{"output_padding", 0, kMax32},
    AttributeRange{"hidden_size", 1, kMax32},
    AttributeRange{"num_heads", 1, kMax32},
    AttributeRange{"q_num_heads", 1, kMax32},
    AttributeRange{"kv_num_heads", 1, kMax32},
    AttributeRange{"block_size", 1, kMax32},
};

void each_integer(const Attribute& attribute, const auto& visit) {
  if (const auto* one = std::get_if<std::int64_t>(&attribute.data)) visit(*one);
  if (const auto* many = std::get_if<std::vector<std::int64_t>>(&attribute.data))
    for (const std::int64_t value : *many) visit(value);
}

}  // namespace

void verify_attributes(const Site& site) {
  const Node& node = site.node();
  if (!node.domain.empty() && node.domain != "com.microsoft") return;
  for (const Attribute& attribute : node.attributes) {
    if (attribute.name == "axis" || attribute.name == "axes" || attribute.name == "batch_dims") {
      const std::int64_t rank = site.limits().rank;
      each_integer(attribute, [&](std::int64_t value) { site.require_within(attribute.name, value, -rank, rank); });
      continue;
    }
    const auto row = std::find_if(kRanges.begin(), kRanges.end(), [&](const AttributeRange& range) {
      return range.attribute == attribute.name && (range.op.empty() || range.op == node.op_type);
    });
    if (row != kRanges.end())
      each_integer(attribute,
                   [&](std::int64_t value) { site.require_within(attribute.name, value, row->least, row->most); });
  }
}

}  // namespace bw
