// Values as bytes, for what crosses a socket: fixed-width little-endian numbers, strings and arrays with their length
// before them. The reader trusts nothing it reads.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"

namespace bw {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie in memory");

// Takes bytes, piece by piece.
using ByteSink = std::function<void(std::span<const std::byte>)>;

class ByteWriter {
 public:
  // Keeps what is put, for take().
  ByteWriter() = default;
  // Gives it away, in pieces of about kPiece bytes; the last of it by flush().
  explicit ByteWriter(ByteSink sink) : sink_(std::move(sink)) {}

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
  void flush() {
    if (!bytes_.empty()) sink_(bytes_);
    bytes_.clear();
  }

 private:
  static constexpr std::size_t kPiece = std::size_t{1} << 16;

  void append(const void* data, std::size_t size) {
    const std::span bytes(static_cast<const std::byte*>(data), size);
    if (sink_ && bytes_.size() + size > kPiece) flush();
    if (sink_ && size > kPiece) return sink_(bytes);
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  std::vector<std::byte> bytes_;
  ByteSink sink_;
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
    require(count, sizeof(T));
    const auto bytes = take(count * sizeof(T));
    std::vector<T> values(count);
    if (count != 0) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  // That `count` elements of `size` bytes are left: to be asked before memory is taken for them.
  void require(std::uint64_t count, std::size_t size) const {
    if (count > rest_.size() / size) refuse("the bytes end too early");
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
