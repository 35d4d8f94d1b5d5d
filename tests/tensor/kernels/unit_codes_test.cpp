#include "tensor/kernels/unit_codes.h"

#include "tensor/codebooks.h"
#include "tensor/kernels/each_target.h"

using namespace bw;
using namespace bw::test;

namespace {

struct Encoded {
  std::vector<std::uint8_t> codes;
  std::vector<float> scales;
  bool operator==(const Encoded&) const = default;
};

template <class Function>
Encoded encoded(const Function& encode, std::span<const float> values, std::size_t block, const SmallTable& table) {
  Encoded out{std::vector<std::uint8_t>(values.size()), std::vector<float>((values.size() + block - 1) / block)};
  encode(values, block, table, out.codes, out.scales);
  return out;
}

}  // namespace

TEST_CASE("encode_units gives the codes of the reference, of tables in any order, whole or not") {
  on_each_target([] {
    Random random(4);
    const std::array<float, 3> few{-0.5F, 0.25F, 0.5F};
    for (const std::span<const float> table :
         {std::span<const float>(nf4()), std::span<const float>(fp4()), std::span<const float>(few)})
      for (const std::size_t block : {32, 64, 100})
        for (const std::size_t length : lengths()) {
          CAPTURE(table.size(), block, length);
          const NearestCodes nearest(table);
          std::vector<float> values = mixed_floats(length + 1, random);
          for (float& value : values)
            if (!std::isfinite(value)) value = 0;
          const auto span = std::span<const float>(values).subspan(1);
          REQUIRE(encoded(encode_units, span, block, nearest.small()) ==
                  encoded(reference::encode_units, span, block, nearest.small()));
        }
  });
}

TEST_CASE("values halfway between two numbers have the lower one's code, and blocks of zeros that of zero") {
  const NearestCodes nearest(nf4());
  std::vector<float> values{1, 0, 0, -1};
  for (std::size_t i = 1; i < 16; ++i) values.push_back((nf4()[i - 1] + nf4()[i]) / 2);
  const Encoded met = encoded(encode_units, values, 32, nearest.small());
  for (std::size_t i = 1; i < 16; ++i) CHECK(met.codes[3 + i] == i - 1);
  CHECK(met.codes[0] == 15);
  CHECK(met.codes[1] == 7);
  CHECK(met.codes[3] == 0);
  const std::vector<float> zeros(40);
  CHECK(encoded(encode_units, zeros, 32, nearest.small()) ==
        Encoded{std::vector<std::uint8_t>(40, 7), std::vector<float>(2)});
}
