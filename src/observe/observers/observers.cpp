#include <array>

#include "base/names.h"
#include "observe/observers/entries.h"

namespace bw {
namespace {

const std::array kObservers{
    min_max_observer(), moving_average_observer(), percentile_observer(),      entropy_observer(),
    mse_observer(),     octav_observer(),          torch_histogram_observer(),
};

}  // namespace

std::span<const Observer> observers() {
  return kObservers;
}

const Observer& observer_named(std::string_view name) {
  return entry_named("observer", name, kObservers);
}

Range range_of(const Observer& observer, const ValueEvidence& seen, const Scheme& scheme, const Arguments& arguments) {
  return observer.range(seen.statistic(observer.statistic), scheme, arguments);
}

}  // namespace bw
