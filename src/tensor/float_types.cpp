#include "tensor/float_types.h"

#include <bit>

namespace bw {
namespace {

constexpr std::uint32_t kInfinity = 0x7F800000;

// The upper 32 - `dropped` bits of `bits`, rounded half to even. A carry into the exponent is the right result.
std::uint32_t round_off(std::uint32_t bits, int dropped) {
  const std::uint32_t half = (1U << (dropped - 1)) - 1 + ((bits >> dropped) & 1);
  return (bits + half) >> dropped;
}

}  // namespace

Half to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000, magnitude = bits & 0x7FFFFFFF;
  const auto make = [&](std::uint32_t half) { return Half{static_cast<std::uint16_t>(sign | half)}; };
  if (magnitude > kInfinity) return make(0x7E00 | ((magnitude >> 13) & 0x1FF));
  if (magnitude >= 0x477FF000) return make(0x7C00);                                 // 65520 and above round to infinity
  if (magnitude >= 0x38800000) return make(round_off(magnitude - 0x38000000, 13));  // normal: exponent bias 127 -> 15
  // Subnormal: adding 0.5 leaves the value in units of 2^-24 in the low bits, rounded half to even by the addition.
  const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
  return make(std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(0.5F));
}

BFloat16 to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFF) > kInfinity) return {static_cast<std::uint16_t>((bits >> 16) | 0x40)};
  return {static_cast<std::uint16_t>(round_off(bits, 16))};
}

float to_float(Half value) {
  const std::uint32_t sign = static_cast<std::uint32_t>(value.bits & 0x8000) << 16, magnitude = value.bits & 0x7FFF;
  if (magnitude >= 0x7C00) {  // infinity and NaN; a signalling NaN becomes quiet
    const std::uint32_t quiet = magnitude > 0x7C00 ? 0x400000 : 0;
    return std::bit_cast<float>(sign | kInfinity | quiet | (magnitude & 0x3FF) << 13);
  }
  if (magnitude < 0x400) {  // zero and subnormals: exact in float
    const float unsigned_value = static_cast<float>(magnitude) * 0x1p-24F;
    return sign ? -unsigned_value : unsigned_value;
  }
  return std::bit_cast<float>(sign | ((magnitude << 13) + 0x38000000));
}

float to_float(BFloat16 value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16);
}

}  // namespace bw
