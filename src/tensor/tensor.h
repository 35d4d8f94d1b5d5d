// A dense n-dimensional array: dtype, shape and immutable shared bytes (owned, or mapped from a file), row-major.
// Copying a Tensor copies no bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/float_types.h"

namespace bw {

using Shape = std::vector<std::int64_t>;

// Product of the dimensions. Error(limit) when negative or beyond 63 bits.
std::uint64_t element_count(std::span<const std::int64_t> shape);
std::string to_string(std::span<const std::int64_t> shape);  // "[2, 3]"

// dtype of a C++ type that holds one element (float, double, Half, BFloat16, bool, (u)int8..64).
template <class T>
constexpr DType dtype_of();

class Tensor {
 public:
  Tensor() = default;  // dtype Undefined: "no tensor"

  // Bytes as they are; `bytes` must stay valid as long as `owner` lives. Error(Internal) if the size does not fit.
  static Tensor wrap(DType dtype, Shape shape, std::span<const std::byte> bytes, std::shared_ptr<const void> owner);
  // A copy of `bytes`.
  static Tensor copy(DType dtype, Shape shape, std::span<const std::byte> bytes);
  // Zeroed memory, filled by `fill` before it becomes immutable.
  static Tensor make(DType dtype, Shape shape, const std::function<void(std::span<std::byte>)>& fill);
  static Tensor of_strings(Shape shape, std::vector<std::string> strings);

  template <class T>
  static Tensor of(Shape shape, std::span<const T> values) {
    return copy(dtype_of<T>(), std::move(shape), std::as_bytes(values));
  }
  template <class T>
  static Tensor of(Shape shape, std::initializer_list<T> values) {
    return of<T>(std::move(shape), std::span<const T>(values.begin(), values.size()));
  }
  template <class T>
  static Tensor scalar(T value) {
    return of<T>({}, std::span<const T>(&value, 1));
  }
  template <class T>
  static Tensor fill(Shape shape, const std::function<void(std::span<T>)>& body) {
    return make(dtype_of<T>(), std::move(shape),
                [&](std::span<std::byte> raw) { body({reinterpret_cast<T*>(raw.data()), raw.size() / sizeof(T)}); });
  }

  bool defined() const { return dtype_ != DType::Undefined; }
  explicit operator bool() const { return defined(); }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::size_t rank() const { return shape_.size(); }
  std::size_t size() const { return size_; }  // elements
  std::span<const std::byte> bytes() const { return bytes_; }
  const std::vector<std::string>& strings() const;  // Error(Internal) unless dtype is String
  std::shared_ptr<const void> owner() const { return owner_; }

  // Elements as T. Error(Internal) when T is not the dtype.
  template <class T>
  std::span<const T> data() const {
    require(dtype_of<T>());
    return {reinterpret_cast<const T*>(bytes_.data()), size_};
  }

  Tensor reshaped(Shape shape) const;  // same elements; Error(Internal) when the count differs

  // Same dtype, shape and bytes (NaN equals itself, -0 differs from +0).
  friend bool operator==(const Tensor& a, const Tensor& b);

 private:
  void require(DType dtype) const;

  DType dtype_ = DType::Undefined;
  Shape shape_;
  std::size_t size_ = 0;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
};

template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, float>)
    return DType::Float32;
  else if constexpr (std::is_same_v<T, double>)
    return DType::Float64;
  else if constexpr (std::is_same_v<T, Half>)
    return DType::Float16;
  else if constexpr (std::is_same_v<T, BFloat16>)
    return DType::BFloat16;
  else if constexpr (std::is_same_v<T, bool>)
    return DType::Bool;
  else if constexpr (std::is_same_v<T, std::int8_t>)
    return DType::Int8;
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return DType::UInt8;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return DType::Int16;
  else if constexpr (std::is_same_v<T, std::uint16_t>)
    return DType::UInt16;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return DType::Int32;
  else if constexpr (std::is_same_v<T, std::uint32_t>)
    return DType::UInt32;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return DType::Int64;
  else if constexpr (std::is_same_v<T, std::uint64_t>)
    return DType::UInt64;
  else
    static_assert(!sizeof(T), "no dtype for this C++ type");
}

}  // namespace bw
