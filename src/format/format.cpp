#include "format/format.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/names.h"
#include "format/onnx/onnx.h"

namespace bw {
namespace {

constexpr std::size_t kHeadBytes = 4096;

std::string extensions() {
  std::string all;
  for (const Format& format : formats()) all += (all.empty() ? "" : ", ") + std::string(format.extension);
  return all;
}

// nullptr when no format has the path's extension.
const Format* format_by_extension(const fs::path& path) {
  const auto found = std::ranges::find(formats(), path.extension().string(), &Format::extension);
  return found == formats().end() ? nullptr : &*found;
}

}  // namespace

std::span<const Format> formats() {
  static const std::array kFormats{
      onnx::format(),
  };
  return kFormats;
}

const Format& format_named(std::string_view name) {
  return entry_named("format", name, formats());
}

const Format& format_of(const fs::path& path) {
  const bool folder = fs::is_directory(path);
  const std::optional<MappedFile> file = folder ? std::nullopt : std::optional<MappedFile>(std::in_place, path);
  const std::span<const std::byte> bytes = file ? file->bytes() : std::span<const std::byte>();
  for (const Format& format : formats())
    if (format.sniff(path, bytes.first(std::min(bytes.size(), kHeadBytes)))) return format;
  if (const Format* meant = format_by_extension(path)) return *meant;
  throw Error(InputClass::Format,
              folder          ? "a folder, and no model of a known format"
              : bytes.empty() ? "the file is empty"
                              : "not a model of a known format",
              path.string(), "Known are " + extensions());
}

std::vector<fs::path> files_of(const fs::path& path) {
  return format_of(path).files(path);
}

std::uint64_t shipped_bytes(const fs::path& path) {
  return total_bytes(files_of(path));
}

std::uint64_t total_bytes(std::span<const fs::path> files) {
  std::uint64_t bytes = 0;
  for (const fs::path& file : files) bytes += fs::file_size(file);
  return bytes;
}

Graph read_model(const fs::path& path, const ReadOptions& options) {
  return format_of(path).read(path, options);
}

std::vector<fs::path> write_model(const Graph& graph, const fs::path& path, const Proof& proof) {
  if (const Format* format = format_by_extension(path)) return format->write(graph, path, proof);
  throw Error(ErrorKind::Usage, "no format has the extension '" + path.extension().string() + "'", path.string(),
              "Known are " + extensions());
}

}  // namespace bw
