// Deterministic random numbers: the same seed gives the same numbers on every machine and standard library.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bw {

// What splitmix64 gives in this state: 64 bits, each of which depends on all of the state's.
std::uint64_t split_mix(std::uint64_t state);

// xoshiro256** seeded through splitmix64 (Blackman and Vigna, 2018).
class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound);  // uniform in [0, bound), bound > 0, without modulo bias
  double uniform();                          // [0, 1), 53 bits
  double normal();                           // mean 0, variance 1 (polar method)

 private:
  std::uint64_t state_[4];
};

// The first `take` entries of a random permutation of 0..count-1 (take <= count).
std::vector<std::size_t> sample_without_replacement(std::size_t count, std::size_t take, Random& random);

}  // namespace bw
