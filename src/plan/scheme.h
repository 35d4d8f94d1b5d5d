// How numbers are coded: Scheme says the kind of code, QParams adds the numbers (scales, zero points) for one value.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace bw {

enum class Granularity : std::uint8_t { Tensor, Channel, Block };

// How a constant becomes codes; both are clamped to the codes that the scheme uses.
enum class Rounding : std::uint8_t {
  HalfToEven,          // round_half_even(x / scale) + zero_point: ONNX QuantizeLinear
  ReciprocalHalfAway,  // round_half_away(x * (1 / scale) + zero_point): onnxruntime's MatMulNBits quantizer
};
std::string_view name_of(Rounding rounding);

struct Scheme {
  DType code = DType::Int8;  // UInt8, Int8, UInt4, Int4, UInt16, Int16, Int32, ... or Float16, BFloat16 (no scale)
  Granularity granularity = Granularity::Tensor;
  int axis = 0;                 // of Channel and Block
  std::int64_t block_size = 0;  // of Block
  bool symmetric = false;       // zero point fixed: 0 for signed codes, the middle for unsigned ones
  int bits = 0;                 // codes use so many bits of their type, which is a wider one; 0: all
  // Narrows the codes: 7 bits instead of 8, so that u8*s8 products cannot saturate on CPUs without VNNI.
  bool reduced_range = false;
  Rounding rounding = Rounding::HalfToEven;  // of ReciprocalHalfAway codes are unsigned and have at most 8 bits
  DType scale = DType::Float32;         // what a scale is stored as: Float32, Float16, BFloat16, Float8E4M3FN, E8M0
  DType zero_point = DType::Undefined;  // what a zero point is stored as; Undefined: as a code

  friend bool operator==(const Scheme&, const Scheme&) = default;
};

// Smallest and largest code that a scheme uses. Symmetric s8: [-127, 127]; reduced s8: [-64, 64] symmetric.
// As onnxruntime's tool has it: s8 [-128,127], symmetric s16 +-32767, reduced u8 [0,127].
struct CodeRange {
  std::int64_t lowest, highest;
};
CodeRange code_range(const Scheme& scheme);
int code_bits(const Scheme& scheme);

std::string to_string(const Scheme& scheme);  // "u8", "s8 per channel(0) symmetric", "u4 blocks of 32 on axis 0"

struct Range {
  float low = 0, high = 0;
  friend bool operator==(const Range&, const Range&) = default;
};

// A scale and zero point from a range, by onnxruntime's compute_scale_zp rule (zero always inside the range; float64
// arithmetic, scale stored as float32; scale 1 and zero point 0 when the range is smaller than float32 can divide).
// x = (code - zero_point) * scale.
struct ScaleZeroPoint {
  float scale = 1;
  std::int32_t zero_point = 0;
  friend bool operator==(const ScaleZeroPoint&, const ScaleZeroPoint&) = default;
};
ScaleZeroPoint scale_and_zero_point(Range range, const Scheme& scheme);

struct NestedScales;

// number = (code - zero point) * scale, or code * scale + bias, or codebook[code] * scale. Codes that are floats
// (bfloat16, float8) are the numbers themselves, times the scale if there is one.
struct QParams {
  Scheme scheme;
  std::vector<float> scales;         // 1, one a channel, or one a block (row-major in the blocked shape)
  std::vector<float> zero_points;    // same count; empty: all zero. Codes, unless the scheme has another type
  std::vector<float> biases = {};    // same count, in place of zero points
  std::vector<float> codebook = {};  // by code, which is unsigned; at most one number for each there is
  std::shared_ptr<const NestedScales> nested =
      {};             // what `scales` were decoded from; nullptr: they stand for themselves
  Tensor codes = {};  // of a constant, where they do not follow from the scheme's rounding
};
bool operator==(const QParams& a, const QParams& b);

// Scales that are codes themselves: scale = number of the code + offset (double quantization: Dettmers et al. 2023,
// QLoRA, section 3). `params.codes` are as many as the scales, in any shape: in the order of the scales, or row by row
// of a matrix of so many rows, where the scales go column by column.
struct NestedScales {
  QParams params;
  float offset = 0;
  std::int64_t rows = 0;  // 0: in the order of the scales
};
std::vector<float> decoded(const NestedScales& nested);

// Codes of a constant float tensor, one range per tensor, channel or block as the scheme says (min-max of each).
QParams params_of_constant(const Tensor& tensor, const Scheme& scheme);

// The codes of the plan, or those by the scheme's rounding: ONNX QuantizeLinear, with blocks as opset 21 has them. They
// have dtype scheme.code and the tensor's shape. Error(Quantization) when parameters or codes do not fit the tensor,
// and for a codebook or zero points of floats without codes.
Tensor quantize(const Tensor& tensor, const QParams& params);
// The numbers that codes stand for, in float32 arithmetic (ONNX DequantizeLinear).
Tensor dequantize(const Tensor& codes, const QParams& params);

}  // namespace bw
