// What statistics by channel share.
#pragma once

#include <cstddef>

namespace bw {

// CalibrationError when the numbers of channels differ.
void require_channels(std::size_t before, std::size_t now);

}  // namespace bw
