// WAV files: chunks, formats, sizes that are not what the file holds.
#include "data/sound.h"
#include "fuzz.h"

void bw::fuzz::one_input(std::span<const std::byte> bytes) {
  const SoundFormat format = sound_format(bytes, "fuzz");
  const Tensor sound = decode_wav(bytes, "fuzz");
  require(sound.shape() == Shape{format.frames, format.channels}, "a sound has the frames and channels of its header");
}
