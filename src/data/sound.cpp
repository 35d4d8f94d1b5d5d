// The format: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0", chunks "fmt " and "data"; the
// extensible header of WAVEFORMATEXTENSIBLE.
#include "data/sound.h"

#include <bit>
#include <string>

#include "archive/archive.h"
#include "base/error.h"
#include "base/file.h"

namespace bw {
namespace {

constexpr std::uint64_t kMaxValues = std::uint64_t{1} << 28;
constexpr std::uint64_t kPcm = 1, kFloat = 3, kExtensible = 0xFFFE;
constexpr std::size_t kFormatBytes = 16, kExtensibleBytes = 26;

struct Wav {
  std::uint64_t coding = 0, bits = 0;
  SoundFormat format;
  std::span<const std::byte> data;
};

std::string_view name_at(std::span<const std::byte> file, std::size_t at) {
  return as_text(file).substr(at, 4);
}

void read_format(std::span<const std::byte> chunk, Wav& wav, std::string_view where) {
  if (chunk.size() < kFormatBytes)
    throw Error(InputClass::Format, "has a fmt chunk that ends early", std::string(where));
  wav.coding = little_endian(chunk, 0, 2, where);
  wav.format.channels = static_cast<std::int64_t>(little_endian(chunk, 2, 2, where));
  wav.format.sample_rate = static_cast<std::int64_t>(little_endian(chunk, 4, 4, where));
  wav.bits = little_endian(chunk, 14, 2, where);
  if (wav.coding == kExtensible && chunk.size() >= kExtensibleBytes) wav.coding = little_endian(chunk, 24, 2, where);
  const bool integer = wav.coding == kPcm && (wav.bits == 8 || wav.bits == 16 || wav.bits == 24 || wav.bits == 32);
  const bool real = wav.coding == kFloat && (wav.bits == 32 || wav.bits == 64);
  if (!integer && !real)
    throw Error(InputClass::Unsupported,
                "has coding " + std::to_string(wav.coding) + " with " + std::to_string(wav.bits) + " bits",
                std::string(where), "Save it as PCM of 16 bits: ffmpeg -i IN.wav -c:a pcm_s16le OUT.wav");
  if (wav.format.channels == 0 || wav.format.sample_rate == 0)
    throw Error(InputClass::Format, "has no channels or no sample rate", std::string(where));
}

// The chunks in order: a name, a size, the bytes, filled up to an even number. What is called "data" is as long as it
// says, or as the file goes (programs that write into a pipe leave the size open).
Wav parse(std::span<const std::byte> file, std::string_view where) {
  if (name_at(file, 0) != "RIFF" || file.size() < 12 || name_at(file, 8) != "WAVE")
    throw Error(InputClass::Format, "is no WAV file", std::string(where), "Sound is read from RIFF WAVE files");
  Wav wav;
  for (std::size_t at = 12; at + 8 <= file.size();) {
    const std::string_view name = name_at(file, at);
    const std::uint64_t size = little_endian(file, at + 4, 4, where), left = file.size() - at - 8;
    const auto chunk = file.subspan(at + 8, std::min(size, left));
    if (name == "fmt ") read_format(chunk, wav, where);
    if (name == "data") {
      if (wav.bits == 0) throw Error(InputClass::Format, "has its data before its format", std::string(where));
      if (size > left && size < 0xFFFFFF00)
        throw Error(InputClass::Format, "promises " + std::to_string(size) + " bytes and holds " + std::to_string(left),
                    std::string(where), "The file is truncated or damaged");
      wav.data = chunk;
      const std::uint64_t frame = wav.bits / 8 * static_cast<std::uint64_t>(wav.format.channels);
      wav.format.frames = static_cast<std::int64_t>(chunk.size() / frame);
      if (chunk.size() / (wav.bits / 8) > kMaxValues)
        throw Error(InputClass::Limit, "holds more than " + std::to_string(kMaxValues) + " values", std::string(where));
      return wav;
    }
    at += 8 + std::min(size + size % 2, left);
  }
  throw Error(InputClass::Format, "holds no sound", std::string(where), "The file is truncated or damaged");
}

float value_at(const Wav& wav, std::size_t index) {
  const std::size_t width = wav.bits / 8;
  const std::uint64_t raw = little_endian(wav.data, index * width, static_cast<int>(width), "");
  if (wav.coding == kFloat)
    return wav.bits == 32 ? std::bit_cast<float>(static_cast<std::uint32_t>(raw))
                          : static_cast<float>(std::bit_cast<double>(raw));
  if (wav.bits == 8) return (static_cast<float>(raw) - 128) / 128;
  const auto shift = static_cast<int>(64 - wav.bits);
  const std::int64_t value = static_cast<std::int64_t>(raw << shift) >> shift;
  return static_cast<float>(static_cast<double>(value) / static_cast<double>(std::int64_t{1} << (wav.bits - 1)));
}

}  // namespace

SoundFormat sound_format(std::span<const std::byte> file, std::string_view where) {
  return parse(file, where).format;
}

Tensor decode_wav(std::span<const std::byte> file, std::string_view where) {
  const Wav wav = parse(file, where);
  if (wav.format.frames == 0) throw Error(InputClass::Data, "holds no sound", std::string(where));
  return Tensor::fill<float>({wav.format.frames, wav.format.channels}, [&](std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = value_at(wav, i);
  });
}

}  // namespace bw
