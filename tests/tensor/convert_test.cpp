#include "tensor/convert.h"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "tensor/packing.h"

using namespace bw;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

template <class T>
std::vector<T> values(const Tensor& tensor) {
  return {tensor.data<T>().begin(), tensor.data<T>().end()};
}

Tensor packed(DType dtype, std::int64_t count, std::initializer_list<int> bytes) {
  std::vector<std::byte> raw;
  for (const int byte : bytes) raw.push_back(static_cast<std::byte>(byte));
  return Tensor::copy(dtype, {count}, raw);
}

constexpr DType kSmallFloats[] = {DType::Float8E4M3FN, DType::Float8E4M3FNUZ, DType::Float8E5M2, DType::Float8E5M2FNUZ,
                                  DType::Float4E2M1};

}  // namespace

TEST_CASE("sub-byte codes are packed low bits first, the rest zero") {
  CHECK(to_int64s(packed(DType::Int4, 3, {0x8F, 0x07})) == std::vector<std::int64_t>{-1, -8, 7});
  CHECK(to_int64s(packed(DType::UInt4, 3, {0x8F, 0x07})) == std::vector<std::int64_t>{15, 8, 7});
  CHECK(to_int64s(packed(DType::Int2, 5, {0xE4, 0x03})) == std::vector<std::int64_t>{0, 1, -2, -1, -1});
  CHECK(to_int64s(packed(DType::UInt2, 4, {0xE4})) == std::vector<std::int64_t>{0, 1, 2, 3});
  CHECK(cast(Tensor::of<std::int8_t>({3}, {-1, -8, 7}), DType::Int4) == packed(DType::Int4, 3, {0x8F, 0x07}));
  std::vector<std::byte> short_room(1), used_room(2, std::byte{0xFF});
  pack_codes(std::vector<std::uint8_t>{1, 2, 3}, 4, used_room);
  CHECK(used_room == std::vector<std::byte>{std::byte{0x21}, std::byte{0x03}});
  CHECK_THROWS_AS(pack_codes(std::vector<std::uint8_t>(3), 4, short_room), Error);
  CHECK_THROWS_AS(unpack_codes(short_room, 4, 3), Error);
}

TEST_CASE("integers keep their low bits, floats are cut off and stay in range") {
  CHECK(values<std::uint8_t>(cast(Tensor::of<std::int32_t>({3}, {256, -1, 255}), DType::UInt8)) ==
        std::vector<std::uint8_t>{0, 255, 255});
  CHECK(values<std::int8_t>(cast(Tensor::of<float>({5}, {1.9F, -1.9F, 300, -kInfinity, kNaN}), DType::Int8)) ==
        std::vector<std::int8_t>{1, -1, 127, -128, 0});
  CHECK(values<std::int64_t>(cast(Tensor::of<float>({2}, {0x1p63F, -0x1p63F}), DType::Int64)) ==
        std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()});
  CHECK(values<std::uint64_t>(cast(Tensor::of<double>({2}, {-1, 0x1p64}), DType::UInt64)) ==
        std::vector<std::uint64_t>{0, ~std::uint64_t{0}});
  CHECK(to_int64s(cast(Tensor::of<float>({3}, {9, -9, 3.7F}), DType::Int4)) == std::vector<std::int64_t>{7, -8, 3});
  CHECK(to_int64s(cast(Tensor::of<std::int32_t>({2}, {17, -17}), DType::UInt4)) == std::vector<std::int64_t>{1, 15});
  CHECK(values<float>(cast(Tensor::of<std::uint64_t>({1}, {~std::uint64_t{0}}), DType::Float32)) ==
        std::vector<float>{0x1p64F});
  // Straight to float: through double it would be rounded twice.
  CHECK(values<float>(cast(Tensor::of<std::int64_t>({1}, {(std::int64_t{1} << 60) + (std::int64_t{1} << 36) + 1}),
                           DType::Float32))[0] == 0x1p60F + 0x1p37F);
  CHECK(to_doubles(Tensor::of<bool>({3}, {true, false, true})) == std::vector<double>{1, 0, 1});
  CHECK(values<bool>(cast(Tensor::of<float>({4}, {0.0F, -0.0F, 0.1F, kNaN}), DType::Bool)) ==
        std::vector<bool>{false, false, true, true});
  CHECK_THROWS_AS(cast(Tensor::of_strings({1}, {"1"}), DType::Float32), Error);
  CHECK_THROWS_AS(cast(Tensor::of<float>({1}, {1}), DType::Complex64), Error);
}

