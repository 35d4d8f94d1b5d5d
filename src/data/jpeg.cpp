#include <cstdio>  // jpeglib.h needs it

#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/image.h"

namespace bw {
namespace {

// libjpeg reports through callbacks and leaves by longjmp; no C++ object with a destructor may live between setjmp and
// the calls into it, so the decoder is a plain structure and its buffers live outside.
struct Decoder {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf back;
  int max_scans;
  bool too_many_scans;
  char message[JMSG_LENGTH_MAX];
};

Decoder& decoder_of(j_common_ptr info) {
  return *static_cast<Decoder*>(info->client_data);
}

[[noreturn]] void leave(j_common_ptr info) {
  info->err->format_message(info, decoder_of(info).message);
  std::longjmp(decoder_of(info).back, 1);
}

// Warnings that leave every pixel as it was meant. All others mean that pixels are missing or made up.
bool is_harmless(int warning) {
  return warning == JWRN_EXTRANEOUS_DATA || warning == JWRN_JFIF_MAJOR || warning == JWRN_ADOBE_XFORM;
}

void on_message(j_common_ptr info, int level) {
  if (level < 0 && !is_harmless(info->err->msg_code)) leave(info);
}
void ignore_text(j_common_ptr) {}

void on_progress(j_common_ptr info) {
  Decoder& decoder = decoder_of(info);
  if (decoder.info.input_scan_number <= decoder.max_scans) return;
  decoder.too_many_scans = true;
  leave(info);
}

// Reads the header; false with decoder.message set on failure.
bool read_header(Decoder& decoder, std::span<const std::byte> file) {
  if (setjmp(decoder.back) != 0) return false;
  jpeg_create_decompress(&decoder.info);
  decoder.info.client_data = &decoder;
  decoder.info.progress = &decoder.progress;
  jpeg_mem_src(&decoder.info, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_read_header(&decoder.info, TRUE);
  return true;
}

bool read_pixels(Decoder& decoder, unsigned char* pixels, std::size_t stride) {
  if (setjmp(decoder.back) != 0) return false;
  jpeg_start_decompress(&decoder.info);
  while (decoder.info.output_scanline < decoder.info.output_height) {
    JSAMPROW row = pixels + decoder.info.output_scanline * stride;
    jpeg_read_scanlines(&decoder.info, &row, 1);
  }
  jpeg_finish_decompress(&decoder.info);
  return true;
}

// c * k / 255, rounded (exact for bytes).
unsigned char multiply(unsigned c, unsigned k) {
  const unsigned t = c * k + 128;
  return static_cast<unsigned char>(((t >> 8) + t) >> 8);
}

// Adobe stores 255 - ink: colour = stored colour * stored black / 255.
void inverted_cmyk_to_rgb(std::span<const unsigned char> cmyk, std::span<unsigned char> rgb) {
  for (std::size_t i = 0, o = 0; i < cmyk.size(); i += 4, o += 3)
    for (std::size_t c = 0; c < 3; ++c) {
      const unsigned ink = 255u - cmyk[i + c], light = cmyk[i + 3];
      rgb[o + c] = static_cast<unsigned char>(light - std::min<unsigned>(light, multiply(light, ink)));
    }
}

[[noreturn]] void refuse(const Decoder& decoder, std::string_view where) {
  if (decoder.too_many_scans)
    throw Error(InputClass::Limit, "has more than " + std::to_string(decoder.max_scans) + " scans", std::string(where));
  throw Error(InputClass::Format, std::string("damaged JPEG: ") + decoder.message, std::string(where),
              "The file is truncated or damaged");
}

}  // namespace

Tensor decode_jpeg(std::span<const std::byte> file, std::string_view where, const ImageLimits& limits) {
  Decoder decoder{};
  decoder.info.err = jpeg_std_error(&decoder.errors);
  decoder.info.client_data = &decoder;
  decoder.errors.error_exit = leave;
  decoder.errors.emit_message = on_message;
  decoder.errors.output_message = ignore_text;
  decoder.progress.progress_monitor = on_progress;
  decoder.max_scans = limits.jpeg_scans;
  const struct Guard {
    jpeg_decompress_struct* info;
    ~Guard() { jpeg_destroy_decompress(info); }
  } guard{&decoder.info};

  if (!read_header(decoder, file)) refuse(decoder, where);
  jpeg_decompress_struct& info = decoder.info;
  check_image_size(info.image_width, info.image_height, where, limits);
  const bool cmyk = info.num_components == 4;
  info.out_color_space = cmyk ? JCS_CMYK : info.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  const std::size_t height = info.image_height, width = info.image_width,
                    stored = cmyk                       ? 4
                             : info.num_components == 1 ? 1
                                                        : 3;
  const Shape shape{static_cast<std::int64_t>(height), static_cast<std::int64_t>(width), stored == 1 ? 1 : 3};
  std::vector<unsigned char> four(cmyk ? height * width * 4 : 0);
  return Tensor::fill<std::uint8_t>(shape, [&](std::span<std::uint8_t> out) {
    if (!read_pixels(decoder, cmyk ? four.data() : out.data(), width * stored)) refuse(decoder, where);
    if (cmyk) inverted_cmyk_to_rgb(four, out);
  });
}

}  // namespace bw
