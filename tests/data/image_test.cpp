#include "data/image.h"

#include "archive/make.h"
#include "archive/npy.h"

using namespace bw;
using namespace bw::test;

namespace {

Tensor decode(const std::string& content, const ImageLimits& limits = {}) {
  return decode_image(as_bytes(content), "image", limits);
}
std::string golden(const char* name) {
  return read_file(kGolden / name);
}

// [H, W, C] of a golden array, whatever its alignment.
Tensor array(const std::map<std::string, Tensor>& arrays, const std::string& name) {
  const Tensor& found = arrays.at(name);
  return found.rank() == 2 ? found.reshaped({found.shape()[0], found.shape()[1], 1}) : found;
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const auto big = [](std::uint64_t value) {
    std::string bytes = little(value, 4);
    return std::string(bytes.rbegin(), bytes.rend());
  };
  return big(data.size()) + body +
         big(crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
}

// A PNG whose header promises a size, with hardly any data.
std::string png_promising(std::uint32_t width, std::uint32_t height) {
  std::string ihdr;
  for (std::uint32_t size : {width, height}) {
    const std::string bytes = little(size, 4);
    ihdr += std::string(bytes.rbegin(), bytes.rend());
  }
  return "\x89PNG\r\n\x1A\n" + chunk("IHDR", ihdr + std::string("\x08\x02\0\0\0", 5)) + chunk("IDAT", "x") +
         chunk("IEND", "");
}

}  // namespace

TEST_CASE("images decode to the pixels that Pillow gives") {
  const auto pixels = read_npz(kGolden / "pixels.npz");
  REQUIRE(pixels.size() == 11);
  for (const auto& [name, expected] : pixels) {
    CAPTURE(name);
    const Tensor image = with_channels(decode(golden(name.c_str())), 3);
    CHECK(image == expected);
  }
}

TEST_CASE("bilinear resizing and luma equal Pillow's to the bit") {
  const auto arrays = read_npz(kGolden / "resizes.npz");
  const Tensor source = array(arrays, "source");
  for (const auto& [name, expected] : arrays) {
    if (name == "source" || name == "luma") continue;
    CAPTURE(name);
    CHECK(resize_bilinear(source, expected.shape()[0], expected.shape()[1]) == expected);
  }
  CHECK(with_channels(source, 1) == array(arrays, "luma"));
}

TEST_CASE("16-bit channels keep their low byte by rounding") {
  const std::string row("\0\x00\xFF\x80\x7F\xFF\xFF", 7);  // filter 0; 255, 32895, 65535
  std::string packed(100, '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(row.data()), row.size());
  packed.resize(size);
  const std::string file = "\x89PNG\r\n\x1A\n" + chunk("IHDR", std::string("\0\0\0\x03\0\0\0\x01\x10\0\0\0\0", 13)) +
                           chunk("IDAT", packed) + chunk("IEND", "");
  CHECK(decode(file) == Tensor::of<std::uint8_t>({1, 3, 1}, {1, 128, 255}));
}

TEST_CASE("the middle is cropped as torchvision does it") {
  const Tensor image = Tensor::fill<std::uint8_t>({5, 6, 1}, [](auto out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i);
  });
  CHECK(crop_centre(image, 3, 3).data<std::uint8_t>()[0] == 8);   // top 1, left round(1.5) = 2
  CHECK(crop_centre(image, 2, 1).data<std::uint8_t>()[0] == 14);  // top round(1.5) = 2, left round(2.5) = 2
  CHECK(crop_centre(image, 4, 6).data<std::uint8_t>()[0] == 0);   // top round(0.5) = 0
  refuses(InputClass::Data, "larger than the image", [&] { crop_centre(image, 6, 6); });
}

TEST_CASE("damaged images are errors, never gray pixels") {
  for (const char* name : {"baseline.jpg", "progressive.jpg", "rgb.png", "cmyk.jpg"}) {
    CAPTURE(name);
    const std::string whole = golden(name);
    refuses(InputClass::Format, "damaged", [&] { decode(whole.substr(0, whole.size() / 2)); });
    refuses(InputClass::Format, "damaged", [&] { decode(whole.substr(0, 40)); });
  }
  std::string flipped = golden("rgb.png");
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 0x55);
  refuses(InputClass::Format, "damaged PNG", [&] { decode(flipped); });
}

TEST_CASE("image sizes are held against the limit before anything is decoded") {
  refuses(InputClass::Limit, "60000 x 60000 pixels", [] { decode(png_promising(60000, 60000)); });
  refuses(InputClass::Limit, "2147483647 x 2147483647", [] { decode(png_promising(0x7FFFFFFF, 0x7FFFFFFF)); });
  refuses(InputClass::Format, "damaged PNG", [] { decode(png_promising(0, 10)); });
  std::string jpeg = golden("baseline.jpg");
  const std::size_t frame = jpeg.find("\xFF\xC0");
  jpeg.replace(frame + 5, 4, "\xFD\xE8\xFD\xE8");
  refuses(InputClass::Limit, "65000 x 65000 pixels", [&] { decode(jpeg); });
  refuses(InputClass::Limit, "scans", [] { decode(golden("progressive.jpg"), {.jpeg_scans = 2}); });
  refuses(InputClass::Limit, "bytes (limit: 100)", [] { decode(golden("rgb.png"), {.file_bytes = 100}); });
}

TEST_CASE("other formats are named as unsupported") {
  refuses(InputClass::Unsupported, "neither a JPEG nor a PNG", [] { decode("GIF89a"); });
  refuses(InputClass::Unsupported, "neither a JPEG nor a PNG", [] { decode(""); });
}
