// Plan files, without arrays beside them.
#include "fuzz.h"
#include "plan/plan.h"

void bw::fuzz::one_input(std::span<const std::byte> bytes) {
  const MemoryFile file(bytes);
  read_plan(file.path());
}
