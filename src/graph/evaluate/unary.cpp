// Functions of one element. Numbers are computed in double and rounded to the element type; integers stay integers.
#include <algorithm>
#include <cmath>
#include <functional>

#include "graph/evaluate/catalog.h"
#include "graph/evaluate/elements.h"

namespace bw {

namespace {

using Function = std::function<double(double)>;

Outputs map_numbers(const Call& call, const Function& function) {
  const Tensor& x = call.input(0);
  std::vector<double> values = to_doubles(x);
  for (double& value : values) value = function(value);
  return {tensor_of(values, x.shape(), x.dtype())};
}

Outputs map_integers(const Call& call, const std::function<std::int64_t(std::int64_t)>& function) {
  const Tensor& x = call.input(0);
  std::vector<std::int64_t> values = to_int64s(x);
  for (std::int64_t& value : values) value = function(value);
  return {tensor_of(values, x.shape(), x.dtype())};
}

bool takes_integers(const Call& call) {
  return info(call.input(0).dtype()).is_integer;
}

// An entry from a plain function of one double.
template <double (*function)(double)>
Outputs plain(const Call& call) {
  return map_numbers(call, function);
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}
double softplus(double x) {
  return x > 30 ? x : std::log1p(std::exp(x));
}
double relu(double x) {
  return x < 0 ? 0 : x;
}
double sign(double x) {
  return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x;
}
double normal_distribution(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}
double tanh_gelu(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
}

double parameter(const Call& call, const char* name, float otherwise) {
  return call.node.float_or(name, otherwise);
}

Outputs absolute(const Call& call) {
  if (takes_integers(call))
    return map_integers(call, [](std::int64_t x) { return x < 0 ? std::int64_t(0 - std::uint64_t(x)) : x; });
  return map_numbers(call, [](double x) { return std::fabs(x); });
}

Outputs negate(const Call& call) {
  if (takes_integers(call))
    return map_integers(call, [](std::int64_t x) { return std::int64_t(0 - std::uint64_t(x)); });
  return map_numbers(call, [](double x) { return -x; });
}

Outputs sign_of(const Call& call) {
  if (takes_integers(call)) {
    const bool is_signed = info(call.input(0).dtype()).is_signed;
    return map_integers(call, [=](std::int64_t x) { return x == 0 ? 0 : x < 0 && is_signed ? -1 : 1; });
  }
  return map_numbers(call, sign);
}

Outputs relu_of(const Call& call) {
  if (takes_integers(call)) return map_integers(call, [](std::int64_t x) { return std::max<std::int64_t>(x, 0); });
  return map_numbers(call, relu);
}

Outputs bitwise_not(const Call& call) {
  return map_integers(call, [](std::int64_t x) { return ~x; });
}

Outputs logical_not(const Call& call) {
  return map_integers(call, [](std::int64_t x) { return x == 0; });
}

Outputs leaky_relu(const Call& call) {
  const double alpha = parameter(call, "alpha", 0.01f);
  return map_numbers(call, [=](double x) { return x < 0 ? alpha * x : x; });
}

Outputs elu(const Call& call) {
  const double alpha = parameter(call, "alpha", 1.0f);
  return map_numbers(call, [=](double x) { return x < 0 ? alpha * std::expm1(x) : x; });
}

Outputs celu(const Call& call) {
  const double alpha = parameter(call, "alpha", 1.0f);
  return map_numbers(call, [=](double x) { return std::max(0.0, x) + std::min(0.0, alpha * std::expm1(x / alpha)); });
}

Outputs selu(const Call& call) {
  const double alpha = parameter(call, "alpha", 1.67326319217681884765625f);
  const double gamma = parameter(call, "gamma", 1.05070102214813232421875f);
  return map_numbers(call, [=](double x) { return gamma * (x > 0 ? x : alpha * std::expm1(x)); });
}

Outputs thresholded_relu(const Call& call) {
  const double alpha = parameter(call, "alpha", 1.0f);
  return map_numbers(call, [=](double x) { return x > alpha ? x : 0.0; });
}

Outputs hard_sigmoid(const Call& call) {
  const double alpha = parameter(call, "alpha", 0.2f), beta = parameter(call, "beta", 0.5f);
  return map_numbers(call, [=](double x) { return std::max(0.0, std::min(1.0, alpha * x + beta)); });
}

Outputs hard_swish(const Call& call) {
  return map_numbers(call, [](double x) { return x * std::max(0.0, std::min(1.0, x / 6 + 0.5)); });
}

Outputs swish(const Call& call) {
  const double alpha = parameter(call, "alpha", 1.0f);
  return map_numbers(call, [=](double x) { return x * sigmoid(alpha * x); });
}

Outputs shrink(const Call& call) {
  const double lambda = parameter(call, "lambd", 0.5f), bias = parameter(call, "bias", 0.0f);
  return map_numbers(call, [=](double x) { return x < -lambda ? x + bias : x > lambda ? x - bias : 0.0; });
}

Outputs gelu(const Call& call) {
  if (call.node.string_or("approximate", "none") == "tanh") return map_numbers(call, tanh_gelu);
  return map_numbers(call, [](double x) { return x * normal_distribution(x); });
}

Outputs fast_gelu(const Call& call) {
  call.require(!call.has(1), "a bias is not interpreted");
  return map_numbers(call, tanh_gelu);
}

Outputs quick_gelu(const Call& call) {
  const double alpha = parameter(call, "alpha", 1.702f);
  return map_numbers(call, [=](double x) { return x * sigmoid(alpha * x); });
}

Outputs test_each(const Call& call, const std::function<bool(double)>& test) {
  std::vector<std::int64_t> answers;
  for (double x : to_doubles(call.input(0))) answers.push_back(test(x));
  return {tensor_of(answers, call.input(0).shape(), DType::Bool)};
}

Outputs is_nan(const Call& call) {
  return test_each(call, [](double x) { return std::isnan(x); });
}

Outputs is_inf(const Call& call) {
  const bool positive = call.int_of("detect_positive") != 0, negative = call.int_of("detect_negative") != 0;
  return test_each(call, [=](double x) { return std::isinf(x) && (x > 0 ? positive : negative); });
}

// Limits are attributes before opset 11 and inputs since.
Outputs clip(const Call& call) {
  if (takes_integers(call)) {
    const bool has_low = call.has(1), has_high = call.has(2);
    const std::int64_t low = has_low ? call.integer(1) : 0, high = has_high ? call.integer(2) : 0;
    return map_integers(call, [=](std::int64_t x) {
      if (has_low && x < low) x = low;
      return has_high && x > high ? high : x;
    });
  }
  const auto limit = [&](std::size_t input, const char* name, double none) {
    if (call.has(input)) return call.number(input);
    return call.node.find(name) ? static_cast<double>(call.node.float_or(name, 0)) : none;
  };
  const double low = limit(1, "min", -INFINITY), high = limit(2, "max", INFINITY);
  return map_numbers(call, [=](double x) { return x < low ? std::min(low, high) : x > high ? high : x; });
}

constexpr ReferenceKernel kKernels[] = {
    {"Abs", absolute},
    {"Acos", plain<std::acos>},
    {"Acosh", plain<std::acosh>},
    {"Asin", plain<std::asin>},
    {"Asinh", plain<std::asinh>},
    {"Atan", plain<std::atan>},
    {"Atanh", plain<std::atanh>},
    {"BitwiseNot", bitwise_not},
    {"Ceil", plain<std::ceil>},
    {"Celu", celu},
    {"Clip", clip},
    {"Cos", plain<std::cos>},
    {"Cosh", plain<std::cosh>},
    {"Elu", elu},
    {"Erf", plain<std::erf>},
    {"Exp", plain<std::exp>},
    {"Floor", plain<std::floor>},
    {"Gelu", gelu},
    {"HardSigmoid", hard_sigmoid},
    {"HardSwish", hard_swish},
    {"IsInf", is_inf},
    {"IsNaN", is_nan},
    {"LeakyRelu", leaky_relu},
    {"Log", plain<std::log>},
    {"Mish", plain<[](double x) { return x * std::tanh(softplus(x)); }>},
    {"Neg", negate},
    {"Not", logical_not},
    {"Reciprocal", plain<[](double x) { return 1 / x; }>},
    {"Relu", relu_of},
    {"Round", plain<std::nearbyint>},
    {"Selu", selu},
    {"Shrink", shrink},
    {"Sigmoid", plain<sigmoid>},
    {"Sign", sign_of},
    {"Sin", plain<std::sin>},
    {"Sinh", plain<std::sinh>},
    {"Softplus", plain<softplus>},
    {"Softsign", plain<[](double x) { return x / (1 + std::fabs(x)); }>},
    {"Sqrt", plain<std::sqrt>},
    {"Swish", swish},
    {"Tan", plain<std::tan>},
    {"Tanh", plain<std::tanh>},
    {"ThresholdedRelu", thresholded_relu},
    {"FastGelu", fast_gelu, "com.microsoft"},
    {"Gelu", gelu, "com.microsoft"},
    {"QuickGelu", quick_gelu, "com.microsoft"},
};

}  // namespace

std::span<const ReferenceKernel> unary_kernels() {
  return kKernels;
}

}  // namespace bw
