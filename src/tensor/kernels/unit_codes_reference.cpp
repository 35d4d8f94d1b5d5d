#include <algorithm>
#include <cmath>

#include "tensor/kernels/unit_codes.h"

namespace bw::reference {

void encode_units(std::span<const float> values, std::size_t block, const SmallTable& table,
                  std::span<std::uint8_t> codes, std::span<float> scales) {
  for (std::size_t b = 0; b < scales.size(); ++b) {
    const std::span<const float> own = values.subspan(b * block, std::min(block, values.size() - b * block));
    scales[b] = 0;
    for (const float value : own) scales[b] = std::max(scales[b], std::fabs(value));
    const float per_unit = 1.0F / std::max(scales[b], kLeastUnit);
    for (std::size_t i = 0; i < own.size(); ++i) {
      const float unit = std::clamp(own[i] * per_unit, -1.0F, 1.0F);
      const auto below = std::ranges::lower_bound(table.bounds, unit) - table.bounds.begin();
      codes[b * block + i] = table.codes[static_cast<std::size_t>(below)];
    }
  }
}

}  // namespace bw::reference
