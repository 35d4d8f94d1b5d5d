// Functions of two or more elements with broadcasting. Floats are computed in double; integers in 64 bits, unsigned
// where the type is, and keep their low bits.
#include <algorithm>
#include <cmath>

#include "graph/evaluate/catalog.h"
#include "graph/evaluate/elements.h"

namespace bw {

namespace {

// One operation in the three arithmetics that element types need.
struct Arithmetic {
  double (*floats)(double, double);
  std::int64_t (*integers)(std::int64_t, std::int64_t);
  std::uint64_t (*naturals)(std::uint64_t, std::uint64_t);
};

template <class T>
std::vector<T> values_of(const Tensor& tensor) {
  if constexpr (std::is_same_v<T, double>) return to_doubles(tensor);
  const std::vector<std::int64_t> integers = to_int64s(tensor);
  return std::vector<T>(integers.begin(), integers.end());
}

template <class T>
Tensor zip(const Call& call, const Tensor& a, const Tensor& b, DType dtype, T (*function)(T, T)) {
  const Shape shape = broadcast(a.shape(), b.shape());
  const std::size_t count = call.result_size(shape);
  const std::vector<T> x = values_of<T>(a), y = values_of<T>(b);
  const std::vector<std::int64_t> from_a = broadcast_indices(a.shape(), shape),
                                  from_b = broadcast_indices(b.shape(), shape);
  using Out = std::conditional_t<std::is_same_v<T, double>, double, std::int64_t>;
  std::vector<Out> result(count);
  for (std::size_t i = 0; i < count; ++i)
    result[i] =
        static_cast<Out>(function(x[static_cast<std::size_t>(from_a[i])], y[static_cast<std::size_t>(from_b[i])]));
  return tensor_of(result, shape, dtype);
}

Tensor combine(const Call& call, const Tensor& a, const Tensor& b, DType dtype, const Arithmetic& arithmetic) {
  const DTypeInfo& type = info(a.dtype());
  call.require(a.dtype() == b.dtype(), "inputs must have one type");
  if (type.is_float) return zip(call, a, b, dtype, arithmetic.floats);
  if (type.is_signed) return zip(call, a, b, dtype, arithmetic.integers);
  return zip(call, a, b, dtype, arithmetic.naturals);
}

// The three arithmetics from one generic function.
template <auto function>
constexpr Arithmetic arithmetic() {
  return {[](double a, double b) -> double { return static_cast<double>(function(a, b)); },
          [](std::int64_t a, std::int64_t b) -> std::int64_t { return static_cast<std::int64_t>(function(a, b)); },
          [](std::uint64_t a, std::uint64_t b) -> std::uint64_t { return static_cast<std::uint64_t>(function(a, b)); }};
}

// Integers add and multiply modulo 2^64: low bits are the same for signed and unsigned.
template <class T>
using Wide = std::conditional_t<std::is_floating_point_v<T>, T, std::uint64_t>;

constexpr auto add = [](auto a, auto b) { return Wide<decltype(a)>(a) + Wide<decltype(b)>(b); };
constexpr auto subtract = [](auto a, auto b) { return Wide<decltype(a)>(a) - Wide<decltype(b)>(b); };
constexpr auto multiply = [](auto a, auto b) { return Wide<decltype(a)>(a) * Wide<decltype(b)>(b); };

constexpr auto divide = [](auto a, auto b) -> decltype(a) {
  if constexpr (std::is_floating_point_v<decltype(a)>)
    return a / b;
  else if (b == 0)
    throw Error(InputClass::Semantic, "an integer is divided by zero");
  else if (b == decltype(b)(-1) && std::is_signed_v<decltype(b)>)
    return decltype(a)(0 - std::uint64_t(a));
  else
    return a / b;
};

// The sign of the divisor.
constexpr auto modulo = [](auto a, auto b) -> decltype(a) {
  if constexpr (std::is_floating_point_v<decltype(a)>) {
    const double rest = std::fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  } else {
    if (b == 0) throw Error(InputClass::Semantic, "an integer is divided by zero");
    if (b == decltype(b)(-1) && std::is_signed_v<decltype(b)>) return 0;
    const auto rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
};

// The sign of the dividend, as C has it (attribute fmod).
constexpr auto remainder = [](auto a, auto b) -> decltype(a) {
  if constexpr (std::is_floating_point_v<decltype(a)>)
    return std::fmod(a, b);
  else if (b == 0)
    throw Error(InputClass::Semantic, "an integer is divided by zero");
  else if (b == decltype(b)(-1) && std::is_signed_v<decltype(b)>)
    return 0;
  else
    return a % b;
};

constexpr auto larger = [](auto a, auto b) { return a != a ? a : b != b ? b : a < b ? b : a; };
constexpr auto smaller = [](auto a, auto b) { return a != a ? a : b != b ? b : b < a ? b : a; };

template <auto function>
Outputs same_type(const Call& call) {
  return {combine(call, call.input(0), call.input(1), call.input(0).dtype(), arithmetic<function>())};
}

template <auto function>
Outputs bitwise(const Call& call) {
  call.require(!info(call.input(0).dtype()).is_float, "inputs must be integers");
  return same_type<[](auto a, auto b) { return function(std::uint64_t(a), std::uint64_t(b)); }>(call);
}

template <auto function>
Outputs to_bool(const Call& call) {
  return {combine(call, call.input(0), call.input(1), DType::Bool, arithmetic<function>())};
}

Outputs equal(const Call& call) {
  const Tensor &a = call.input(0), &b = call.input(1);
  if (a.dtype() != DType::String || b.dtype() != DType::String)
    return to_bool<[](auto x, auto y) { return x == y; }>(call);
  const Shape shape = broadcast(a.shape(), b.shape());
  call.result_size(shape);
  const auto from_a = broadcast_indices(a.shape(), shape), from_b = broadcast_indices(b.shape(), shape);
  std::vector<std::int64_t> answers;
  for (std::size_t i = 0; i < from_a.size(); ++i)
    answers.push_back(a.strings()[static_cast<std::size_t>(from_a[i])] ==
                      b.strings()[static_cast<std::size_t>(from_b[i])]);
  return {tensor_of(answers, shape, DType::Bool)};
}

Outputs mod(const Call& call) {
  return call.int_of("fmod") != 0 ? same_type<remainder>(call) : same_type<modulo>(call);
}

std::int64_t integer_power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 ? -1 : 1) : 0;
  std::uint64_t result = 1, factor = static_cast<std::uint64_t>(base);
  for (; exponent; exponent >>= 1, factor *= factor)
    if (exponent & 1) result *= factor;
  return static_cast<std::int64_t>(result);
}

// The exponent may have a type of its own.
Outputs power(const Call& call) {
  const Tensor &base = call.input(0), &exponent = call.input(1);
  if (info(base.dtype()).is_integer && info(exponent.dtype()).is_integer)
    return {zip<std::int64_t>(call, base, exponent, base.dtype(), integer_power)};
  return {zip<double>(call, base, exponent, base.dtype(), [](double a, double b) { return std::pow(a, b); })};
}

Outputs bit_shift(const Call& call) {
  const std::string direction = call.string_of("direction");
  call.require(direction == "LEFT" || direction == "RIGHT", "direction must be LEFT or RIGHT");
  // A count that is negative or beyond the width moves every bit out.
  constexpr auto left = [](auto a, auto b) { return std::uint64_t(b) < 64 ? std::uint64_t(a) << std::uint64_t(b) : 0; };
  constexpr auto right = [](auto a, auto b) -> decltype(a) {
    if constexpr (std::is_signed_v<decltype(a)>)
      return std::int64_t(a) >> std::min<std::uint64_t>(std::uint64_t(b), 63);
    else
      return std::uint64_t(b) < 64 ? a >> b : 0;
  };
  call.require(info(call.input(0).dtype()).is_integer, "inputs must be integers");
  return direction == "LEFT" ? same_type<left>(call) : same_type<right>(call);
}

Outputs prelu(const Call& call) {
  return {combine(call, call.input(0), call.input(1), call.input(0).dtype(),
                  arithmetic<[](auto x, auto slope) { return x < 0 ? multiply(x, slope) : Wide<decltype(x)>(x); }>())};
}

// Over any number of inputs; the sum of floats stays in double until the end.
template <auto function>
Outputs fold(const Call& call) {
  const DType dtype = call.input(0).dtype();
  const DType wide = info(dtype).is_float ? DType::Float64 : dtype;
  Tensor result = cast(call.input(0), wide);
  for (std::size_t i = 1; i < call.inputs.size(); ++i) {
    call.require(call.input(i).dtype() == dtype, "inputs must have one type");
    result = combine(call, result, cast(call.input(i), wide), wide, arithmetic<function>());
  }
  return {cast(result, dtype)};
}

Outputs mean(const Call& call) {
  const DType dtype = call.input(0).dtype();
  Tensor total = cast(call.input(0), DType::Float64);
  for (std::size_t i = 1; i < call.inputs.size(); ++i)
    total = combine(call, total, cast(call.input(i), DType::Float64), DType::Float64, arithmetic<add>());
  std::vector<double> values = to_doubles(total);
  for (double& value : values) value /= static_cast<double>(call.inputs.size());
  return {tensor_of(values, total.shape(), dtype)};
}

Outputs where(const Call& call) {
  const Tensor &condition = call.input(0), &yes = call.input(1), &no = call.input(2);
  const Shape shape = broadcast(condition.shape(), broadcast(yes.shape(), no.shape()));
  call.result_size(shape);
  const std::vector<std::int64_t> test = to_int64s(condition),
                                  from_condition = broadcast_indices(condition.shape(), shape),
                                  from_no = broadcast_indices(no.shape(), shape);
  std::vector<std::int64_t> picked = broadcast_indices(yes.shape(), shape);
  for (std::size_t i = 0; i < picked.size(); ++i)
    if (test[static_cast<std::size_t>(from_condition[i])] == 0)
      picked[i] = static_cast<std::int64_t>(yes.size()) + from_no[i];
  const Tensor both[] = {yes, no};
  return {take(join(both), shape, picked)};
}

constexpr ReferenceKernel kKernels[] = {
    {"Add", same_type<add>},
    {"And", same_type<[](auto a, auto b) { return a != 0 && b != 0; }>},
    {"BitShift", bit_shift},
    {"BitwiseAnd", bitwise<[](std::uint64_t a, std::uint64_t b) { return a & b; }>},
    {"BitwiseOr", bitwise<[](std::uint64_t a, std::uint64_t b) { return a | b; }>},
    {"BitwiseXor", bitwise<[](std::uint64_t a, std::uint64_t b) { return a ^ b; }>},
    {"Div", same_type<divide>},
    {"Equal", equal},
    {"Greater", to_bool<[](auto a, auto b) { return b < a; }>},
    {"GreaterOrEqual", to_bool<[](auto a, auto b) { return b <= a; }>},
    {"Less", to_bool<[](auto a, auto b) { return a < b; }>},
    {"LessOrEqual", to_bool<[](auto a, auto b) { return a <= b; }>},
    {"Max", fold<larger>},
    {"Mean", mean},
    {"Min", fold<smaller>},
    {"Mod", mod},
    {"Mul", same_type<multiply>},
    {"Or", same_type<[](auto a, auto b) { return a != 0 || b != 0; }>},
    {"PRelu", prelu},
    {"Pow", power},
    {"Sub", same_type<subtract>},
    {"Sum", fold<add>},
    {"Where", where},
    {"Xor", same_type<[](auto a, auto b) { return (a != 0) != (b != 0); }>},
};

}  // namespace

std::span<const ReferenceKernel> binary_kernels() {
  return kKernels;
}

}  // namespace bw
