// JPEG and PNG into pixels, as Pillow decodes them and torchvision uses them:
// 16-bit channels become 8-bit by rounding v * 255 / 65535, palettes and 1-bit images are expanded, alpha is dropped,
// CMYK and YCCK are taken as Adobe writes them (inverted) and become RGB; colour profiles and EXIF orientation are not
// applied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tensor/tensor.h"

namespace bw {

struct ImageLimits {
  std::uint64_t pixels = 100'000'000;
  std::uint64_t file_bytes = std::uint64_t{1} << 28;
  int jpeg_scans = 500;  // progressive files can ask for unbounded work
};

// uint8 [height, width, channels], channels 1 (gray) or 3 (RGB). InputError: format (damaged, truncated), limit,
// unsupported (another format).
Tensor decode_image(std::span<const std::byte> file, std::string_view where, const ImageLimits& limits = {});

// The same for one format; decode_image picks by the first bytes.
Tensor decode_jpeg(std::span<const std::byte> file, std::string_view where, const ImageLimits& limits);
Tensor decode_png(std::span<const std::byte> file, std::string_view where, const ImageLimits& limits);

// Size known from a file's header, held against the limits before anything is allocated.
void check_image_size(std::uint64_t width, std::uint64_t height, std::string_view where, const ImageLimits& limits);

// [H, W, C] -> [height, width, C]: two passes of a triangle filter that widens with the reduction (antialias), in
// 22-bit fixed point rounded to 8 bits after each pass: equal to Pillow's Image.resize(BILINEAR).
Tensor resize_bilinear(const Tensor& image, std::int64_t height, std::int64_t width);
// Part of the image from its middle, as torchvision's CenterCrop. InputError(data) when the image is smaller.
Tensor crop_centre(const Tensor& image, std::int64_t height, std::int64_t width);
// 1 -> 3 channels by repeating, 3 -> 1 as ITU-R 601 luma in 16-bit fixed point (Pillow's convert("L")).
Tensor with_channels(const Tensor& image, std::int64_t channels);

}  // namespace bw
