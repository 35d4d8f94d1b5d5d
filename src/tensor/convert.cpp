#include "tensor/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "tensor/packing.h"

namespace bw {
namespace {

// A tensor as a range of values of one C++ type. Conversion goes from such a carrier to such a carrier; the small and
// packed types are decoded before and encoded after.
template <class Body>
decltype(auto) with_values(const Tensor& tensor, const Body& body) {
  const auto decoded = [&](const auto& convert, std::size_t count) {
    std::vector<decltype(convert(std::size_t{0}))> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = convert(i);
    return values;
  };
  const std::span<const std::byte> bytes = tensor.bytes();
  const int bits = info(tensor.dtype()).bits;
  const auto codes = [&] { return unpack_codes(bytes, bits, tensor.size()); };
  const auto over = [&](const auto& values) { return body(std::span(values.data(), values.size())); };
  switch (tensor.dtype()) {
    case DType::Float32:
      return body(tensor.data<float>());
    case DType::Float64:
      return body(tensor.data<double>());
    case DType::UInt8:
      return body(tensor.data<std::uint8_t>());
    case DType::Int8:
      return body(tensor.data<std::int8_t>());
    case DType::UInt16:
      return body(tensor.data<std::uint16_t>());
    case DType::Int16:
      return body(tensor.data<std::int16_t>());
    case DType::Int32:
      return body(tensor.data<std::int32_t>());
    case DType::Int64:
      return body(tensor.data<std::int64_t>());
    case DType::UInt32:
      return body(tensor.data<std::uint32_t>());
    case DType::UInt64:
      return body(tensor.data<std::uint64_t>());
    case DType::Bool:
      return over(decoded([&](std::size_t i) { return std::uint8_t(bytes[i] != std::byte{0}); }, tensor.size()));
    case DType::Float16:
      return over(decoded([&, d = tensor.data<Half>()](std::size_t i) { return to_float(d[i]); }, tensor.size()));
    case DType::BFloat16:
      return over(decoded([&, d = tensor.data<BFloat16>()](std::size_t i) { return to_float(d[i]); }, tensor.size()));
    case DType::UInt4:
    case DType::UInt2:
      return over(codes());
    case DType::Int4:
    case DType::Int2:
      return over(decoded([&, c = codes()](std::size_t i) { return signed_code(c[i], bits); }, tensor.size()));
    case DType::Float4E2M1:
      return over(decoded([&, c = codes()](std::size_t i) { return decode_small_float(DType::Float4E2M1, c[i]); },
                          tensor.size()));
    case DType::Float8E4M3FN:
    case DType::Float8E4M3FNUZ:
    case DType::Float8E5M2:
    case DType::Float8E5M2FNUZ:
    case DType::Float8E8M0:
      return over(decoded(
          [&](std::size_t i) { return decode_small_float(tensor.dtype(), std::to_integer<std::uint8_t>(bytes[i])); },
          tensor.size()));
    case DType::Undefined:
    case DType::String:
    case DType::Complex64:
    case DType::Complex128:
      break;
  }
  throw Error(InputClass::Unsupported, fmt::format("elements of {} are not numbers", name_of(tensor.dtype())));
}

// As C++ converts, save that a float outside an integer's range gives the nearest end, and NaN gives 0.
template <class To, class From>
To convert(From value) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // 2^digits is exact; max itself may not be.
    const From above = std::ldexp(From{1}, std::numeric_limits<To>::digits);
    if (std::isnan(value)) return 0;
    if (value >= above) return std::numeric_limits<To>::max();
    if (value <= static_cast<From>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
  }
  return static_cast<To>(value);
}

template <class To>
std::vector<To> values_as(const Tensor& tensor) {
  return with_values(tensor, [](auto values) {
    std::vector<To> result(values.size());
    std::transform(values.begin(), values.end(), result.begin(), [](auto value) { return convert<To>(value); });
    return result;
  });
}

template <class To>
Tensor cast_to(const Tensor& tensor) {
  return Tensor::fill<To>(tensor.shape(), [&](std::span<To> out) {
    with_values(tensor, [&](auto values) {
      std::transform(values.begin(), values.end(), out.begin(), [](auto value) { return convert<To>(value); });
    });
  });
}

Tensor cast_to_bool(const Tensor& tensor) {
  return Tensor::make(DType::Bool, tensor.shape(), [&](std::span<std::byte> out) {
    with_values(tensor, [&](auto values) {
      std::transform(values.begin(), values.end(), out.begin(),
                     [](auto value) { return static_cast<std::byte>(value != 0); });
    });
  });
}

// float16, bfloat16 and float8 from float.
template <class Code>
Tensor cast_through_float(const Tensor& tensor, DType dtype, Code (*encode)(DType, float)) {
  const std::vector<float> values = to_floats(tensor);
  return Tensor::make(dtype, tensor.shape(), [&](std::span<std::byte> out) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Code code = encode(dtype, values[i]);
      std::memcpy(out.data() + i * sizeof(Code), &code, sizeof(Code));
    }
  });
}

