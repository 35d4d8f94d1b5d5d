// Layout of the format: PKWARE's APPNOTE 6.3, sections 4.3 (records) and 4.5.3 (zip64).
#include "archive/zip.h"

#include <algorithm>
#include <set>

#include "base/error.h"

namespace bw {
namespace {

constexpr std::uint64_t kLocalHeader = 0x04034b50, kDirectoryEntry = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50,
                        kEnd64Locator = 0x07064b50;
constexpr std::uint64_t kEndSize = 22, kLocatorSize = 20, kDirectoryEntrySize = 46, kLocalHeaderSize = 30;
constexpr std::uint64_t kFull16 = 0xFFFF, kFull32 = 0xFFFFFFFF;
constexpr std::uint64_t kEncrypted = 0x41;  // flag bits 0 and 6

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error(InputClass::Format, what, where, "The archive is damaged; make it anew");
}

std::uint64_t find_end(std::span<const std::byte> bytes, const std::string& path) {
  if (bytes.size() >= kEndSize) {
    const std::uint64_t last = bytes.size() - kEndSize, first = last > kFull16 ? last - kFull16 : 0;
    for (std::uint64_t at = last + 1; at-- > first;)
      if (little_endian(bytes, at, 4, path) == kEnd &&
          at + kEndSize + little_endian(bytes, at + 20, 2, path) == bytes.size())
        return at;
  }
  refuse(path, "is not a zip archive, or its end is missing");
}

struct Directory {
  std::uint64_t count, size, offset;
};

Directory find_directory(std::span<const std::byte> bytes, const std::string& path) {
  const std::uint64_t end = find_end(bytes, path);
  const auto number = [&](std::uint64_t offset, int size) { return little_endian(bytes, offset, size, path); };
  if (number(end + 4, 2) != 0 && number(end + 4, 2) != kFull16) refuse(path, "is one part of a split archive");
  Directory found{number(end + 10, 2), number(end + 12, 4), number(end + 16, 4)};
  std::uint64_t limit = end;
  if (end >= kLocatorSize && number(end - kLocatorSize, 4) == kEnd64Locator) {
    const std::uint64_t end64 = number(end - kLocatorSize + 8, 8);
    if (number(end64, 4) != kEnd64) refuse(path, "has a zip64 locator that points nowhere");
    const Directory wide{number(end64 + 32, 8), number(end64 + 40, 8), number(end64 + 48, 8)};
    const bool agrees = (found.count == kFull16 || found.count == wide.count) &&
                        (found.size == kFull32 || found.size == wide.size) &&
                        (found.offset == kFull32 || found.offset == wide.offset);
    if (!agrees) refuse(path, "has two end records that disagree");
    found = wide;
    limit = end64;
  }
  if (found.offset > limit || found.size != limit - found.offset)
    refuse(path, "has a directory that is not where its end says");
  return found;
}

// Replaces fields that are full by the numbers in the zip64 extra field (id 1), in their fixed order.
void widen(std::span<const std::byte> extra, std::initializer_list<std::uint64_t*> fields, const std::string& where) {
  if (std::none_of(fields.begin(), fields.end(), [](auto* field) { return *field == kFull32; })) return;
  for (std::uint64_t at = 0; at + 4 <= extra.size();) {
    const std::uint64_t id = little_endian(extra, at, 2, where), size = little_endian(extra, at + 2, 2, where);
    const auto body = slice(extra, at + 4, size, where);
    if (id == 1) {
      std::uint64_t offset = 0;
      for (std::uint64_t* field : fields)
        if (*field == kFull32) *field = little_endian(body, offset, 8, where), offset += 8;
      return;
    }
    at += 4 + size;
  }
  refuse(where, "lacks its zip64 sizes");
}

}  // namespace

Zip::Zip(const std::filesystem::path& path, const ArchiveLimits& limits)
    : path_(path.string()), file_(path), bytes_(file_.bytes()) {
  read_directory(limits);
  check_overlap();
}

std::string Zip::where(const Entry& entry) const {
  return path_ + ": " + entry.name;
}

