#include "run/job.h"

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <exception>
#include <fstream>
#include <new>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "run/samples.h"

namespace bw {
namespace {

void set_limit(int what, std::uint64_t most) {
  const rlimit limit{most, most};
  ::setrlimit(static_cast<__rlimit_resource>(what), &limit);
}

void apply_limits(const Json& limits) {
  set_limit(RLIMIT_CORE, 0);
  std::ofstream("/proc/self/oom_score_adj") << 1000;  // when memory runs out the kernel ends this process, no other
  if (const auto bytes = limits.value("address_space", std::uint64_t{0})) set_limit(RLIMIT_AS, bytes);
}

// Ends this process as soon as the parent's end of the socket is closed, also in the middle of a job. (The kernel's
// parent-death signal is bound to the thread that started us, so a parent with threads cannot use it.)
void watch_parent() {
  std::thread([] {
    pollfd entry{kWorkerSocket, POLLRDHUP, 0};
    while (::poll(&entry, 1, -1) < 0) {
    }
    ::_exit(0);
  }).detach();
}

const Job& job_named(std::span<const Job> jobs, const std::string& name) {
  for (const Job& job : jobs)
    if (job.name == name) return job;
  throw Error(ErrorKind::Internal, "this worker has no job \"" + name + "\"");
}

JobResult run_job(std::span<const Job> jobs, const std::string& name, Frame frame) {
  try {
    const Job& job = job_named(jobs, name);
    JobContext context(kWorkerSocket, std::move(frame));
    return job.run(context);
  } catch (const std::bad_alloc&) {
    throw Error(InputClass::Limit, "the job ran out of its memory limit", name);
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::Internal, error.what(), name);
  }
}

void answer(std::span<const Job> jobs, const std::string& name, Frame frame) {
  try {
    const JobResult result = run_job(jobs, name, std::move(frame));
    const std::size_t files = result.file.fd() >= 0 ? 1 : 0;
    send_frame(kWorkerSocket, FrameKind::Done, result.text, result.blob, std::span(&result.file, files));
  } catch (const Error& error) {
    send_frame(kWorkerSocket, FrameKind::Failure, error_to_text(error));
  } catch (const std::exception& error) {
    send_frame(kWorkerSocket, FrameKind::Failure, error_to_text(Error(ErrorKind::Internal, error.what(), name)));
  }
}

}  // namespace

JobContext::JobContext(int socket, Frame frame)
    : socket_(socket), request_(std::move(frame.text)), files_(std::move(frame.files)) {}

Json JobContext::request() const {
  return parse_json(request_, "request");
}

void JobContext::stage(std::string_view name) {
  const std::lock_guard lock(mutex_);
  send_frame(socket_, FrameKind::Stage, name);
}

void JobContext::want_chunk() {
  send_frame(socket_, FrameKind::Want);
}

void JobContext::take_chunk() {
  const Frame frame = receive_frame(socket_);
  ended_ = frame.kind == FrameKind::End;
  if (frame.kind != FrameKind::Chunk) return;
  want_chunk();  // one chunk is always on its way while another is worked on
  for (Sample& sample : unpack(frame.text, frame.files.at(0))) waiting_.push_back(std::move(sample));
}

// Until `count` samples wait, or no more come.
void JobContext::await(std::size_t count) {
  if (!std::exchange(started_, true)) want_chunk();
  while (waiting_.size() < count && !ended_) take_chunk();
}

Sample JobContext::peek() {
  const std::lock_guard lock(mutex_);
  await(1);
  return waiting_.empty() ? Sample{} : waiting_.front();
}

SampleGroup JobContext::next_samples(std::size_t count) {
  const std::lock_guard lock(mutex_);
  await(count);
  SampleGroup group{given_, {}};
  for (; group.samples.size() < count && !waiting_.empty(); waiting_.pop_front())
    group.samples.push_back(std::move(waiting_.front()));
  given_ += group.samples.size();
  return group;
}

void for_each_group(JobContext& context, int threads, std::size_t size,
                    const std::function<void(int, const SampleGroup&)>& body) {
  std::mutex mutex;
  std::exception_ptr first;
  const auto failed = [&] {
    const std::lock_guard lock(mutex);
    return first != nullptr;
  };
  const auto work = [&](int thread) {
    try {
      while (!failed()) {
        const SampleGroup group = context.next_samples(size);
        if (group.samples.empty()) return;
        body(thread, group);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!first) first = std::current_exception();
    }
  };
  std::vector<std::jthread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(work, i);
  work(0);
  others.clear();
  if (first) std::rethrow_exception(first);
}

int serve(std::span<const Job> jobs) {
  watch_parent();
  try {
    for (;;) {
      Frame frame = receive_frame(kWorkerSocket);
      const std::string name = frame.blob;
      if (frame.kind == FrameKind::Limits) apply_limits(parse_json(frame.text, "limits"));
      if (frame.kind == FrameKind::Job) answer(jobs, name, std::move(frame));
    }
  } catch (const PeerGone&) {
    return 0;
  }
}

}  // namespace bw
