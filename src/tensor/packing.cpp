#include "tensor/packing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace bw {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A float of sign, exponent and mantissa bits. `largest` is the code of the largest finite value; what follows it up to
// the sign bit is `above` (NaN or infinity and then NaN). FNUZ formats have NaN where others have -0.
struct SmallFloat {
  DType dtype;
  int bits, mantissa_bits, bias;
  std::uint8_t largest;
  bool has_infinity, has_nan, unsigned_zero;

  std::uint8_t sign_bit() const { return static_cast<std::uint8_t>(1 << (bits - 1)); }
  std::uint8_t nan() const { return unsigned_zero ? sign_bit() : static_cast<std::uint8_t>(sign_bit() - 1); }
};
constexpr std::array kFormats{
    SmallFloat{DType::Float8E4M3FN, 8, 3, 7, 0x7E, false, true, false},
    SmallFloat{DType::Float8E4M3FNUZ, 8, 3, 8, 0x7F, false, true, true},
    SmallFloat{DType::Float8E5M2, 8, 2, 15, 0x7B, true, true, false},
    SmallFloat{DType::Float8E5M2FNUZ, 8, 2, 16, 0x7F, false, true, true},
    SmallFloat{DType::Float4E2M1, 4, 1, 1, 0x7, false, false, false},
};

const SmallFloat& format_of(DType dtype) {
  for (const SmallFloat& format : kFormats)
    if (format.dtype == dtype) return format;
  throw Error(ErrorKind::Internal, std::string(name_of(dtype)) + " is no small float");
}

float magnitude(const SmallFloat& format, int code) {
  if (code > format.largest) return format.has_infinity && code == format.largest + 1 ? kInfinity : kNaN;
  const int exponent = code >> format.mantissa_bits, fraction = code & ((1 << format.mantissa_bits) - 1);
  const int significand = exponent > 0 ? fraction + (1 << format.mantissa_bits) : fraction;
  return std::ldexp(static_cast<float>(significand), std::max(exponent, 1) - format.bias - format.mantissa_bits);
}

std::uint8_t encode_e8m0(float value) {
  if (std::isnan(value) || std::signbit(value)) return value == 0 ? 0 : 0xFF;
  if (std::isinf(value)) return 0xFE;
  int exponent;
  const float mantissa = std::frexp(value, &exponent);  // value = mantissa 2^exponent, mantissa in [1/2, 1) or 0
  if (mantissa == 0) return 0;
  return static_cast<std::uint8_t>(std::clamp(exponent - (mantissa == 0.5F ? 1 : 0) + 127, 0, 254));
}

}  // namespace

std::vector<std::uint8_t> unpack_codes(std::span<const std::byte> packed, int bits, std::size_t count) {
  const std::size_t per_byte = 8 / static_cast<std::size_t>(bits);
  if (packed.size() < (count + per_byte - 1) / per_byte) throw Error(ErrorKind::Internal, "packed codes are cut short");
  const unsigned mask = (1U << bits) - 1;
  std::vector<std::uint8_t> codes(count);
  for (std::size_t i = 0; i < count; ++i)
    codes[i] = static_cast<std::uint8_t>(
        (std::to_integer<unsigned>(packed[i / per_byte]) >> (i % per_byte * static_cast<std::size_t>(bits))) & mask);
  return codes;
}

void pack_codes(std::span<const std::uint8_t> codes, int bits, std::span<std::byte> packed) {
  const std::size_t per_byte = 8 / static_cast<std::size_t>(bits);
  if (packed.size() != (codes.size() + per_byte - 1) / per_byte)
    throw Error(ErrorKind::Internal, "wrong room for packed codes");
  const unsigned mask = (1U << bits) - 1;
  std::fill(packed.begin(), packed.end(), std::byte{0});
  for (std::size_t i = 0; i < codes.size(); ++i)
    packed[i / per_byte] |=
        static_cast<std::byte>((codes[i] & mask) << (i % per_byte * static_cast<std::size_t>(bits)));
}

float decode_small_float(DType dtype, std::uint8_t code) {
  if (dtype == DType::Float8E8M0) return code == 0xFF ? kNaN : std::ldexp(1.0F, code - 127);
  const SmallFloat& format = format_of(dtype);
  const std::uint8_t sign = code & format.sign_bit();
  if (format.unsigned_zero && code == sign && sign != 0) return kNaN;
  const float value = magnitude(format, code & (format.sign_bit() - 1));
  return sign ? -value : value;
}

std::uint8_t encode_small_float(DType dtype, float value) {
  if (dtype == DType::Float8E8M0) return encode_e8m0(value);
  const SmallFloat& format = format_of(dtype);
  const std::uint8_t sign = std::signbit(value) ? format.sign_bit() : 0;
  if (std::isnan(value) && format.has_nan) return format.unsigned_zero ? format.nan() : sign | format.nan();
  // Codes of one sign are in the order of their values: find the last one not above the magnitude.
  int low = 0, high = format.largest;
  const float wanted = std::isnan(value) ? kInfinity : std::fabs(value);
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    if (magnitude(format, middle) <= wanted)
      low = middle;
    else
      high = middle - 1;
  }
  if (low < format.largest) {
    const float below = wanted - magnitude(format, low), above = magnitude(format, low + 1) - wanted;
    if (above < below || (above == below && low % 2 == 1)) ++low;
  }
  if (format.unsigned_zero && low == 0) return 0;
  return static_cast<std::uint8_t>(sign | low);
}

}  // namespace bw
