// Sums that lose nothing, so that they do not depend on the order of their terms.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace bw {

// A sum of doubles without rounding: two's complement fixed point of 64 * kWords bits in units of 2^kLowest.
// Terms must be multiples of that unit, and the sum must fit.
template <int kLowest, std::size_t kWords>
class ExactSum {
 public:
  void add(double term);
  void merge(const ExactSum& other);
  double value() const;  // rounded half to even
  void write(ByteWriter& out) const { out.put(std::span<const std::uint64_t>(words_)); }
  static ExactSum read(ByteReader& in);
  friend bool operator==(const ExactSum&, const ExactSum&) = default;

 private:
  void negate();
  std::array<std::uint64_t, kWords> words_{};
};
using SumOfFloats = ExactSum<-149, 6>;    // of floats: up to 2^40 times the largest one, and room to spare
using SumOfSquares = ExactSum<-298, 10>;  // of their squares

}  // namespace bw
