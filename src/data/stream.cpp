#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "data/dataset.h"

namespace bw {

// A ring of `window` slots; sample i goes into slot i % window, once the sample that was there has been taken.
struct Stream::State {
  struct Slot {
    std::optional<Sample> sample;
    std::exception_ptr error;
    bool full = false;
  };

  State(Split from, std::vector<std::size_t> which, std::size_t window)
      : split(std::move(from)), indices(std::move(which)), slots(window) {}

  void work(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    for (;;) {
      const auto free = [&] { return claimed == indices.size() || claimed < taken + slots.size(); };
      if (!changed.wait(lock, stop, free) || claimed == indices.size()) return;
      const std::size_t mine = claimed++;
      Slot& slot = slots[mine % slots.size()];
      lock.unlock();
      std::optional<Sample> sample;
      std::exception_ptr error;
      try {
        sample = split.get(indices[mine]);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      slot = {std::move(sample), error, true};
      changed.notify_all();
    }
  }

  std::optional<Sample> next() {
    std::unique_lock lock(mutex);
    if (taken == indices.size()) return std::nullopt;
    Slot& slot = slots[taken % slots.size()];
    changed.wait(lock, [&] { return slot.full; });
    Slot got = std::exchange(slot, {});
    ++taken;
    changed.notify_all();
    if (got.error) std::rethrow_exception(got.error);
    return std::move(got.sample);
  }

  const Split split;
  const std::vector<std::size_t> indices;
  std::mutex mutex;
  std::condition_variable_any changed;
  std::vector<Slot> slots;
  std::size_t claimed = 0, taken = 0;
  std::vector<std::jthread> threads;  // last: they stop before the rest is gone
};

Stream::Stream(Split split, std::vector<std::size_t> indices, int threads, std::size_t window)
    : state_(std::make_unique<State>(std::move(split), std::move(indices), std::max<std::size_t>(window, 1))) {
  for (int i = 0; i < std::max(threads, 1); ++i)
    state_->threads.emplace_back([state = state_.get()](const std::stop_token& stop) { state->work(stop); });
}
Stream::~Stream() = default;
std::optional<Sample> Stream::next() {
  return state_->next();
}

}  // namespace bw
