// Tar archives: headers, long names, pax records.
#include "archive/tar.h"
#include "fuzz.h"

void bw::fuzz::one_input(std::span<const std::byte> bytes) {
  const MemoryFile file(bytes);
  const Tar tar(file.path());
  for (const Tar::Entry& entry : tar.entries())
    require(tar.read(entry).bytes.size() == entry.size, "an entry has the size that it says");
}
