#include "base/random.h"

#include <bit>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace bw {
namespace {

constexpr std::uint64_t kSplitMixStep = 0x9E3779B97F4A7C15;

// The C library's log differs in the last bit from machine to machine; this uses only operations that IEEE 754 rounds.
// ln(m 2^e) = e ln 2 + 2 artanh((m - 1) / (m + 1)), m in [1/sqrt 2, sqrt 2).
double natural_log(double x) {
  int exponent;
  double mantissa = std::frexp(x, &exponent);
  if (mantissa < 0.70710678118654752) {
    mantissa *= 2;
    --exponent;
  }
  const double z = (mantissa - 1) / (mantissa + 1), square = z * z;
  double sum = 0;
  for (int odd = 23; odd >= 1; odd -= 2) sum = sum * square + 1.0 / odd;
  return exponent * 0.69314718055994531 + 2 * z * sum;
}

}  // namespace

std::uint64_t split_mix(std::uint64_t state) {
  std::uint64_t z = state + kSplitMixStep;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

Random::Random(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {
    word = split_mix(seed);
    seed += kSplitMixStep;
  }
}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
  if (bound == 0) throw Error(ErrorKind::Internal, "random number below 0");
  const std::uint64_t unfair = -bound % bound;  // 2^64 modulo bound: so many of the lowest values are thrown away
  for (;;)
    if (const std::uint64_t value = next(); value >= unfair) return value % bound;
}

double Random::uniform() {
  return static_cast<double>(next() >> 11) * 0x1p-53;
}

double Random::normal() {
  for (;;) {
    const double u = 2 * uniform() - 1, v = 2 * uniform() - 1, s = u * u + v * v;
    if (s > 0 && s < 1) return u * std::sqrt(-2 * natural_log(s) / s);
  }
}

std::vector<std::size_t> sample_without_replacement(std::size_t count, std::size_t take, Random& random) {
  if (take > count) throw Error(ErrorKind::Internal, "sample larger than its population");
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = 0; i < take; ++i) std::swap(order[i], order[i + random.below(count - i)]);
  order.resize(take);
  return order;
}

}  // namespace bw
