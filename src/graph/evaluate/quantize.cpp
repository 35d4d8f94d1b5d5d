// Quantize, dequantize and integer products, by the rules of ONNX: codes = saturate(round_half_even(x / scale) + zero).
#include <algorithm>
#include <cmath>

#include "graph/evaluate/convolve.h"
#include "graph/evaluate/elements.h"

namespace bw {

namespace {

// For each element of x, the index of its scale: one for all, one along an axis, or one a block along an axis.
std::vector<std::int64_t> scale_indices(const Call& call, const Tensor& x, const Tensor& scale) {
  std::vector<std::int64_t> indices(x.size(), 0);
  const std::int64_t block = call.node.int_or("block_size", 0);
  if (scale.size() == 1 && block == 0) return indices;
  const std::size_t axis = call.axis(call.node.int_or("axis", 1), std::max<std::size_t>(x.rank(), 1));
  const AxisView view(x.shape(), axis);
  if (block == 0) {
    call.require(scale.rank() == 1 && scale.size() == view.extent, "one scale an element of the axis is needed");
    for (std::size_t i = 0; i < indices.size(); ++i)
      indices[i] = static_cast<std::int64_t>(i / view.inner % view.extent);
    return indices;
  }
  Shape expected = x.shape();
  call.require(block > 0, "block_size is negative");
  expected[axis] = expected[axis] / block + (expected[axis] % block != 0);
  call.require(scale.shape() == expected, "one scale a block is needed");
  const AxisView blocks(expected, axis);
  for (std::size_t o = 0; o < view.outer; ++o)
    for (std::size_t k = 0; k < view.extent; ++k)
      for (std::size_t i = 0; i < view.inner; ++i)
        indices[view.at(o, k, i)] = static_cast<std::int64_t>(blocks.at(o, k / static_cast<std::size_t>(block), i));
  return indices;
}

std::vector<double> zeros_or(const Call& call, std::size_t input, std::size_t count) {
  if (!call.has(input)) return std::vector<double>(count, 0);
  std::vector<double> zeros = to_doubles(call.input(input));
  call.require(zeros.size() == count, "one zero point a scale is needed");
  return zeros;
}

// Rounds to even and saturates to an integer type; NaN gives 0.
double to_code(double x, DType dtype) {
  if (std::isnan(x)) return 0;
  const int bits = info(dtype).bits;
  const double low = info(dtype).is_signed ? -std::ldexp(1.0, bits - 1) : 0;
  const double high = std::ldexp(1.0, info(dtype).is_signed ? bits - 1 : bits) - 1;
  return std::clamp(std::nearbyint(x), low, high);
}

// x / s is rounded to float before it is rounded to a code, as runtimes that compute in float do.
double divided(double x, double scale, DType dtype) {
  return dtype == DType::Float64 ? x / scale : static_cast<float>(x / scale);
}

Tensor quantize(const Tensor& x, const std::vector<double>& scale, const std::vector<double>& zero,
                const std::vector<std::int64_t>& at, DType dtype) {
  std::vector<double> values = to_doubles(x);
  const bool integers = info(dtype).is_integer;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto k = static_cast<std::size_t>(at[i]);
    const double scaled = divided(values[i], scale[k], x.dtype());
    values[i] = integers ? to_code(std::nearbyint(scaled) + zero[k], dtype) : scaled + zero[k];
  }
  return tensor_of(values, x.shape(), dtype);
}

DType code_type(const Call& call) {
  if (call.has(2)) return call.input(2).dtype();
  const std::int64_t wanted = call.node.int_or("output_dtype", 0);
  if (wanted == 0) return DType::UInt8;
  call.require(wanted < 256 && is_known_dtype(static_cast<int>(wanted)),
               "attribute 'output_dtype' is not an element type");
  return static_cast<DType>(wanted);
}

Outputs quantize_linear(const Call& call) {
  const Tensor &x = call.input(0), &scale = call.input(1);
  if (call.node.int_or("saturate", 1) == 0)
    call.fail("quantizing without saturation is not interpreted", InputClass::Unsupported);
  return {
      quantize(x, to_doubles(scale), zeros_or(call, 2, scale.size()), scale_indices(call, x, scale), code_type(call))};
}

Outputs dequantize_linear(const Call& call) {
  const Tensor &x = call.input(0), &scale = call.input(1);
  const std::vector<double> scales = to_doubles(scale), zeros = zeros_or(call, 2, scale.size());
  const std::vector<std::int64_t> at = scale_indices(call, x, scale);
  std::vector<double> values = to_doubles(x);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto k = static_cast<std::size_t>(at[i]);
    values[i] = (values[i] - zeros[k]) * scales[k];
  }
  const std::int64_t wanted = call.node.int_or("output_dtype", 0);
  call.require(wanted >= 0 && wanted < 256 && is_known_dtype(wanted ? static_cast<int>(wanted) : 1),
               "attribute 'output_dtype' is not an element type");
  return {tensor_of(values, x.shape(), wanted ? static_cast<DType>(wanted) : scale.dtype())};
}

