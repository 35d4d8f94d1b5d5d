// Codes of small element types as bits: sub-byte integers packed as ONNX packs them (low bits first), and the values
// of float8 and float4 codes. The only place that knows these layouts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tensor/dtype.h"

namespace bw {

// `count` codes of `bits` (2 or 4) each, one a byte, without sign extension. Error(Internal) when `packed` is too
// short.
std::vector<std::uint8_t> unpack_codes(std::span<const std::byte> packed, int bits, std::size_t count);

// The inverse: the low `bits` of each code; what is left of the last byte is zero. `packed` has exactly
// byte_size(dtype of that many bits, codes.size()) bytes.
void pack_codes(std::span<const std::uint8_t> codes, int bits, std::span<std::byte> packed);

// Sign-extends a code of `bits` bits.
constexpr std::int8_t signed_code(std::uint8_t code, int bits) {
  return static_cast<std::int8_t>(static_cast<std::int8_t>(code << (8 - bits)) >> (8 - bits));
}

// Value of a float8 or float4 code (OCP and FNUZ formats, E8M0, E2M1). Error(Internal) for any other dtype.
float decode_small_float(DType dtype, std::uint8_t code);

// The nearest code, ties to the even one; what is too large (infinity also) becomes the largest finite value, as ONNX
// Cast with saturate = 1 has it. NaN becomes NaN; E2M1 has none and gives its largest value. E8M0 rounds up to a power
// of two (round_mode "up"), and negative numbers become NaN.
std::uint8_t encode_small_float(DType dtype, float value);

}  // namespace bw
