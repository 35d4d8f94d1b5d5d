#include "bench/chance.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace bw {

std::string chance_warning(const Figure& accuracy, std::span<const std::int64_t> labels, std::int64_t classes) {
  if (!accuracy.value || !accuracy.interval || labels.empty()) return "";
  std::map<std::int64_t, std::size_t> counts;
  for (const std::int64_t label : labels) ++counts[label];
  const auto most = std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; });
  const double majority = static_cast<double>(most->second) / static_cast<double>(labels.size());
  const double draw = classes > 0 ? 1 / static_cast<double>(classes) : 0;
  const double chance = counts.size() > 1 ? std::max(majority, draw) : draw;
  // Few samples leave the interval wide: what is far above chance is not called no better than that.
  constexpr double kNear = 0.05;
  if (accuracy.interval->low > chance || *accuracy.value > chance + kNear) return "";
  if (*accuracy.value == 0)
    return "the float model is right on none of the samples: are the labels another model's, or in another order, and "
           "is its input made as it was trained on? Candidates are judged by its own answers instead";
  return fmt::format(
      "the float model is right on {:.1f} % of the samples, no more than chance ({:.1f} %): is its input made as it "
      "was trained on, and are the labels in its order? Candidates are judged by its own answers instead",
      100 * *accuracy.value, 100 * chance);
}

}  // namespace bw
