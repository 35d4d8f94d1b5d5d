#include "run/worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/clock.h"

extern char** environ;

namespace bw {
namespace {

[[noreturn]] void cannot_start(const char* step, int reason) {
  throw Error(ErrorKind::Worker, fmt::format("no worker process: {}: {}", step, std::strerror(reason)));
}

// posix_spawn's two argument objects, destroyed whatever happens.
struct SpawnPlan {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;

  SpawnPlan(int socket, int words) {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files, words, 1);
    ::posix_spawn_file_actions_adddup2(&files, words, 2);
    ::posix_spawn_file_actions_adddup2(&files, socket, kWorkerSocket);
    ::posix_spawn_file_actions_addclosefrom_np(&files, kWorkerSocket + 1);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
};

// The end of what the process wrote to stdout and stderr, on one line.
std::string last_words(int fd) {
  char text[300];
  const off_t end = ::lseek(fd, 0, SEEK_END);
  const off_t begin = std::max<off_t>(0, end - static_cast<off_t>(sizeof text));
  const ssize_t got = ::pread(fd, text, sizeof text, begin);
  std::string words(text, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  for (char& c : words)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  const auto last = words.find_last_not_of(' ');
  return last == std::string::npos ? "" : words.substr(0, last + 1);
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("died of signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  return fmt::format("ended with exit code {}", WEXITSTATUS(status));
}

}  // namespace

struct Worker::Process {
  pid_t pid = 0;
  OwnedFd socket, words;
  std::string stage = "start";
  std::optional<int> status;

  ~Process() { end(); }

  // Kills the process and all it started, and waits for it.
  int end() {
    if (status) return *status;
    ::kill(-pid, SIGKILL);
    return wait();
  }
  int wait() {
    int value = 0;
    while (::waitpid(pid, &value, 0) < 0 && errno == EINTR) {
    }
    ::kill(-pid, SIGKILL);  // what it may have started
    status = value;
    return value;
  }
};

Worker::Worker(WorkerOptions options) : options_(std::move(options)) {}
Worker::~Worker() = default;
void Worker::stop() {
  process_.reset();
}
int Worker::pid() const {
  return process_ ? process_->pid : 0;
}

void Worker::start() {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) cannot_start("socketpair", errno);
  OwnedFd ours(pair[0]), theirs(pair[1]);
  OwnedFd words(::memfd_create("bitwright-worker", MFD_CLOEXEC));
  if (!words) cannot_start("memfd_create", errno);
  const SpawnPlan plan(theirs.get(), words.get());
  char name[] = "bitwright", verb[] = "worker";
  char* arguments[] = {name, verb, nullptr};
  pid_t pid = 0;
  if (const int reason =
          ::posix_spawn(&pid, options_.program.c_str(), &plan.files, &plan.attributes, arguments, environ))
    cannot_start(options_.program.c_str(), reason);
  process_ = std::make_unique<Process>();
  process_->pid = pid;
  process_->socket = std::move(ours);
  process_->words = std::move(words);
  send_frame(process_->socket.get(), FrameKind::Limits,
             fmt::format("{{\"address_space\":{}}}", options_.address_space));
}

JobResult Worker::run(JobRequest request) {
  const double begin = seconds_now();
  std::optional<Error> failure;
  const auto dead = [&](ErrorKind kind, const std::string& how) {
    const std::string words = last_words(process_->words.get());
    const Error error(
        kind, fmt::format("the worker {} in stage \"{}\" after {:.1f} s", how, process_->stage, seconds_now() - begin),
        std::string(request.job), words.empty() ? "" : "Its last words: " + words);
    stop();
    return error;
  };
  try {
    if (!process_) start();
    process_->stage = "start";
    auto answer = converse(request, request.total > 0 ? begin + request.total : 0);
    if (auto* result = std::get_if<JobResult>(&answer)) return std::move(*result);
    failure = std::get<Error>(answer);
  } catch (const PeerGone&) {
    throw dead(ErrorKind::Worker, how_it_ended(process_->wait()));
  } catch (const PeerSilent&) {
    throw dead(ErrorKind::Timeout, "gave no answer in time and was killed");
  } catch (...) {
    stop();  // in the middle of a conversation: it cannot be taken up again
    throw;
  }
  throw *failure;  // the job's own error: the process is fine and serves the next job
}

std::variant<JobResult, Error> Worker::converse(JobRequest& request, double deadline) {
  const int socket = process_->socket.get();
  const auto patience = [&] {
    const double silence = seconds_now() + options_.silence;
    return Patience{deadline > 0 ? std::min(silence, deadline) : silence, options_.stop};
  };
  send_frame(socket, FrameKind::Job, request.request, request.job, request.files, patience());
  request.files.clear();  // the worker has them now, and may drop them
  for (;;) {
    Frame frame = receive_frame(socket, {}, patience());
    switch (frame.kind) {
      case FrameKind::Done:
        return JobResult{std::move(frame.text), std::move(frame.blob),
                         frame.files.empty() ? SharedBytes() : std::move(frame.files[0])};
      case FrameKind::Failure:
        return error_from_text(frame.text);
      case FrameKind::Stage:
        process_->stage = std::move(frame.text);
        break;
      case FrameKind::Want:
        if (const std::optional<SampleChunk> chunk = request.feed ? request.feed() : std::nullopt)
          send_frame(socket, FrameKind::Chunk, chunk->index, {}, std::span(&chunk->bytes, 1), patience());
        else
          send_frame(socket, FrameKind::End, {}, {}, {}, patience());
        break;
      default:
        throw Error(ErrorKind::Worker, "the worker broke the protocol: a frame of the wrong kind");
    }
  }
}

void read_result(const JobResult& result, const std::function<void(const Json&)>& read) {
  try {
    read(parse_json(result.text, "worker"));
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::Worker, fmt::format("the worker's answer makes no sense: {}", error.what()));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Input) throw;
    throw Error(ErrorKind::Worker, fmt::format("the worker's answer makes no sense: {}", error.what()));
  }
}

}  // namespace bw