TEST_CASE("small floats: every code decodes, encodes back, and the known ends are there") {
  for (const DType dtype : kSmallFloats) {
    CAPTURE(name_of(dtype));
    const int count = 1 << info(dtype).bits;
    for (int code = 0; code < count; ++code) {
      const float value = decode_small_float(dtype, static_cast<std::uint8_t>(code));
      const std::uint8_t back = encode_small_float(dtype, value);
      if (std::isnan(value))
        CHECK(std::isnan(decode_small_float(dtype, back)));
      else if (std::isinf(value))
        CHECK(back == code - 1);  // saturates
      else
        CHECK(back == code);
    }
  }
  // Largest and smallest values as the ONNX specification lists them.
  CHECK(decode_small_float(DType::Float8E4M3FN, 0x7E) == 448);
  CHECK(decode_small_float(DType::Float8E4M3FNUZ, 0x7F) == 240);
  CHECK(decode_small_float(DType::Float8E5M2, 0x7B) == 57344);
  CHECK(decode_small_float(DType::Float8E5M2FNUZ, 0x7F) == 57344);
  CHECK(decode_small_float(DType::Float8E4M3FN, 0x01) == 0x1p-9F);
  CHECK(decode_small_float(DType::Float8E4M3FNUZ, 0x01) == 0x1p-10F);
  CHECK(decode_small_float(DType::Float8E5M2, 0x01) == 0x1p-16F);
  CHECK(decode_small_float(DType::Float8E5M2FNUZ, 0x01) == 0x1p-17F);
  CHECK(std::isnan(decode_small_float(DType::Float8E4M3FN, 0xFF)));
  CHECK(std::isnan(decode_small_float(DType::Float8E4M3FNUZ, 0x80)));
  CHECK(std::isinf(decode_small_float(DType::Float8E5M2, 0xFC)));
  std::vector<float> fours;
  for (int code = 0; code < 8; ++code)
    fours.push_back(decode_small_float(DType::Float4E2M1, static_cast<std::uint8_t>(code)));
  CHECK(fours == std::vector<float>{0, .5F, 1, 1.5F, 2, 3, 4, 6});
}

TEST_CASE("small floats round half to even and saturate") {
  for (const DType dtype : kSmallFloats) {
    CAPTURE(name_of(dtype));
    for (int code = 0;; ++code) {
      const float here = decode_small_float(dtype, static_cast<std::uint8_t>(code));
      const float next = decode_small_float(dtype, static_cast<std::uint8_t>(code + 1));
      if (!(next > here) || std::isinf(next)) {
        for (const float huge : {here * 1.01F, here * 100, kInfinity}) CHECK(encode_small_float(dtype, huge) == code);
        break;
      }
      const float middle = here + (next - here) / 2;
      CHECK(encode_small_float(dtype, middle) == code + code % 2);
      CHECK(encode_small_float(dtype, std::nextafter(middle, 0.0F)) == code);
      CHECK(encode_small_float(dtype, std::nextafter(middle, kInfinity)) == code + 1);
    }
  }
  CHECK(encode_small_float(DType::Float8E4M3FN, -0.0F) == 0x80);
  CHECK(encode_small_float(DType::Float8E4M3FNUZ, -0.0F) == 0);
  CHECK(encode_small_float(DType::Float8E4M3FN, -kInfinity) == 0xFE);
}

TEST_CASE("E8M0 holds powers of two and rounds up") {
  CHECK(decode_small_float(DType::Float8E8M0, 127) == 1);
  CHECK(decode_small_float(DType::Float8E8M0, 0) == 0x1p-127F);
  CHECK(std::isnan(decode_small_float(DType::Float8E8M0, 255)));
  for (int code = 0; code < 255; ++code)
    CHECK(encode_small_float(DType::Float8E8M0,
                             decode_small_float(DType::Float8E8M0, static_cast<std::uint8_t>(code))) == code);
  CHECK(encode_small_float(DType::Float8E8M0, 1.5F) == 128);
  CHECK(encode_small_float(DType::Float8E8M0, 0) == 0);
  CHECK(encode_small_float(DType::Float8E8M0, kInfinity) == 254);
  CHECK(encode_small_float(DType::Float8E8M0, -2) == 255);
}

TEST_CASE("16-bit floats convert through float") {
  const Tensor floats = Tensor::of<float>({4}, {1.0F, 65504.0F, -0.0F, 1e-8F});
  CHECK(to_floats(cast(floats, DType::Float16)) == std::vector<float>{1, 65504, -0.0F, 0});
  CHECK(to_floats(cast(cast(floats, DType::Float16), DType::BFloat16))[1] == 65536);
  CHECK(cast(floats, DType::Float32).bytes().data() == floats.bytes().data());
}
