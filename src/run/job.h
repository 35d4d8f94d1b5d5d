// The child's side of a worker: a job is a named function that runs in a process of its own. What it throws as
// bw::Error reaches the parent whole; what it dies of is an Error(Worker) there.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"
#include "run/frame.h"

namespace bw {

// Consecutive samples of those that the parent feeds.
struct SampleGroup {
  std::size_t first = 0;  // position of the first, counted from 0
  std::vector<Sample> samples;
};

class JobContext {
 public:
  JobContext(int socket, Frame frame);

  Json request() const;
  std::span<const SharedBytes> files() const { return files_; }
  // Leaves none here: their memory is free as soon as the taker drops them.
  std::vector<SharedBytes> take_files() { return std::move(files_); }

  // Says what is being done now: stands in the death report, and tells the parent that the job is alive.
  void stage(std::string_view name);

  // The next `count` samples that the parent feeds; fewer at the end, none after it. May be called from several
  // threads: each sample goes to one of them, in order of the calls.
  SampleGroup next_samples(std::size_t count = 1);
  // What next_samples() will give first; a sample of nothing when there is none.
  Sample peek();

 private:
  void want_chunk();
  void await(std::size_t count);
  void take_chunk();

  int socket_;
  std::string request_;
  std::vector<SharedBytes> files_;
  std::mutex mutex_;
  std::deque<Sample> waiting_;
  std::size_t given_ = 0;
  bool started_ = false, ended_ = false;
};

struct JobResult {
  std::string text;  // JSON
  std::string blob;
  SharedBytes file = {};  // instead of the blob for what may be large
};

struct Job {
  std::string_view name;
  JobResult (*run)(JobContext& context);
};

// Calls body(thread, group) for the samples of the context in groups of `size` (the last may be smaller) on `threads`
// threads. Which samples are a group does not depend on the threads. The first exception is rethrown after all ended.
void for_each_group(JobContext& context, int threads, std::size_t size,
                    const std::function<void(int, const SampleGroup&)>& body);

// The worker's loop on file descriptor kWorkerSocket: runs jobs until the parent is gone. The value is the exit code.
int serve(std::span<const Job> jobs);

inline constexpr int kWorkerSocket = 3;

}  // namespace bw