// uint8 codes over the range of the data with zero in it; all in float, as the operator's definition has it.
Outputs dynamic_quantize_linear(const Call& call) {
  const Tensor& x = call.input(0);
  float low = 0, high = 0;
  for (float value : to_floats(x)) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  float scale = (high - low) / 255.0f;
  if (scale == 0) scale = 1;
  const double zero = to_code(std::nearbyint(static_cast<double>(-low / scale)), DType::UInt8);
  const std::vector<std::int64_t> at(x.size(), 0);
  return {quantize(x, {scale}, {zero}, at, DType::UInt8), Tensor::scalar(scale),
          Tensor::scalar(static_cast<std::uint8_t>(zero))};
}

// Codes less their zero point, which is one number or one along `axis`.
Matrix centred(const Call& call, std::size_t input, std::size_t zero_input, std::size_t axis) {
  const Tensor& codes = call.input(input);
  Matrix matrix{to_doubles(codes), codes.shape()};
  if (!call.has(zero_input)) return matrix;
  const std::vector<double> zeros = to_doubles(call.input(zero_input));
  if (zeros.size() == 1) {
    for (double& value : matrix.values) value -= zeros[0];
    return matrix;
  }
  const AxisView view(codes.shape(), axis);
  call.require(axis < codes.rank() && zeros.size() == view.extent, "one zero point a channel is needed");
  for (std::size_t i = 0; i < matrix.values.size(); ++i) matrix.values[i] -= zeros[i / view.inner % view.extent];
  return matrix;
}

std::size_t row_axis(const Tensor& tensor) {
  return tensor.rank() < 2 ? 0 : tensor.rank() - 2;
}
std::size_t column_axis(const Tensor& tensor) {
  return tensor.rank() < 1 ? 0 : tensor.rank() - 1;
}

Outputs matmul_integer(const Call& call) {
  const Matrix y =
      multiply(call, centred(call, 0, 2, row_axis(call.input(0))), centred(call, 1, 3, column_axis(call.input(1))));
  return {tensor_of(y.values, y.shape, DType::Int32)};
}

Outputs conv_integer(const Call& call) {
  const Matrix y = convolve(call, centred(call, 0, 2, 0), centred(call, 1, 3, 0));
  return {tensor_of(y.values, y.shape, DType::Int32)};
}

// An exact integer result as codes: multiplied by a_scale * b_scale / y_scale, which may go along `axis`.
Tensor requantized(const Call& call, Matrix y, std::size_t axis) {
  const double a_scale = call.number(1), y_scale = call.number(6), y_zero = call.number(7);
  const std::vector<double> b_scale = to_doubles(call.input(4));
  const AxisView view(y.shape, axis);
  call.require(b_scale.size() == 1 || b_scale.size() == view.extent, "one scale a channel is needed");
  const DType dtype = call.input(7).dtype();
  for (std::size_t i = 0; i < y.values.size(); ++i) {
    const double factor = a_scale * b_scale[b_scale.size() == 1 ? 0 : i / view.inner % view.extent] / y_scale;
    y.values[i] = to_code(std::nearbyint(y.values[i] * factor) + y_zero, dtype);
  }
  return tensor_of(y.values, y.shape, dtype);
}

void require_one(const Call& call, std::size_t input) {
  if (call.input(input).size() != 1) call.fail("one scale a row is not interpreted", InputClass::Unsupported);
}

Outputs qlinear_matmul(const Call& call) {
  for (std::size_t input : {1, 6, 7}) require_one(call, input);
  Matrix y =
      multiply(call, centred(call, 0, 2, row_axis(call.input(0))), centred(call, 3, 5, column_axis(call.input(3))));
  const std::size_t axis = y.shape.empty() ? 0 : y.shape.size() - 1;
  return {requantized(call, std::move(y), axis)};
}

