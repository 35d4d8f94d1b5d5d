// Zip with stored entries (PKWARE's APPNOTE 6.3), zip64 for every entry, so that sizes never decide about the layout.
#include "archive/archive.h"
#include "archive/npy.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"

namespace bw {
namespace {

constexpr std::uint16_t kVersion = 45;          // zip64
constexpr std::uint16_t kDate = (1 << 5) | 1;   // 1980-01-01: equal content gives equal bytes
constexpr std::uint32_t kInExtra = 0xFFFFFFFF;  // the number stands in the zip64 field
constexpr std::uint16_t kZip64 = 0x0001;

std::string descr(DType dtype) {
  const DTypeInfo& type = info(dtype);
  if (dtype == DType::Bool) return "|b1";
  if (type.bits % 8 != 0 || type.bits == 0 || dtype == DType::BFloat16 || (!type.is_float && !type.is_integer) ||
      (type.is_float && type.bits == 8))
    throw Error(ErrorKind::Internal, "an npz cannot hold elements of type " + std::string(type.name));
  const char kind = type.is_float ? 'f' : type.is_signed ? 'i' : 'u';
  return std::string(type.bits == 8 ? "|" : "<") + kind + std::to_string(type.bits / 8);
}

// Header of version 1.0, padded so that the data starts at a multiple of 64.
std::string npy_header(const Tensor& tensor) {
  std::string shape = "(";
  for (const std::int64_t dim : tensor.shape()) shape += std::to_string(dim) + ", ";
  std::string text = "{'descr': '" + descr(tensor.dtype()) + "', 'fortran_order': False, 'shape': " + shape + "), }";
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  ByteWriter size;
  size.put(static_cast<std::uint16_t>(text.size()));
  const auto bytes = size.take();
  return std::string("\x93NUMPY\x01\x00", 8) + std::string(as_text(bytes)) + text;
}

struct Entry {
  std::string name;
  std::uint32_t crc;
  std::uint64_t size, offset;
};

// What local and central headers share, from the version on.
void put_common(ByteWriter& out, const Entry& entry, std::uint16_t extra_size) {
  out.put(kVersion);
  for (const std::uint16_t word : {std::uint16_t{0}, std::uint16_t{0}, std::uint16_t{0}, kDate}) out.put(word);
  out.put(entry.crc);
  out.put(kInExtra);
  out.put(kInExtra);
  out.put(static_cast<std::uint16_t>(entry.name.size()));
  out.put(extra_size);
}

void put_text(ByteWriter& out, std::string_view text) {
  for (const char c : text) out.put(static_cast<std::uint8_t>(c));
}

std::vector<std::byte> local_header(const Entry& entry) {
  ByteWriter out;
  out.put(std::uint32_t{0x04034b50});
  put_common(out, entry, 20);
  put_text(out, entry.name);
  out.put(kZip64);
  out.put(std::uint16_t{16});
  out.put(entry.size);
  out.put(entry.size);
  return out.take();
}

void put_central_header(ByteWriter& out, const Entry& entry) {
  out.put(std::uint32_t{0x02014b50});
  out.put(kVersion);
  put_common(out, entry, 28);
  for (int i = 0; i < 3; ++i) out.put(std::uint16_t{0});  // comment, disk, internal attributes
  out.put(std::uint32_t{0});
  out.put(kInExtra);
  put_text(out, entry.name);
  out.put(kZip64);
  out.put(std::uint16_t{24});
  out.put(entry.size);
  out.put(entry.size);
  out.put(entry.offset);
}

std::vector<std::byte> directory(const std::vector<Entry>& entries, std::uint64_t start) {
  ByteWriter headers;
  for (const Entry& entry : entries) put_central_header(headers, entry);
  const auto bytes = headers.take();
  ByteWriter out;
  put_text(out, as_text(bytes));
  out.put(std::uint32_t{0x06064b50});  // zip64 end of central directory
  out.put(std::uint64_t{44});
  out.put(kVersion);
  out.put(kVersion);
  out.put(std::uint32_t{0});
  out.put(std::uint32_t{0});
  out.put<std::uint64_t>(entries.size());
  out.put<std::uint64_t>(entries.size());
  out.put<std::uint64_t>(bytes.size());
  out.put(start);
  out.put(std::uint32_t{0x07064b50});  // its locator
  out.put(std::uint32_t{0});
  out.put<std::uint64_t>(start + bytes.size());
  out.put(std::uint32_t{1});
  out.put(std::uint32_t{0x06054b50});  // end of central directory
  for (int i = 0; i < 2; ++i) out.put(std::uint16_t{0});
  for (int i = 0; i < 2; ++i) out.put(std::uint16_t{0xFFFF});
  for (int i = 0; i < 2; ++i) out.put(kInExtra);
  out.put(std::uint16_t{0});
  return out.take();
}

}  // namespace

void write_npz(const std::map<std::string, Tensor>& arrays, const std::filesystem::path& path) {
  FileWriter file(path);
  std::vector<Entry> entries;
  for (const auto& [name, tensor] : arrays) {
    check_entry_name(name + ".npy", path.string());
    std::string content = npy_header(tensor);
    content += as_text(tensor.bytes());
    const Entry entry{
        .name = name + ".npy", .crc = crc32_of(as_bytes(content)), .size = content.size(), .offset = file.written()};
    file.write(local_header(entry));
    file.write(content);
    entries.push_back(entry);
  }
  file.write(directory(entries, file.written()));
  file.commit();
}

}  // namespace bw
