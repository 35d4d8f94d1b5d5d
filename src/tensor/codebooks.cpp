#include "tensor/codebooks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bw {

const FourBits& nf4() {
  static constexpr FourBits kTable{-1.0F,
                                   -0.6961928009986877F,
                                   -0.5250730514526367F,
                                   -0.39491748809814453F,
                                   -0.28444138169288635F,
                                   -0.18477343022823334F,
                                   -0.09105003625154495F,
                                   0.0F,
                                   0.07958029955625534F,
                                   0.16093020141124725F,
                                   0.24611230194568634F,
                                   0.33791524171829224F,
                                   0.44070982933044434F,
                                   0.5626170039176941F,
                                   0.7229568362236023F,
                                   1.0F};
  return kTable;
}

const FourBits& fp4() {
  static constexpr FourBits kTable = [] {
    constexpr float kTwelfths[] = {0.0F, 0.0625F, 8.0F, 12.0F, 4.0F, 6.0F, 2.0F, 3.0F};
    FourBits table{};
    for (std::size_t code = 0; code < 8; ++code) {
      table[code] = kTwelfths[code] / 12;
      table[code + 8] = -kTwelfths[code] / 12;
    }
    return table;
  }();
  return kTable;
}

// Decade i of seven holds 2^i numbers: the middles of as many equal parts of [0.1, 1] * 10^(i - 6). As PyTorch on x86
// rounds them, which no other order of operations gives.
constexpr float kPositive[] = {
    5.5000004e-07F, 3.2500002e-06F, 7.75e-06F,      2.1249998e-05F, 4.375e-05F,    6.625e-05F,     8.875e-05F,
    0.00015625001F, 0.00026875004F, 0.00038125002F, 0.00049375003F, 0.0006062501F, 0.00071875006F, 0.00083125F,
    0.0009437501F,  0.0012812499F,  0.00184375F,    0.00240625F,    0.00296875F,   0.0035312497F,  0.00409375F,
    0.0046562497F,  0.0052187503F,  0.00578125F,    0.00634375F,    0.00690625F,   0.00746875F,    0.00803125F,
    0.00859375F,    0.009156249F,   0.00971875F,    0.01140625F,    0.01421875F,   0.01703125F,    0.01984375F,
    0.02265625F,    0.02546875F,    0.028281247F,   0.03109375F,    0.033906247F,  0.036718752F,   0.03953125F,
    0.042343747F,   0.04515625F,    0.04796875F,    0.05078125F,    0.05359375F,   0.05640625F,    0.059218753F,
    0.062031247F,   0.06484375F,    0.067656256F,   0.070468746F,   0.07328125F,   0.07609375F,    0.07890625F,
    0.08171874F,    0.08453125F,    0.08734375F,    0.09015625F,    0.092968754F,  0.095781244F,   0.09859375F,
    0.107031256F,   0.12109375F,    0.13515624F,    0.14921875F,    0.16328125F,   0.17734374F,    0.19140625F,
    0.20546874F,    0.21953125F,    0.23359376F,    0.24765626F,    0.26171875F,   0.27578127F,    0.28984374F,
    0.30390626F,    0.31796873F,    0.33203125F,    0.3460937F,     0.36015624F,   0.37421876F,    0.38828123F,
    0.40234375F,    0.4164062F,     0.43046874F,    0.44453126F,    0.45859373F,   0.47265625F,    0.48671877F,
    0.50078124F,    0.51484376F,    0.5289062F,     0.54296875F,    0.5570313F,    0.5710938F,     0.58515626F,
    0.5992187F,     0.61328125F,    0.6273438F,     0.64140624F,    0.65546876F,   0.6695313F,     0.68359375F,
    0.6976563F,     0.7117188F,     0.72578126F,    0.7398438F,     0.75390625F,   0.7679688F,     0.78203124F,
    0.7960937F,     0.8101562F,     0.82421875F,    0.8382812F,     0.85234374F,   0.8664062F,     0.8804687F,
    0.89453125F,    0.9085938F,     0.92265624F,    0.9367187F,     0.9507812F,    0.96484375F,    0.9789062F,
    0.99296874F};

const std::array<float, 256>& dynamic8() {
  static const std::array<float, 256> kTable = [] {
    std::array<float, 256> table{};
    std::size_t count = 0;
    for (const float number : kPositive) {
      table[count++] = number;
      table[count++] = -number;
    }
    table[count++] = 0;
    table[count++] = 1;
    std::ranges::sort(table);
    return table;
  }();
  return kTable;
}

NearestCodes::NearestCodes(std::span<const float> table) : order_(table.size()) {
  std::iota(order_.begin(), order_.end(), std::uint8_t{0});
  std::ranges::stable_sort(order_, {}, [&](std::uint8_t code) { return table[code]; });
  for (std::size_t i = 1; i < order_.size(); ++i) bounds_.push_back((table[order_[i - 1]] + table[order_[i]]) / 2);
}

void NearestCodes::encode(std::span<const float> values, std::span<std::uint8_t> codes) const {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto above = std::ranges::lower_bound(bounds_, values[i]) - bounds_.begin();
    codes[i] = order_[static_cast<std::size_t>(above)];
  }
}

}  // namespace bw
