// npz archives: zip directories, deflated entries, npy headers.
#include "archive/npy.h"
#include "fuzz.h"

void bw::fuzz::one_input(std::span<const std::byte> bytes) {
  const MemoryFile file(bytes);
  for (const auto& [name, array] : read_npz(file.path(), {.bytes = 1 << 24, .free_bytes = 1 << 20}))
    if (array.defined() && !array.shape().empty() && array.shape()[0] > 0) row_of(array, 0);
}