std::vector<std::uint8_t> sub_byte_codes(const Tensor& tensor, DType dtype) {
  std::vector<std::uint8_t> codes(tensor.size());
  if (dtype == DType::Float4E2M1) {
    const std::vector<float> values = to_floats(tensor);
    std::transform(values.begin(), values.end(), codes.begin(),
                   [](float value) { return encode_small_float(DType::Float4E2M1, value); });
    return codes;
  }
  const std::int64_t count = std::int64_t{1} << info(dtype).bits;
  const std::int64_t lowest = info(dtype).is_signed ? -count / 2 : 0, highest = lowest + count - 1;
  const bool from_float = info(tensor.dtype()).is_float;  // clamped, where integers keep their low bits
  const std::vector<std::int64_t> values = to_int64s(tensor);
  std::transform(values.begin(), values.end(), codes.begin(), [&](std::int64_t value) {
    return static_cast<std::uint8_t>(from_float ? std::clamp(value, lowest, highest) : value);
  });
  return codes;
}

Tensor cast_to_sub_byte(const Tensor& tensor, DType dtype) {
  const std::vector<std::uint8_t> codes = sub_byte_codes(tensor, dtype);
  return Tensor::make(dtype, tensor.shape(),
                      [&](std::span<std::byte> out) { pack_codes(codes, info(dtype).bits, out); });
}

}  // namespace

std::vector<double> to_doubles(const Tensor& tensor) {
  return values_as<double>(tensor);
}
std::vector<std::int64_t> to_int64s(const Tensor& tensor) {
  return values_as<std::int64_t>(tensor);
}
std::vector<float> to_floats(const Tensor& tensor) {
  return values_as<float>(tensor);
}

Tensor cast(const Tensor& tensor, DType dtype) {
  if (tensor.dtype() == dtype) return tensor;
  switch (dtype) {
    case DType::Float32:
      return cast_to<float>(tensor);
    case DType::Float64:
      return cast_to<double>(tensor);
    case DType::UInt8:
      return cast_to<std::uint8_t>(tensor);
    case DType::Int8:
      return cast_to<std::int8_t>(tensor);
    case DType::UInt16:
      return cast_to<std::uint16_t>(tensor);
    case DType::Int16:
      return cast_to<std::int16_t>(tensor);
    case DType::Int32:
      return cast_to<std::int32_t>(tensor);
    case DType::Int64:
      return cast_to<std::int64_t>(tensor);
    case DType::UInt32:
      return cast_to<std::uint32_t>(tensor);
    case DType::UInt64:
      return cast_to<std::uint64_t>(tensor);
    case DType::Bool:
      return cast_to_bool(tensor);
    case DType::Float16:
      return cast_through_float<Half>(tensor, dtype, [](DType, float value) { return to_half(value); });
    case DType::BFloat16:
      return cast_through_float<BFloat16>(tensor, dtype, [](DType, float value) { return to_bfloat16(value); });
    case DType::Float8E4M3FN:
    case DType::Float8E4M3FNUZ:
    case DType::Float8E5M2:
    case DType::Float8E5M2FNUZ:
    case DType::Float8E8M0:
      return cast_through_float<std::uint8_t>(tensor, dtype, encode_small_float);
    case DType::UInt4:
    case DType::Int4:
    case DType::UInt2:
    case DType::Int2:
    case DType::Float4E2M1:
      return cast_to_sub_byte(tensor, dtype);
    case DType::Undefined:
    case DType::String:
    case DType::Complex64:
    case DType::Complex128:
      break;
  }
  throw Error(InputClass::Unsupported,
              fmt::format("no conversion from {} to {}", name_of(tensor.dtype()), name_of(dtype)));
}

}  // namespace bw
