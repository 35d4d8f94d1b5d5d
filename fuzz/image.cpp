// JPEG and PNG files.
#include "data/image.h"
#include "fuzz.h"

void bw::fuzz::one_input(std::span<const std::byte> bytes) {
  const Tensor image = decode_image(bytes, "fuzz", {.pixels = 1 << 20, .file_bytes = 1 << 20, .jpeg_scans = 20});
  require(image.shape().size() == 3, "an image has height, width and channels");
}
