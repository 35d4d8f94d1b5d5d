// Cast, CastLike, BitCast; strings too.
#include <charconv>
#include <cmath>

#include "graph/evaluate/catalog.h"
#include "graph/evaluate/elements.h"
#include "tensor/float_types.h"

namespace bw {

namespace {

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-INF" : "INF";
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, static_cast<float>(value)).ptr;
  return {text, end};
}

double number_from(const Call& call, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) call.fail("'" + text + "' is not a number");
  return value;
}

Tensor cast_any(const Call& call, const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  if (dtype == DType::String) {
    std::vector<std::string> strings;
    if (x.dtype() == DType::UInt64)
      for (std::uint64_t value : x.data<std::uint64_t>()) strings.push_back(std::to_string(value));
    else if (info(x.dtype()).is_integer)
      for (std::int64_t value : to_int64s(x)) strings.push_back(std::to_string(value));
    else
      for (double value : to_doubles(x)) strings.push_back(number_text(value));
    return Tensor::of_strings(x.shape(), std::move(strings));
  }
  if (x.dtype() == DType::String) {
    std::vector<double> values;
    for (const std::string& text : x.strings()) values.push_back(number_from(call, text));
    return tensor_of(values, x.shape(), dtype);
  }
  return cast(x, dtype);
}

bool is_float8(DType dtype) {
  return dtype >= DType::Float8E4M3FN && dtype <= DType::Float8E5M2FNUZ;
}

Outputs cast_to(const Call& call, DType dtype) {
  if (is_float8(dtype) && call.node.int_or("saturate", 1) == 0)
    call.fail("a cast to float8 without saturation is not interpreted", InputClass::Unsupported);
  return {cast_any(call, call.input(0), dtype)};
}

Outputs cast_of(const Call& call) {
  const std::int64_t to = call.node.int_or("to", 0);
  call.require(to > 0 && to < 256 && is_known_dtype(static_cast<int>(to)), "attribute 'to' is not an element type");
  return cast_to(call, static_cast<DType>(to));
}

Outputs cast_like(const Call& call) {
  return cast_to(call, call.input(1).dtype());
}

constexpr ReferenceKernel kKernels[] = {
    {"Cast", cast_of},
    {"CastLike", cast_like},
};

}  // namespace

std::span<const ReferenceKernel> cast_kernels() {
  return kKernels;
}

}  // namespace bw
