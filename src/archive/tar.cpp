// Layout of the format: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; GNU types L and K.
#include "archive/tar.h"

#include <optional>
#include <set>

#include "base/error.h"
#include "base/number.h"

namespace bw {
namespace {

constexpr std::uint64_t kBlock = 512, kMaxExtended = 1 << 20;

// What an extended header says of the next entry.
struct Override {
  std::optional<std::string> name;
  std::optional<std::uint64_t> size;
};

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, const std::string& where, const ArchiveLimits& limits)
      : bytes_(bytes), where_(where), limits_(limits) {}

  std::vector<Tar::Entry> read() {
    while (at_ < bytes_.size() && !is_end()) read_entry();
    if (override_.name || override_.size) fail("ends after an extended header");
    return std::move(entries_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(InputClass::Format, what, where_ + ": offset " + std::to_string(at_),
                "The archive is damaged, or this is no tar archive");
  }

  bool is_end() {
    for (std::byte byte : slice(bytes_, at_, kBlock, where_))
      if (byte != std::byte{0}) return false;
    return true;
  }

  std::string_view field(std::uint64_t offset, std::uint64_t size) const {
    const std::string_view text = as_text(slice(bytes_, at_ + offset, size, where_));
    return text.substr(0, text.find('\0'));
  }

  std::uint64_t octal(std::uint64_t offset, std::uint64_t size) const {
    const auto raw = slice(bytes_, at_ + offset, size, where_);
    if (raw[0] == std::byte{0x80}) {  // GNU: base 256
      if (size > 8 && big_endian(raw, 1, static_cast<int>(size) - 9, where_) != 0) fail("has a number out of range");
      return big_endian(raw, size - 8, 8, where_);
    }
    std::uint64_t value = 0;
    for (char c : field(offset, size)) {
      if (c == ' ') continue;
      if (c < '0' || c > '7' || value >> 60) fail("has a header with a damaged number");
      value = value * 8 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
  }

  void check_sum() const {
    std::uint64_t sum = 0;
    const auto header = slice(bytes_, at_, kBlock, where_);
    for (std::size_t i = 0; i < kBlock; ++i) sum += i >= 148 && i < 156 ? 32 : static_cast<std::uint64_t>(header[i]);
    if (sum != octal(148, 8)) fail("has a header that fails its checksum");
  }

  void read_entry() {
    slice(bytes_, at_, kBlock, where_);
    check_sum();
    const char type = static_cast<char>(bytes_[at_ + 156]);
    std::string name(field(0, 100));
    if (const auto prefix = field(345, 155); field(257, 5) == "ustar" && field(257, 6) != "ustar " && !prefix.empty())
      name = std::string(prefix) + "/" + name;
    const std::uint64_t size = override_.size.value_or(octal(124, 12)), data = at_ + kBlock;
    const auto content = slice(bytes_, data, size, where_ + ": " + name);
    if (type == 'x')
      read_pax(as_text(content));
    else if (type == 'L')
      override_.name = std::string(as_text(content).substr(0, as_text(content).find('\0')));
    else if (type == 'g' || type == 'K')
      check_extended(content.size());
    else
      add(type, override_.name.value_or(name), data, size);
    at_ = data + size;
    at_ += std::min((kBlock - at_ % kBlock) % kBlock, bytes_.size() - at_);
  }

  void check_extended(std::uint64_t size) const {
    if (size > kMaxExtended)
      throw Error(InputClass::Limit, "has an extended header of " + std::to_string(size) + " bytes", where_);
  }

  // Records "LENGTH KEY=VALUE\n"; LENGTH counts the whole record.
  void read_pax(std::string_view text) {
    check_extended(text.size());
    while (!text.empty()) {
      const std::size_t space = text.find(' ');
      std::int64_t length = 0;
      if (space == text.npos || !parse_number(text.substr(0, space), length) ||
          length <= static_cast<std::int64_t>(space) + 1 || static_cast<std::uint64_t>(length) > text.size())
        fail("has a damaged pax header");
      const std::string_view record = text.substr(space + 1, static_cast<std::size_t>(length) - space - 2);
      const std::size_t equals = record.find('=');
      if (equals == record.npos) fail("has a damaged pax header");
      const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
      std::int64_t size = 0;
      if (key == "path") override_.name = std::string(value);
      if (key == "size" && (!parse_number(value, size) || size < 0)) fail("has a damaged size in a pax header");
      if (key == "size") override_.size = static_cast<std::uint64_t>(size);
      if (key == "linkpath" || key.starts_with("GNU.sparse"))
        throw Error(InputClass::Path, "holds a link or a sparse file", where_, "Only regular files are read");
      text.remove_prefix(static_cast<std::size_t>(length));
    }
  }

  void add(char type, std::string name, std::uint64_t data, std::uint64_t size) {
    override_ = {};
    while (name.starts_with("./")) name.erase(0, 2);
    if (type == '5') return;  // a folder
    check_entry_name(name, where_);
    if (type != '0' && type != '\0' && type != '7')
      throw Error(InputClass::Path, "the entry is a link or a device (type '" + std::string(1, type) + "')",
                  where_ + ": " + name, "Only regular files are read");
    if (!names_.insert(name).second) fail("holds \"" + name + "\" twice");
    entries_.push_back({std::move(name), data, size});
    if (entries_.size() > limits_.entries)
      throw Error(InputClass::Limit, "more than " + std::to_string(limits_.entries) + " entries", where_,
                  "Cut the archive into shards");
  }

  std::span<const std::byte> bytes_;
  const std::string& where_;
  const ArchiveLimits& limits_;
  std::uint64_t at_ = 0;
  Override override_;
  std::set<std::string> names_;
  std::vector<Tar::Entry> entries_;
};

}  // namespace

Tar::Tar(const std::filesystem::path& path, const ArchiveLimits& limits) : path_(path.string()), file_(path) {
  entries_ = Reader(file_.bytes(), path_, limits).read();
}

Bytes Tar::read(const Entry& entry) const {
  return {slice(file_.bytes(), entry.data, entry.size, path_ + ": " + entry.name), file_.owner()};
}

}  // namespace bw
