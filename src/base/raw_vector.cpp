#include "base/raw_vector.h"

#include <sys/mman.h>

#include <cstdlib>

namespace bw {

void* allocate_huge(std::size_t bytes) {
  if (bytes > static_cast<std::size_t>(-1) - kHugePage) throw std::bad_alloc();
  const std::size_t whole = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  void* memory = std::aligned_alloc(kHugePage, whole);
  if (!memory) throw std::bad_alloc();
  ::madvise(memory, whole, MADV_HUGEPAGE);  // where it is not allowed, small pages do
  return memory;
}

void free_huge(void* memory) {
  std::free(memory);
}

}  // namespace bw
