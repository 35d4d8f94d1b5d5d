#include "tensor/tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "base/error.h"

namespace bw {
namespace {

struct Memory {
  std::shared_ptr<void> owner;
  std::span<std::byte> bytes;
};

// Zeroed. Large blocks come from the system zeroed already and cost nothing until they are touched.
Memory allocate(std::uint64_t size) {
  void* memory = std::calloc(std::max<std::size_t>(size, 1), 1);
  if (!memory) throw Error(InputClass::Limit, fmt::format("not enough memory for a tensor of {} bytes", size));
  return {std::shared_ptr<void>(memory, std::free), {static_cast<std::byte*>(memory), size}};
}

std::size_t alignment_of(DType dtype) {
  return std::clamp<std::size_t>(info(dtype).bits / 8, 1, 8);
}

}  // namespace

std::uint64_t element_count(std::span<const std::int64_t> shape) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  // Zeros are left out at first, so that [2^62, 4, 0] is refused as well: other programs multiply in other orders.
  std::uint64_t count = 1;
  for (const std::int64_t dim : shape) {
    const auto factor = static_cast<std::uint64_t>(std::max<std::int64_t>(dim, 1));
    if (dim < 0 || count > kMost / factor)
      throw Error(InputClass::Limit, fmt::format("impossible shape {}", to_string(shape)));
    count *= factor;
  }
  return std::find(shape.begin(), shape.end(), 0) == shape.end() ? count : 0;
}

std::string to_string(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

Tensor Tensor::wrap(DType dtype, Shape shape, std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  const std::uint64_t count = element_count(shape);
  if (dtype == DType::Undefined || dtype == DType::String || byte_size(dtype, count) != bytes.size())
    throw Error(ErrorKind::Internal,
                fmt::format("{} bytes cannot be a tensor of {} {}", bytes.size(), name_of(dtype), to_string(shape)));
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment_of(dtype) != 0)
    return copy(dtype, std::move(shape), bytes);
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.shape_ = std::move(shape);
  tensor.size_ = count;
  tensor.bytes_ = bytes;
  tensor.owner_ = std::move(owner);
  return tensor;
}

Tensor Tensor::copy(DType dtype, Shape shape, std::span<const std::byte> bytes) {
  Memory memory = allocate(bytes.size());
  if (!bytes.empty()) std::memcpy(memory.bytes.data(), bytes.data(), bytes.size());
  return wrap(dtype, std::move(shape), memory.bytes, std::move(memory.owner));
}

Tensor Tensor::make(DType dtype, Shape shape, const std::function<void(std::span<std::byte>)>& fill) {
  Memory memory = allocate(byte_size(dtype, element_count(shape)));
  fill(memory.bytes);
  return wrap(dtype, std::move(shape), memory.bytes, std::move(memory.owner));
}

Tensor Tensor::of_strings(Shape shape, std::vector<std::string> strings) {
  Tensor tensor;
  tensor.size_ = element_count(shape);
  if (tensor.size_ != strings.size())
    throw Error(ErrorKind::Internal,
                fmt::format("{} strings cannot be a tensor of {}", strings.size(), to_string(shape)));
  tensor.dtype_ = DType::String;
  tensor.shape_ = std::move(shape);
  tensor.owner_ = std::make_shared<const std::vector<std::string>>(std::move(strings));
  return tensor;
}

const std::vector<std::string>& Tensor::strings() const {
  require(DType::String);
  return *static_cast<const std::vector<std::string>*>(owner_.get());
}

Tensor Tensor::reshaped(Shape shape) const {
  if (element_count(shape) != size_)
    throw Error(ErrorKind::Internal, fmt::format("{} cannot become {}", to_string(shape_), to_string(shape)));
  Tensor tensor = *this;
  tensor.shape_ = std::move(shape);
  return tensor;
}

bool operator==(const Tensor& a, const Tensor& b) {
  if (a.dtype_ != b.dtype_ || a.shape_ != b.shape_) return false;
  if (a.dtype_ == DType::String) return a.strings() == b.strings();
  return std::equal(a.bytes_.begin(), a.bytes_.end(), b.bytes_.begin(), b.bytes_.end());
}

void Tensor::require(DType dtype) const {
  if (dtype != dtype_)
    throw Error(ErrorKind::Internal, fmt::format("a tensor of {} was read as {}", name_of(dtype_), name_of(dtype)));
}

}  // namespace bw
