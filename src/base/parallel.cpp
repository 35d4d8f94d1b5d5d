#include "base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.h"

namespace bw {
namespace {

thread_local bool inside_a_chunk = false;
thread_local int limit = 0;  // 0: none

// One call of parallel_for. Chunks are handed out in order, so the lowest chunk that throws always runs, and its
// exception is the one reported, whatever the number of threads.
class Job {
 public:
  Job(std::size_t count, std::size_t grain, int threads, const std::function<void(std::size_t, std::size_t)>& body)
      : count_(count), grain_(grain), chunks_((count - 1) / grain + 1), helpers_(threads - 1), body_(body) {}

  bool exhausted() const { return next_.load(std::memory_order_relaxed) >= chunks_; }

  // Whether one more thread may work at it. Asked by one thread at a time.
  bool takes_a_helper() { return helpers_ > 0 && helpers_-- > 0; }

  // Runs chunks until none is left to start.
  void work() {
    inside_a_chunk = true;
    for (std::size_t chunk = next_++; chunk < chunks_; chunk = next_++) run(chunk);
    inside_a_chunk = false;
  }

  void wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return ended_ == chunks_; });
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void run(std::size_t chunk) {
    std::exception_ptr failure;
    if (!stop_) try {
        const std::size_t begin = chunk * grain_;
        body_(begin, std::min(begin + grain_, count_));
      } catch (...) {
        failure = std::current_exception();
        stop_ = true;
      }
    const std::lock_guard lock(mutex_);
    if (failure && chunk < failed_chunk_) {
      failed_chunk_ = chunk;
      failure_ = failure;
    }
    if (++ended_ == chunks_) done_.notify_all();
  }

  const std::size_t count_, grain_, chunks_;
  int helpers_;  // that may still come
  const std::function<void(std::size_t, std::size_t)>& body_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable done_;
  std::size_t ended_ = 0, failed_chunk_ = ~std::size_t{0};
  std::exception_ptr failure_;
};

// Threads that wait for work, as many as any caller ever asked for at once. A caller works at its own job, so that it
// ends however busy they are with those of others.
class Pool {
 public:
  ~Pool() {
    for (std::jthread& worker : workers_) worker.request_stop();
    wake_.notify_all();
  }

  void run(const std::shared_ptr<Job>& job, int threads) {
    {
      const std::lock_guard lock(mutex_);
      while (static_cast<int>(workers_.size()) < threads - 1)
        workers_.emplace_back([this](const std::stop_token& stop) { serve(stop); });
      jobs_.push_back(job);
    }
    wake_.notify_all();
    job->work();
    job->wait();
  }

 private:
  void serve(const std::stop_token& stop) {
    for (;;) {
      std::shared_ptr<Job> job;
      {
        std::unique_lock lock(mutex_);
        const auto ready = [&] {
          std::erase_if(jobs_, [](const auto& waiting) { return waiting->exhausted(); });
          const auto free = std::ranges::find_if(jobs_, [](const auto& waiting) { return waiting->takes_a_helper(); });
          if (free != jobs_.end()) job = *free;
          return job != nullptr;
        };
        if (!wake_.wait(lock, stop, ready)) return;
      }
      job->work();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<std::shared_ptr<Job>> jobs_;
  std::vector<std::jthread> workers_;  // last, so that it ends before what it uses
};

Pool& pool() {
  static Pool pool;
  return pool;
}

}  // namespace

int available_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

ThreadLimit::ThreadLimit(int threads) : before_(limit) {
  if (threads < 1) throw Error(ErrorKind::Usage, "the number of threads must be at least 1");
  limit = threads;
}

ThreadLimit::~ThreadLimit() {
  limit = before_;
}

void parallel_for(std::size_t count, std::size_t grain, const std::function<void(std::size_t, std::size_t)>& body) {
  if (count == 0) return;
  if (grain == 0) throw Error(ErrorKind::Internal, "parallel_for with chunks of 0");
  const bool alone = inside_a_chunk || count <= grain;
  const int threads = alone ? 1 : limit > 0 ? limit : available_cores();
  if (threads == 1) {
    for (std::size_t begin = 0; begin < count; begin += std::min(grain, count - begin))
      body(begin, begin + std::min(grain, count - begin));
    return;
  }
  pool().run(std::make_shared<Job>(count, grain, threads, body), threads);
}

}  // namespace bw
