// A worker: a child process (this same program, `bitwright worker`) that runs jobs, so that a model or runtime that
// crashes, leaks or hangs costs one answer and nothing else. What it sends back is checked like any hostile input.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "run/job.h"
#include "run/samples.h"

namespace bw {

struct WorkerOptions {
  std::filesystem::path program = "/proc/self/exe";  // is started with the one argument "worker"
  std::uint64_t address_space = 0;                   // bytes that it may map; 0: no limit
  double silence = 120;                              // seconds without a word from it after which it is killed
  std::stop_token stop = {};                         // ends what it does, and it
};

struct JobRequest {
  std::string_view job;
  std::string request;  // JSON
  std::vector<SharedBytes> files;
  SampleFeed feed;   // gives nothing when empty
  double total = 0;  // seconds for the whole job; 0: as long as it is not silent
};

class Worker {
 public:
  explicit Worker(WorkerOptions options = {});
  ~Worker();  // ends the process, and waits for it
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Runs one job and gives its result. The process is started when there is none, so a job after a death gets a new
  // one. Throws what the job threw; Error(Worker) naming signal or exit code, stage and time when the process died or
  // broke the protocol, Error(Timeout) when it was silent for too long (it is gone then); Error(Interrupted); what the
  // feed threw.
  JobResult run(JobRequest request);

  // Ends the process, so that the next job starts in a fresh one.
  void stop();
  int pid() const;  // 0 when there is no process

 private:
  struct Process;
  void start();
  std::variant<JobResult, Error> converse(JobRequest& request, double deadline);

  WorkerOptions options_;
  std::unique_ptr<Process> process_;
};

// Reads a job's result: parses its text and calls `read`. What does not fit is Error(Worker): the worker may be out of
// its mind.
void read_result(const JobResult& result, const std::function<void(const Json&)>& read);

}  // namespace bw
