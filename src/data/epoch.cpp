#include "data/epoch.h"

#include "base/random.h"

namespace bw {

std::vector<std::size_t> epoch(const Split& split, std::uint64_t number, std::uint64_t seed) {
  Random random(split_mix(split_mix(seed) + number));  // neighbours must not be alike
  return sample_without_replacement(split.size(), split.size(), random);
}

}  // namespace bw
