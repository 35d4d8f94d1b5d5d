// Sums of doubles that do not depend on the order of their terms, at 16 bytes a sum: for statistics that keep millions
// of them. After Demmel and Nguyen, "Parallel Reproducible Summation" (IEEE Transactions on Computers 64, 2015).
//
// Terms are cut into digits of 40 bits at fixed places: digit l counts 2^(40 l), has the sign of the term, and what is
// below it is cut off. A sum keeps the digits of two levels, l and l - 1, and adds up each of them apart, as whole
// numbers. The level is the least that holds the largest term there can be, so that of every term at least 40 bits
// below that one are kept. When it rises, the upper digits become the lower ones, and those are dropped: just what
// would be there had the level been so from the start.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace bw {

struct DigitSum {
  static constexpr int kBits = 40;
  static constexpr int kLowestLevel = -16, kHighestLevel = 15;
  static constexpr std::uint64_t kMostTerms = std::uint64_t{1} << 22;  // so that the sums stay below 2^62

  std::int64_t high = 0, low = 0;

  // The least level for terms of a magnitude below 2^exponent, -600 <= exponent <= 600.
  static int level_for(int exponent) { return (exponent - 1 - kLowestLevel * kBits) / kBits + kLowestLevel; }

  void add(double term, int level) {
    const double scaled = term * units()[static_cast<std::size_t>(level - kLowestLevel)];
    const auto upper = static_cast<std::int64_t>(scaled);
    high += upper;
    low += static_cast<std::int64_t>((scaled - static_cast<double>(upper)) * 0x1p40);
  }
  void raise(int levels) {
    if (levels == 0) return;
    low = levels == 1 ? high : 0;
    high = 0;
  }
  void merge(const DigitSum& other) {
    high += other.high;
    low += other.low;
  }
  double value(int level) const {
    return std::ldexp(static_cast<double>(high) * 0x1p40 + static_cast<double>(low), kBits * (level - 1));
  }
  friend bool operator==(const DigitSum&, const DigitSum&) = default;

 private:
  // 2^(-40 l) of every level l.
  static const std::array<double, kHighestLevel - kLowestLevel + 1>& units() {
    static constexpr auto kUnits = [] {
      std::array<double, kHighestLevel - kLowestLevel + 1> made{};
      double unit = 0x1p640;  // of the lowest level
      for (double& one : made) {
        one = unit;
        unit *= 0x1p-40;
      }
      return made;
    }();
    return kUnits;
  }
};

}  // namespace bw
