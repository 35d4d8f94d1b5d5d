// One pool of threads for the whole process. Work is cut into chunks that depend on the size of the work alone, never
// on the number of threads, so results are equal to the bit for any number of threads.
#pragma once

#include <cstddef>
#include <functional>

namespace bw {

void set_threads(int threads);  // >= 1; default: the number of cores this process may use
int threads();

// Calls body(begin, end) for [0, count) cut into chunks of `grain` (the last may be shorter). Chunks run in any order
// on any thread; the first exception is rethrown here after all chunks ended. Nested calls run inline.
void parallel_for(std::size_t count, std::size_t grain, const std::function<void(std::size_t, std::size_t)>& body);

}  // namespace bw
