// Sound in WAV files (RIFF): PCM of 8, 16, 24 and 32 bits, float of 32 and 64 bits, any number of channels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tensor/tensor.h"

namespace bw {

struct SoundFormat {
  std::int64_t sample_rate = 0;  // frames a second
  std::int64_t channels = 0, frames = 0;
};

// From the header alone. InputError: format (no WAV file, damaged), unsupported (another coding), limit (more than 2^28
// values).
SoundFormat sound_format(std::span<const std::byte> file, std::string_view where);

// float32 [frames, channels]: integers of b bits divided by 2^(b-1), so -1 to 1 (8 bits are stored with an offset of
// 128); floats as they are. Errors as above; format as well for data that ends early.
Tensor decode_wav(std::span<const std::byte> file, std::string_view where);

}  // namespace bw
