// Work cut into chunks that depend on its size alone, never on the number of threads, so results are equal to the bit
// for any number of threads.
#pragma once

#include <cstddef>
#include <functional>

namespace bw {

int available_cores();  // that this process may use

// How many threads the calls of parallel_for take that are made on this thread while this lives, this thread among
// them; without one, as many as there are cores. What is computed elsewhere at the same time has limits of its own.
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads);  // >= 1
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  int before_;
};

// Calls body(begin, end) for [0, count) cut into chunks of `grain` (the last may be shorter). Chunks run in any order
// on any thread; the first exception is rethrown here after all chunks ended. Nested calls run inline.
void parallel_for(std::size_t count, std::size_t grain, const std::function<void(std::size_t, std::size_t)>& body);

}  // namespace bw
