#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "observe/observers/entries.h"

namespace bw {
namespace {

const std::array kObservers{
    min_max_observer(), moving_average_observer(),  percentile_observer(), entropy_observer(),
    mse_observer(),     torch_histogram_observer(),
};

}  // namespace

std::span<const Observer> observers() {
  return kObservers;
}

const Observer& observer_named(std::string_view name) {
  std::string names;
  for (const Observer& observer : kObservers) {
    if (observer.name == name) return observer;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", observer.name);
  }
  throw Error(ErrorKind::Usage, fmt::format("no observer is called '{}'", name), "",
              fmt::format("There are: {}", names));
}

Range range_of(const Observer& observer, const ValueEvidence& seen, const Scheme& scheme, const Arguments& arguments) {
  return observer.range(seen.statistic(observer.statistic), scheme, arguments);
}

}  // namespace bw
