#include <png.h>

#include <csetjmp>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/image.h"

namespace bw {
namespace {

// What libpng's callbacks need. As with libjpeg, errors come back by longjmp.
struct Decoder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const std::byte> left;
  char message[200] = {};

  ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto& decoder = *static_cast<Decoder*>(png_get_error_ptr(png));
  std::strncpy(decoder.message, message, sizeof decoder.message - 1);
  png_longjmp(png, 1);
}
void ignore_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep out, png_size_t size) {
  auto& decoder = *static_cast<Decoder*>(png_get_io_ptr(png));
  if (size > decoder.left.size()) png_error(png, "file ends early");
  std::memcpy(out, decoder.left.data(), size);
  decoder.left = decoder.left.subspan(size);
}

bool read_header(Decoder& decoder) {
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;
  png_set_read_fn(decoder.png, &decoder, on_read);
  png_set_user_limits(decoder.png, 0x7FFFFFFF, 0x7FFFFFFF);  // the pixel count is checked by check_image_size
  png_set_chunk_cache_max(decoder.png, 100);
  png_set_chunk_malloc_max(decoder.png, 8 << 20);
  png_read_info(decoder.png, decoder.info);
  return true;
}

// Everything to 8 bits, gray or RGB.
bool set_output(Decoder& decoder) {
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;
  png_set_scale_16(decoder.png);
  const int colour = png_get_color_type(decoder.png, decoder.info);
  if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(decoder.png);
  if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(decoder.png);
  png_set_strip_alpha(decoder.png);
  png_set_interlace_handling(decoder.png);
  png_read_update_info(decoder.png, decoder.info);
  return true;
}

bool read_pixels(Decoder& decoder, png_bytep* rows) {
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;
  png_read_image(decoder.png, rows);
  png_read_end(decoder.png, nullptr);
  return true;
}

[[noreturn]] void refuse(const Decoder& decoder, std::string_view where) {
  throw Error(InputClass::Format, std::string("damaged PNG: ") + decoder.message, std::string(where),
              "The file is truncated or damaged");
}

}  // namespace

Tensor decode_png(std::span<const std::byte> file, std::string_view where, const ImageLimits& limits) {
  Decoder decoder;
  decoder.left = file;
  decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, on_error, ignore_warning);
  if (decoder.png == nullptr) throw Error(ErrorKind::Internal, "libpng did not start");
  decoder.info = png_create_info_struct(decoder.png);
  if (decoder.info == nullptr) throw Error(ErrorKind::Internal, "libpng did not start");
  if (!read_header(decoder)) refuse(decoder, where);
  const std::size_t width = png_get_image_width(decoder.png, decoder.info),
                    height = png_get_image_height(decoder.png, decoder.info);
  check_image_size(width, height, where, limits);
  if (!set_output(decoder)) refuse(decoder, where);
  const std::size_t channels = png_get_channels(decoder.png, decoder.info),
                    stride = png_get_rowbytes(decoder.png, decoder.info);
  if ((channels != 1 && channels != 3) || stride != width * channels)
    throw Error(ErrorKind::Internal, "libpng gives an unexpected layout", std::string(where));
  const Shape shape{static_cast<std::int64_t>(height), static_cast<std::int64_t>(width),
                    static_cast<std::int64_t>(channels)};
  return Tensor::fill<std::uint8_t>(shape, [&](std::span<std::uint8_t> out) {
    std::vector<png_bytep> rows(height);
    for (std::size_t y = 0; y < height; ++y) rows[y] = out.data() + y * stride;
    if (!read_pixels(decoder, rows.data())) refuse(decoder, where);
  });
}

}  // namespace bw
