#include "observe/statistics/channels.h"

#include <fmt/format.h>

#include "base/error.h"

namespace bw {

void require_channels(std::size_t before, std::size_t now) {
  if (now == before) return;
  throw Error(ErrorKind::Calibration, fmt::format("a sample has {} channels, those before had {}", now, before), "",
              "Statistics by channel need the same number of channels in every sample");
}

}  // namespace bw
