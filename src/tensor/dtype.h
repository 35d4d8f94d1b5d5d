// Element types, numbered as in ONNX's TensorProto.DataType, and what is known of each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bw {

enum class DType : std::uint8_t {
  Undefined = 0,
  Float32 = 1,
  UInt8 = 2,
  Int8 = 3,
  UInt16 = 4,
  Int16 = 5,
  Int32 = 6,
  Int64 = 7,
  String = 8,
  Bool = 9,
  Float16 = 10,
  Float64 = 11,
  UInt32 = 12,
  UInt64 = 13,
  Complex64 = 14,
  Complex128 = 15,
  BFloat16 = 16,
  Float8E4M3FN = 17,
  Float8E4M3FNUZ = 18,
  Float8E5M2 = 19,
  Float8E5M2FNUZ = 20,
  UInt4 = 21,
  Int4 = 22,
  Float4E2M1 = 23,
  Float8E8M0 = 24,
  UInt2 = 25,
  Int2 = 26,
};

struct DTypeInfo {
  DType dtype;
  std::string_view name;  // "float32", "int4", ... as NumPy and ml_dtypes spell them
  int bits;               // storage bits of one element; 0 for Undefined and String
  bool is_float, is_integer, is_signed;
};

const DTypeInfo& info(DType dtype);  // Error(Internal) for a number that is not in the table
bool is_known_dtype(int onnx_number);
std::string_view name_of(DType dtype);
DType dtype_named(std::string_view name);  // Undefined when unknown

// Bytes that `count` elements take; sub-byte types are packed, low bits first, the last byte padded by zeros.
// Error(limit) when it does not fit 63 bits.
std::uint64_t byte_size(DType dtype, std::uint64_t count);

}  // namespace bw
