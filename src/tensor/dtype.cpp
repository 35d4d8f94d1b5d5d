#include "tensor/dtype.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "base/error.h"

namespace bw {
namespace {

// In the order of their numbers.
constexpr std::array kTypes{
    DTypeInfo{DType::Undefined, "undefined", 0, false, false, false},
    DTypeInfo{DType::Float32, "float32", 32, true, false, true},
    DTypeInfo{DType::UInt8, "uint8", 8, false, true, false},
    DTypeInfo{DType::Int8, "int8", 8, false, true, true},
    DTypeInfo{DType::UInt16, "uint16", 16, false, true, false},
    DTypeInfo{DType::Int16, "int16", 16, false, true, true},
    DTypeInfo{DType::Int32, "int32", 32, false, true, true},
    DTypeInfo{DType::Int64, "int64", 64, false, true, true},
    DTypeInfo{DType::String, "string", 0, false, false, false},
    DTypeInfo{DType::Bool, "bool", 8, false, false, false},
    DTypeInfo{DType::Float16, "float16", 16, true, false, true},
    DTypeInfo{DType::Float64, "float64", 64, true, false, true},
    DTypeInfo{DType::UInt32, "uint32", 32, false, true, false},
    DTypeInfo{DType::UInt64, "uint64", 64, false, true, false},
    DTypeInfo{DType::Complex64, "complex64", 64, false, false, true},
    DTypeInfo{DType::Complex128, "complex128", 128, false, false, true},
    DTypeInfo{DType::BFloat16, "bfloat16", 16, true, false, true},
    DTypeInfo{DType::Float8E4M3FN, "float8_e4m3fn", 8, true, false, true},
    DTypeInfo{DType::Float8E4M3FNUZ, "float8_e4m3fnuz", 8, true, false, true},
    DTypeInfo{DType::Float8E5M2, "float8_e5m2", 8, true, false, true},
    DTypeInfo{DType::Float8E5M2FNUZ, "float8_e5m2fnuz", 8, true, false, true},
    DTypeInfo{DType::UInt4, "uint4", 4, false, true, false},
    DTypeInfo{DType::Int4, "int4", 4, false, true, true},
    DTypeInfo{DType::Float4E2M1, "float4_e2m1fn", 4, true, false, true},
    DTypeInfo{DType::Float8E8M0, "float8_e8m0fnu", 8, true, false, false},
    DTypeInfo{DType::UInt2, "uint2", 2, false, true, false},
    DTypeInfo{DType::Int2, "int2", 2, false, true, true},
};

}  // namespace

bool is_known_dtype(int onnx_number) {
  return onnx_number > 0 && onnx_number < static_cast<int>(kTypes.size());
}

const DTypeInfo& info(DType dtype) {
  const auto number = static_cast<std::size_t>(dtype);
  if (number >= kTypes.size())
    throw Error(ErrorKind::Internal, fmt::format("no element type has the number {}", number));
  return kTypes[number];
}

std::string_view name_of(DType dtype) {
  return info(dtype).name;
}

DType dtype_named(std::string_view name) {
  for (const DTypeInfo& type : kTypes)
    if (type.name == name) return type.dtype;
  return DType::Undefined;
}

std::uint64_t byte_size(DType dtype, std::uint64_t count) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const auto bits = static_cast<std::uint64_t>(info(dtype).bits);
  if (bits != 0 && count > (kMost - 7) / bits)
    throw Error(InputClass::Limit, fmt::format("{} elements of {} do not fit into memory", count, name_of(dtype)));
  return (count * bits + 7) / 8;
}

}  // namespace bw