Outputs qlinear_conv(const Call& call) {
  for (std::size_t input : {1, 6, 7}) require_one(call, input);
  Matrix y = convolve(call, centred(call, 0, 2, 0), centred(call, 3, 5, 0));
  if (call.has(8)) {
    const std::vector<double> bias = to_doubles(call.input(8));
    const AxisView view(y.shape, 1);
    call.require(bias.size() == view.extent, "one bias a channel is needed");
    for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] += bias[i / view.inner % view.extent];
  }
  return {requantized(call, std::move(y), 1)};
}

// Codes of `bits` packed low bits first, one row of blocks a column of the result; zero points packed alike.
std::uint8_t packed_code(std::span<const std::uint8_t> bytes, std::size_t row, std::size_t row_bytes, std::size_t k,
                         std::size_t bits) {
  const std::size_t bit = k * bits;
  return static_cast<std::uint8_t>(bytes[row * row_bytes + bit / 8] >> (bit % 8)) &
         static_cast<std::uint8_t>((1u << bits) - 1);
}

// ONNX Runtime's MatMulNBits: B is [N, blocks, block bytes] uint8, scales [N * blocks], zero points packed or absent.
Outputs matmul_nbits(const Call& call) {
  const std::int64_t k_size = call.int_of("K"), n_size = call.int_of("N"), bits = call.int_of("bits"),
                     block = call.node.int_or("block_size", 0);
  call.require(bits == 2 || bits == 4 || bits == 8, "bits must be 2, 4 or 8");
  call.require(k_size > 0 && n_size > 0 && block >= 16 && block <= 1 << 20, "K, N or block_size is impossible");
  call.result_size({k_size, n_size});
  const auto K = static_cast<std::size_t>(k_size), N = static_cast<std::size_t>(n_size),
             B = static_cast<std::size_t>(block), width = static_cast<std::size_t>(bits);
  const std::size_t blocks = (K + B - 1) / B, row_bytes = blocks * B * width / 8, zero_bytes = (blocks * width + 7) / 8;
  const std::vector<double> scales = to_doubles(call.input(2));
  call.require(
      call.input(1).dtype() == DType::UInt8 && call.input(1).size() == N * row_bytes && scales.size() == N * blocks,
      "B or scales do not fit K and N");
  const std::span<const std::uint8_t> codes = call.input(1).data<std::uint8_t>();
  const bool packed_zeros = call.has(3) && call.input(3).dtype() == DType::UInt8;
  if (packed_zeros) call.require(call.input(3).size() == N * zero_bytes, "zero points do not fit");
  if (call.has(3) && !packed_zeros) call.require(call.input(3).size() == N * blocks, "zero points do not fit");
  if (call.has(4)) call.fail("g_idx is not interpreted", InputClass::Unsupported);
  const std::vector<double> float_zeros =
      call.has(3) && !packed_zeros ? to_doubles(call.input(3)) : std::vector<double>{};
  Matrix b{std::vector<double>(K * N), {k_size, n_size}};
  for (std::size_t n = 0; n < N; ++n)
    for (std::size_t k = 0; k < K; ++k) {
      const std::size_t at = k / B;
      double zero = static_cast<double>(1 << (bits - 1));
      if (packed_zeros)
        zero = packed_code(call.input(3).data<std::uint8_t>(), n, zero_bytes, at, width);
      else if (!float_zeros.empty())
        zero = float_zeros[n * blocks + at];
      b.values[k * N + n] = (packed_code(codes, n, row_bytes, k, width) - zero) * scales[n * blocks + at];
    }
  Matrix y = multiply(call, {to_doubles(call.input(0)), call.input(0).shape()}, b);
  if (call.has(5)) {
    const std::vector<double> bias = to_doubles(call.input(5));
    call.require(bias.size() == N, "one bias a column is needed");
    for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] += bias[i % N];
  }
  return {tensor_of(y.values, y.shape, call.input(0).dtype())};
}

constexpr ReferenceKernel kKernels[] = {
    {"ConvInteger", conv_integer},
    {"DequantizeLinear", dequantize_linear},
    {"DynamicQuantizeLinear", dynamic_quantize_linear},
    {"MatMulInteger", matmul_integer},
    {"QLinearConv", qlinear_conv},
    {"QLinearMatMul", qlinear_matmul},
    {"QuantizeLinear", quantize_linear},
    {"DequantizeLinear", dequantize_linear, "com.microsoft"},
    {"MatMulNBits", matmul_nbits, "com.microsoft"},
    {"QuantizeLinear", quantize_linear, "com.microsoft"},
};

}  // namespace

std::span<const ReferenceKernel> quantize_kernels() {
  return kKernels;
}

}  // namespace bw
