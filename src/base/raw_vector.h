// A vector whose elements have no value before one is written: for large results that several threads write whole.
// Large ones lie in huge pages where the system has them, since otherwise every 4 KiB costs a page fault.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace bw {

inline constexpr std::size_t kHugePage = std::size_t{1} << 21;
// Memory at a multiple of kHugePage, for at least one such page. Throws std::bad_alloc.
void* allocate_huge(std::size_t bytes);
void free_huge(void* memory);

template <class T>
struct RawAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = RawAllocator<U>;
  };
  T* allocate(std::size_t count) {
    if (count * sizeof(T) < kHugePage) return std::allocator<T>::allocate(count);
    return static_cast<T*>(allocate_huge(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) {
    if (count * sizeof(T) < kHugePage) return std::allocator<T>::deallocate(memory, count);
    free_huge(memory);
  }
  template <class U, class... Arguments>
  void construct(U* at, Arguments&&... arguments) {
    if constexpr (sizeof...(arguments) == 0)
      ::new (static_cast<void*>(at)) U;
    else
      ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
  }
};

template <class T>
using RawVector = std::vector<T, RawAllocator<T>>;

}  // namespace bw
