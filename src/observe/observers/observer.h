// An observer turns what calibration saw of a value into the range that its codes shall cover.
// An observer is one file here and one line in the list of observers.cpp.
#pragma once

#include <span>
#include <string_view>

#include "base/parameter.h"
#include "observe/evidence.h"

namespace bw {

struct Observer {
  std::string_view name;  // as recipes spell it
  std::string_view says;  // one line
  std::span<const Parameter> parameters;
  StatisticKey statistic;  // what it needs of each value
  // The range; {0, 0} when nothing or only zeros were seen. It may leave zero out: scale_and_zero_point puts it in.
  Range (*range)(const Statistic& seen, const Scheme& scheme, const Arguments& arguments);
};

std::span<const Observer> observers();
const Observer& observer_named(std::string_view name);  // UsageError that lists the names

// The range of one value, by an observer whose statistic was gathered.
Range range_of(const Observer& observer, const ValueEvidence& seen, const Scheme& scheme, const Arguments& arguments);

}  // namespace bw
