#include "explain/rescaled.h"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "base/random.h"

namespace bw {
namespace {

constexpr std::size_t kRows = 12, kColumns = 20;

std::vector<float> weights() {
  Random random(3);
  std::vector<float> values(kRows * kColumns);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

Rescaling rescaled_by(const std::function<float(std::size_t row, std::size_t column)>& factor) {
  const std::vector<float> before = weights();
  std::vector<float> after = before;
  for (std::size_t i = 0; i < after.size(); ++i)
    after[i] = std::round(after[i] * factor(i / kColumns, i % kColumns) * 64) / 64;
  return rescaling(before, after, {kRows, kColumns});
}

TEST_CASE("weights with factors by channel are rescaled, on either axis or both") {
  const Rescaling rows =
      rescaled_by([](std::size_t row, std::size_t) { return 0.5f + 0.25f * static_cast<float>(row); });
  CHECK((rows.first && !rows.second));
  const Rescaling columns =
      rescaled_by([](std::size_t, std::size_t column) { return 0.5f + 0.25f * static_cast<float>(column); });
  CHECK((!columns.first && columns.second));
  const Rescaling both = rescaled_by([](std::size_t row, std::size_t column) {
    return (1 + static_cast<float>(row)) / (1 + static_cast<float>(column));
  });
  CHECK((both.first && both.second));
}

TEST_CASE("rounding, one wrong scale for all, and a wrong one for a channel rescale nothing") {
  const auto none = [](const Rescaling& found) { return !found.first && !found.second; };
  CHECK(none(rescaled_by([](std::size_t, std::size_t) { return 1.0f; })));
  CHECK(none(rescaled_by([](std::size_t, std::size_t) { return 8.0f; })));
  CHECK(none(rescaled_by([](std::size_t row, std::size_t) { return row == 3 ? 8.0f : 1.0f; })));
  CHECK(none(
      rescaled_by([](std::size_t row, std::size_t column) { return (row * 7 + column * 3) % 5 > 2 ? 1.5f : 0.5f; })));
}

}  // namespace
}  // namespace bw
