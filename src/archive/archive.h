// What all readers of archives and compressed files share: limits, names that stay inside, bytes with their owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace bw {

struct ArchiveLimits {
  std::uint64_t entries = 100'000;
  std::uint64_t bytes = std::uint64_t{1} << 34;  // produced from one file
  std::uint64_t ratio = 200;                     // produced over packed, once more than `free_bytes` are produced
  std::uint64_t free_bytes = std::uint64_t{1} << 26;
};

// Bytes that stay valid as long as `owner` lives.
struct Bytes {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

// Unsigned number of `size` (1 to 8) bytes at `offset`. InputError(format) when it lies past the end.
std::uint64_t little_endian(std::span<const std::byte> bytes, std::uint64_t offset, int size, std::string_view where);
std::uint64_t big_endian(std::span<const std::byte> bytes, std::uint64_t offset, int size, std::string_view where);
// bytes[offset, offset + size). InputError(format) when that lies past the end.
std::span<const std::byte> slice(std::span<const std::byte> bytes, std::uint64_t offset, std::uint64_t size,
                                 std::string_view where);

// InputError(path): absolute, "..", backslash, NUL or empty.
void check_entry_name(std::string_view name, std::string_view where);

// InputError(limit) when `produced` bytes out of `packed` exceed the limits.
void check_expansion(std::uint64_t produced, std::uint64_t packed, const ArchiveLimits& limits, std::string_view where);

// Raw deflate data of exactly `size` bytes. InputError(format) when it is damaged or of another size.
Bytes inflate_raw(std::span<const std::byte> packed, std::uint64_t size, std::string_view where);
// A whole gzip file, all its members.
Bytes inflate_gzip(std::span<const std::byte> packed, const ArchiveLimits& limits, std::string_view where);
std::uint32_t crc32_of(std::span<const std::byte> bytes);

}  // namespace bw
