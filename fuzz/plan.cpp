// Plan files, without arrays beside them.
#include "plan/plan.h"
#include "fuzz.h"

void bw::fuzz::one_input(std::span<const std::byte> bytes) {
  const MemoryFile file(bytes);
  read_plan(file.path());
}
