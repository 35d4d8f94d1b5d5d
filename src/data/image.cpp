#include "data/image.h"

#include "base/error.h"
#include "base/file.h"

namespace bw {

Tensor decode_image(std::span<const std::byte> file, std::string_view where, const ImageLimits& limits) {
  const std::string_view start = as_text(file.first(std::min<std::size_t>(file.size(), 16)));
  if (file.size() > limits.file_bytes)
    throw Error(InputClass::Limit,
                std::to_string(file.size()) + " bytes (limit: " + std::to_string(limits.file_bytes) + ")",
                std::string(where));
  if (start.starts_with("\xFF\xD8\xFF")) return decode_jpeg(file, where, limits);
  if (start.starts_with("\x89PNG\r\n\x1A\n")) return decode_png(file, where, limits);
  throw Error(InputClass::Unsupported, "is neither a JPEG nor a PNG image", std::string(where),
              "Convert it to JPEG or PNG");
}

void check_image_size(std::uint64_t width, std::uint64_t height, std::string_view where, const ImageLimits& limits) {
  const std::string size = std::to_string(width) + " x " + std::to_string(height) + " pixels";
  if (width == 0 || height == 0) throw Error(InputClass::Format, "has " + size, std::string(where));
  if (width > limits.pixels / height)
    throw Error(InputClass::Limit, size + " (limit: " + std::to_string(limits.pixels) + ")", std::string(where),
                "Make the image smaller");
}

}  // namespace bw
