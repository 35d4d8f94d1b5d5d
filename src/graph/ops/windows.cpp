#include "graph/ops/windows.h"

#include <algorithm>

namespace bw {

void WindowAxis::pad_same(std::int64_t extent, bool upper) {
  const std::int64_t total =
      std::max<std::int64_t>(0, ((extent + stride - 1) / stride - 1) * stride + reach() - extent);
  const std::int64_t small = total / 2;
  before = upper ? small : total - small;
  after = total - before;
}

std::optional<std::int64_t> WindowAxis::places(std::int64_t extent) const {
  const std::int64_t room = extent + before + after - reach();
  if (room < 0) return std::nullopt;
  std::int64_t places = (room + (ceiling ? stride - 1 : 0)) / stride + 1;
  if (ceiling && (places - 1) * stride >= extent + before) --places;
  return places;
}

}  // namespace bw
