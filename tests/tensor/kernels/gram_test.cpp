#include "tensor/kernels/gram.h"

#include <array>

#include "tensor/kernels/each_target.h"

using namespace bw;
using namespace bw::test;

TEST_CASE("gram_rows sums the products of channels, along the axis of the layout") {
  const std::vector<float> values{1, 2, 3,
                                  4, 5, 6};  // rows (1, 2, 3), (4, 5, 6), or with the channels first (1, 4), ...
  std::array<double, 9> by_last{};
  gram_rows(values, {2, 3, 1}, 0, 3, by_last);
  CHECK(by_last[0] == 17);
  CHECK(by_last[1] == 22);
  CHECK(by_last[2] == 27);
  CHECK(by_last[4] == 29);
  CHECK(by_last[5] == 36);
  CHECK(by_last[8] == 45);
  std::array<double, 2> by_first{};
  gram_rows(values, {1, 2, 3}, 0, 1, by_first);
  CHECK(by_first == std::array<double, 2>{14, 32});
}

TEST_CASE("gram_rows gives the reference's bits") {
  on_each_target([] {
    Random random(8);
    for (const Layout layout : {Layout{1, 1, 1}, Layout{7, 5, 1}, Layout{3, 9, 4}, Layout{1, 17, 300},
                                Layout{513, 8, 1}, Layout{2, 70, 3}, Layout{0, 4, 1}}) {
      const std::vector<float> values = mixed_floats(layout.size(), random);
      const std::size_t channels = layout.channels;
      for (const auto& [first, last] : {std::pair<std::size_t, std::size_t>{0, channels},
                                        {channels / 3, channels},
                                        {channels / 2, channels / 2 + 1}}) {
        std::vector<double> out((last - first) * channels, -1), expected = out;
        gram_rows(values, layout, first, last, out);
        reference::gram_rows(values, layout, first, last, expected);
        for (std::size_t i = first; i < last; ++i)
          for (std::size_t j = i; j < channels; ++j) {
            const std::size_t at = (i - first) * channels + j;
            REQUIRE(std::bit_cast<std::uint64_t>(out[at]) == std::bit_cast<std::uint64_t>(expected[at]));
          }
      }
    }
  });
}
