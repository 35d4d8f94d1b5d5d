// Runs a test body once for every instruction set that this CPU has, with one thread and with three.
#pragma once

#include <bit>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "base/parallel.h"
#include "base/random.h"
#include "tensor/kernels/targets.h"

namespace bw::test {

template <class Body>
void on_each_target(const Body& body) {
  for (const std::string_view target : kernel_targets())
    for (const int count : {1, 3}) {
      CAPTURE(target, count);
      use_kernel_target(target);
      const ThreadLimit limit(count);
      body();
    }
  use_kernel_target("");
}

// Finite floats of all magnitudes: about half are moderate, others have random bits, are zeros of both signs, small
// whole numbers and halves (ties), denormal or huge.
inline std::vector<float> mixed_floats(std::size_t count, Random& random) {
  std::vector<float> values(count);
  for (float& value : values) {
    switch (random.below(8)) {
      case 0:
        do value = std::bit_cast<float>(static_cast<std::uint32_t>(random.next()));
        while (!std::isfinite(value));
        break;
      case 1:
        value = random.below(2) ? 0.0F : -0.0F;
        break;
      case 2:
        value = static_cast<float>(static_cast<int>(random.below(41)) - 20) * 0.5F;
        break;
      case 3:
        value = std::bit_cast<float>(static_cast<std::uint32_t>(random.below(1000)));
        break;
      default:
        value = static_cast<float>(random.normal());
        break;
    }
  }
  return values;
}

inline std::vector<float> normal_floats(std::size_t count, Random& random) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

// Bit patterns: tells -0 from 0, and one NaN from another.
inline std::vector<std::uint32_t> bits_of(std::span<const float> values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

// Around every vector length from 4 to 32 lanes, and above the sizes that are cut into chunks.
inline std::vector<std::size_t> lengths() {
  std::vector<std::size_t> all{0, 1, 2, 3};
  for (const std::size_t n : {4, 8, 16, 32, 64, 128, 1024}) all.insert(all.end(), {n - 1, n, n + 1, 3 * n});
  return all;
}

}  // namespace bw::test
