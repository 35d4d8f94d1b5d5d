// The samples that tests/oracle/observers.py makes, and evidence of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"
#include "observe/evidence.h"

namespace bw::test {

inline std::vector<float> sample(const std::string& kind, std::size_t index, std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto hashed = static_cast<std::uint32_t>((i + index * 1000003) * 2654435761U);
    const float x = static_cast<float>(hashed >> 8) * 0x1p-24F - 0.5F;
    const auto step = static_cast<float>(index);
    if (kind == "uniform") values[i] = x * (2 + step);
    if (kind == "peaked") values[i] = x * x * x * 64;
    if (kind == "relu") values[i] = std::max(x * x * x * (64 + 8 * step), 0.0F);
    if (kind == "outlier") values[i] = i == 0 ? 50.0F : x * 4;
    if (kind == "shifted") values[i] = x + (3 + step);
    if (kind == "tiny") values[i] = x * 0x1p-20F;
  }
  return values;
}

// 150 values of very different magnitudes, some of them zero.
inline std::vector<float> varied(std::size_t index) {
  Random random(index);
  const double magnitude = std::ldexp(1.0, static_cast<int>(random.below(60)) - 30);
  std::vector<float> values(150);
  for (float& value : values) value = random.below(5) ? static_cast<float>(random.normal() * magnitude) : 0.0F;
  return values;
}

inline ValueEvidence evidence_of(StatisticKey key, const std::string& kind, std::size_t samples, std::size_t count) {
  ValueEvidence evidence("x", {key});
  for (std::size_t i = 0; i < samples; ++i) evidence.add(sample(kind, i, count), i);
  return evidence;
}

}  // namespace bw::test
