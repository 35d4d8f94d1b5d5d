#include "archive/archive.h"

#include <zlib.h>

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace bw {
namespace {

constexpr std::uint64_t kMaxDeflateRatio = 1032;      // of the format itself (zlib's technical notes)
constexpr std::size_t kChunk = std::size_t{1} << 30;  // zlib counts in unsigned int

[[noreturn]] void damaged(std::string_view where, const char* reason) {
  throw Error(InputClass::Format, std::string("damaged compressed data (") + (reason ? reason : "truncated") + ")",
              std::string(where));
}

class Inflater {
 public:
  Inflater(std::span<const std::byte> packed, int window_bits, std::string_view where) : left_(packed), where_(where) {
    if (inflateInit2(&stream_, window_bits) != Z_OK) throw Error(ErrorKind::Internal, "zlib did not start");
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Fills `out` as far as the data goes; returns the bytes written. ended() tells whether the stream is complete.
  std::size_t read(std::span<std::byte> out) {
    std::size_t written = 0;
    while (written < out.size() && !ended_) {
      const std::size_t room = std::min(out.size() - written, kChunk), given = std::min(left_.size(), kChunk);
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(left_.data()));
      stream_.avail_in = static_cast<uInt>(given);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + written);
      stream_.avail_out = static_cast<uInt>(room);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END) damaged(where_, stream_.msg);
      left_ = left_.subspan(given - stream_.avail_in);
      written += room - stream_.avail_out;
      ended_ = result == Z_STREAM_END;
    }
    return written;
  }
  bool ended() const { return ended_; }
  std::span<const std::byte> left() const { return left_; }

 private:
  z_stream stream_{};
  std::span<const std::byte> left_;
  std::string_view where_;
  bool ended_ = false;
};

std::uint64_t read_number(std::span<const std::byte> bytes, bool little) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::byte byte = little ? bytes[bytes.size() - 1 - i] : bytes[i];
    value = value << 8 | static_cast<std::uint64_t>(byte);
  }
  return value;
}

}  // namespace

std::span<const std::byte> slice(std::span<const std::byte> bytes, std::uint64_t offset, std::uint64_t size,
                                 std::string_view where) {
  if (offset > bytes.size() || size > bytes.size() - offset)
    throw Error(InputClass::Format,
                "ends early: " + std::to_string(size) + " bytes at offset " + std::to_string(offset) +
                    " do not fit into " + std::to_string(bytes.size()),
                std::string(where), "The file is truncated or damaged");
  return bytes.subspan(offset, size);
}

std::uint64_t little_endian(std::span<const std::byte> bytes, std::uint64_t offset, int size, std::string_view where) {
  return read_number(slice(bytes, offset, static_cast<std::uint64_t>(size), where), true);
}
std::uint64_t big_endian(std::span<const std::byte> bytes, std::uint64_t offset, int size, std::string_view where) {
  return read_number(slice(bytes, offset, static_cast<std::uint64_t>(size), where), false);
}

void check_entry_name(std::string_view name, std::string_view where) {
  bool climbs = false;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    climbs |= name.substr(begin, end - begin) == "..";
    begin = end + 1;
  }
  if (name.empty() || name.front() == '/' || climbs || name.find('\\') != name.npos || name.find('\0') != name.npos)
    throw Error(InputClass::Path,
                "holds an entry whose name leaves its folder: \"" + std::string(name.substr(0, 200)) + "\"",
                std::string(where));
}

void check_expansion(std::uint64_t produced, std::uint64_t packed, const ArchiveLimits& limits,
                     std::string_view where) {
  const bool ratio = produced > limits.free_bytes && produced / limits.ratio > packed;
  if (produced <= limits.bytes && !ratio) return;
  throw Error(InputClass::Limit,
              std::to_string(packed) + " packed bytes would become " + std::to_string(produced) +
                  " (limits: " + std::to_string(limits.bytes) + " bytes, ratio " + std::to_string(limits.ratio) + ")",
              std::string(where), "If this is meant, store the data uncompressed");
}

Bytes inflate_raw(std::span<const std::byte> packed, std::uint64_t size, std::string_view where) {
  if (size / kMaxDeflateRatio > packed.size()) damaged(where, "its header promises more than the data can hold");
  auto out = std::make_shared<std::vector<std::byte>>(size + 1);  // one more, to see data that goes on
  Inflater inflater(packed, -MAX_WBITS, where);
  const std::size_t written = inflater.read(*out);
  if (!inflater.ended() || written != size) damaged(where, "its size is not what the header says");
  return {std::span<const std::byte>(*out).first(size), out};
}

Bytes inflate_gzip(std::span<const std::byte> packed, const ArchiveLimits& limits, std::string_view where) {
  auto out = std::make_shared<std::vector<std::byte>>();
  std::size_t written = 0;
  for (std::span<const std::byte> left = packed; !left.empty();) {
    Inflater member(left, 16 + MAX_WBITS, where);
    while (!member.ended()) {
      if (written == out->size()) out->resize(std::max<std::size_t>(out->size() * 2, std::size_t{1} << 16));
      written += member.read(std::span<std::byte>(*out).subspan(written));
      check_expansion(written, packed.size(), limits, where);
    }
    left = member.left();
  }
  return {std::span<const std::byte>(*out).first(written), out};
}

std::uint32_t crc32_of(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace bw
