// Values as bytes, for what crosses a socket: fixed-width little-endian numbers, strings and arrays with their length
// before them. The reader trusts nothing it reads.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"

namespace bw {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie in memory");

class ByteWriter {
 public:
  template <class T>
    requires std::is_arithmetic_v<T>
  void put(T value) {
    append(&value, sizeof(T));
  }
  void put(std::string_view text) {
    put<std::uint64_t>(text.size());
    append(text.data(), text.size());
  }
  template <class T>
    requires std::is_arithmetic_v<T>
  void put(std::span<const T> values) {
    put<std::uint64_t>(values.size());
    append(values.data(), values.size_bytes());
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  void append(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }
  std::vector<std::byte> bytes_;
};

// Every function throws InputError(format) when the bytes end too early.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes) {}

  template <class T>
    requires std::is_arithmetic_v<T>
  T get() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string text() {
    const auto bytes = take(get<std::uint64_t>());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  template <class T>
    requires std::is_arithmetic_v<T>
  std::vector<T> array() {
    const auto count = get<std::uint64_t>();
    if (count > rest_.size() / sizeof(T)) refuse("the bytes end too early");
    const auto bytes = take(count * sizeof(T));
    std::vector<T> values(count);
    if (count != 0) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  void expect_end() const {
    if (!rest_.empty()) refuse("bytes are left over");
  }
  [[noreturn]] static void refuse(std::string what) { throw Error(InputClass::Format, std::move(what)); }

 private:
  std::span<const std::byte> take(std::uint64_t size) {
    if (size > rest_.size()) refuse("the bytes end too early");
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  std::span<const std::byte> rest_;
};

}  // namespace bw