void Zip::read_directory(const ArchiveLimits& limits) {
  const Directory directory = find_directory(bytes_, path_);
  if (directory.count > limits.entries)
    throw Error(InputClass::Limit,
                std::to_string(directory.count) + " entries (limit: " + std::to_string(limits.entries) + ")", path_);
  std::set<std::string_view> names;
  std::uint64_t at = directory.offset, produced = 0;
  for (std::uint64_t i = 0; i < directory.count; ++i) {
    entries_.push_back(read_entry(at));
    produced += std::min(entries_.back().size, limits.bytes + 1);
  }
  if (at != directory.offset + directory.size) refuse(path_, "has a directory of another size than its end says");
  for (Entry& entry : entries_) {
    if (!names.insert(entry.name).second) refuse(where(entry), "stands in the archive twice");
    find_data(entry);
  }
  check_expansion(produced, bytes_.size(), limits, path_);
}

Zip::Entry Zip::read_entry(std::uint64_t& at) const {
  const auto number = [&](std::uint64_t offset, int size) { return little_endian(bytes_, at + offset, size, path_); };
  if (number(0, 4) != kDirectoryEntry) refuse(path_, "has a damaged directory at offset " + std::to_string(at));
  const std::uint64_t flags = number(8, 2), method = number(10, 2);
  const std::uint64_t name = number(28, 2), extra = number(30, 2), comment = number(32, 2);
  Entry entry;
  entry.name = as_text(slice(bytes_, at + kDirectoryEntrySize, name, path_));
  check_entry_name(entry.name, path_);
  entry.crc = static_cast<std::uint32_t>(number(16, 4));
  entry.packed = number(20, 4), entry.size = number(24, 4), entry.header = number(42, 4);
  widen(slice(bytes_, at + kDirectoryEntrySize + name, extra, path_), {&entry.size, &entry.packed, &entry.header},
        where(entry));
  if (flags & kEncrypted) refuse(where(entry), "is encrypted");
  if (method != 0 && method != 8)
    throw Error(InputClass::Unsupported, "is compressed with zip method " + std::to_string(method), where(entry),
                "Only stored and deflated entries are read");
  entry.deflated = method == 8;
  if (!entry.deflated && entry.size != entry.packed) refuse(where(entry), "is stored, yet has two sizes");
  at += kDirectoryEntrySize + name + extra + comment;
  return entry;
}

void Zip::find_data(Entry& entry) const {
  const std::string place = where(entry);
  const auto number = [&](std::uint64_t offset, int size) {
    if (entry.header > bytes_.size()) refuse(place, "lies outside the file");
    return little_endian(bytes_, entry.header + offset, size, place);
  };
  if (number(0, 4) != kLocalHeader) refuse(place, "has no local header where the directory says");
  const std::uint64_t flags = number(6, 2), method = number(8, 2), name = number(26, 2), extra = number(28, 2);
  const auto local_name = as_text(slice(bytes_, entry.header + kLocalHeaderSize, name, place));
  bool agrees = local_name == entry.name && (method == 8) == entry.deflated && !(flags & kEncrypted);
  if (!(flags & 8)) {  // else sizes and checksum follow the data
    std::uint64_t packed = number(18, 4), size = number(22, 4);
    widen(slice(bytes_, entry.header + kLocalHeaderSize + name, extra, place), {&size, &packed}, place);
    agrees = agrees && packed == entry.packed && size == entry.size && number(14, 4) == entry.crc;
  }
  if (!agrees) refuse(place, "has a local header that disagrees with the directory");
  entry.data = entry.header + kLocalHeaderSize + name + extra;
  slice(bytes_, entry.data, entry.packed, place);
}

void Zip::check_overlap() const {
  std::vector<const Entry*> ordered;
  for (const Entry& entry : entries_) ordered.push_back(&entry);
  std::sort(ordered.begin(), ordered.end(), [](auto* a, auto* b) { return a->header < b->header; });
  for (std::size_t i = 1; i < ordered.size(); ++i)
    if (ordered[i]->header < ordered[i - 1]->data + ordered[i - 1]->packed)
      refuse(where(*ordered[i]), "overlaps another entry");
}

Bytes Zip::read(const Entry& entry) const {
  const auto packed = slice(bytes_, entry.data, entry.packed, where(entry));
  const Bytes content = entry.deflated ? inflate_raw(packed, entry.size, where(entry)) : Bytes{packed, file_.owner()};
  if (crc32_of(content.bytes) != entry.crc) refuse(where(entry), "fails its checksum");
  return content;
}

}  // namespace bw
