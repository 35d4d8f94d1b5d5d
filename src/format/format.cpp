#include "format/format.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/error.h"
#include "format/onnx/onnx.h"

namespace bw {
namespace {

constexpr std::size_t kHeadBytes = 4096;

void write_onnx(const Graph& graph, const fs::path& path) {
  onnx::write(graph, path);
}

constexpr std::array kFormats{
    Format{"onnx", "ONNX, opset 7 to newest", ".onnx", onnx::sniff, onnx::read, write_onnx, onnx::files_of},
};

std::string extensions() {
  std::string all;
  for (const Format& format : kFormats) all += (all.empty() ? "" : ", ") + std::string(format.extension);
  return all;
}

}  // namespace

std::span<const Format> formats() {
  return kFormats;
}

const Format& format_of(const fs::path& path) {
  const MappedFile file(path);
  const auto head = file.bytes().first(std::min(file.bytes().size(), kHeadBytes));
  for (const Format& format : kFormats)
    if (format.sniff(head)) return format;
  throw Error(InputClass::Format, file.bytes().empty() ? "the file is empty" : "not a model of a known format",
              path.string(), "Known are " + extensions());
}

std::uint64_t shipped_bytes(const fs::path& path) {
  return total_bytes(format_of(path).files(path));
}

std::uint64_t total_bytes(std::span<const fs::path> files) {
  std::uint64_t bytes = 0;
  for (const fs::path& file : files) bytes += fs::file_size(file);
  return bytes;
}

Graph read_model(const fs::path& path, const ReadOptions& options) {
  return format_of(path).read(path, options);
}

void write_model(const Graph& graph, const fs::path& path) {
  const std::string extension = path.extension().string();
  for (const Format& format : kFormats)
    if (format.extension == extension) return format.write(graph, path);
  throw Error(ErrorKind::Usage, "no format has the extension '" + extension + "'", path.string(),
              "Known are " + extensions());
}

}  // namespace bw
