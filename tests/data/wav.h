// Makes small WAV files.
#pragma once

#include <cstdint>
#include <string>

#include "archive/make.h"

namespace bw::test {

struct WavHead {
  std::uint32_t coding = 1, bits = 16, rate = 16000, channels = 1;
  bool extensible = false;
  std::string note = {};  // content of a chunk before the data
};

inline std::string chunk(const std::string& name, const std::string& content) {
  return name + little(static_cast<std::uint32_t>(content.size()), 4) + content + std::string(content.size() % 2, '\0');
}

inline std::string wav(const WavHead& head, const std::string& data) {
  const std::uint32_t frame = head.bits / 8 * head.channels;
  std::string format = little(head.extensible ? 0xFFFE : head.coding, 2) + little(head.channels, 2) +
                       little(head.rate, 4) + little(head.rate * frame, 4) + little(frame, 2) + little(head.bits, 2);
  if (head.extensible)
    format += little(22, 2) + little(head.bits, 2) + little(0, 4) + little(head.coding, 2) + std::string(14, '\0');
  const std::string body =
      "WAVE" + chunk("fmt ", format) + (head.note.empty() ? "" : chunk("note", head.note)) + chunk("data", data);
  return "RIFF" + little(static_cast<std::uint32_t>(body.size()), 4) + body;
}

}  // namespace bw::test
