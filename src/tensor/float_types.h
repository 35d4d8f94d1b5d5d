// 16-bit floating-point storage types. Arithmetic is done in float; conversion from float rounds half to even.
#pragma once

#include <cstdint>

namespace bw {

struct Half {  // IEEE 754 binary16
  std::uint16_t bits = 0;
  friend bool operator==(Half, Half) = default;
};
struct BFloat16 {  // upper half of binary32
  std::uint16_t bits = 0;
  friend bool operator==(BFloat16, BFloat16) = default;
};

// Overflow gives infinity, underflow subnormals then zero, NaN stays a (quiet) NaN.
Half to_half(float value);
BFloat16 to_bfloat16(float value);
float to_float(Half value);
float to_float(BFloat16 value);

}  // namespace bw
