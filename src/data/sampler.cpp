#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/random.h"
#include "data/dataset.h"

namespace bw {
namespace {

// Classes take turns, each giving its samples in the order of the permutation.
std::vector<std::size_t> take_turns(const std::vector<std::size_t>& permutation, std::span<const std::int64_t> classes,
                                    std::size_t count) {
  std::map<std::int64_t, std::vector<std::size_t>> by_class;
  for (std::size_t index : permutation) by_class[classes[index]].push_back(index);
  std::vector<std::size_t> chosen;
  for (std::size_t round = 0; chosen.size() < count; ++round)
    for (const auto& [_, members] : by_class)
      if (round < members.size() && chosen.size() < count) chosen.push_back(members[round]);
  return chosen;
}

}  // namespace

std::vector<std::size_t> choose(const Split& split, std::size_t count, std::uint64_t seed, bool balanced) {
  Random random(seed);
  count = std::min(count, split.size());
  if (!balanced) return sample_without_replacement(split.size(), count, random);
  if (split.classes().empty())
    throw Error(ErrorKind::Usage, "samples can be balanced over classes only where each sample has one class",
                split.name());
  return take_turns(sample_without_replacement(split.size(), split.size(), random), split.classes(), count);
}

}  // namespace bw
