#include "base/command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/stop.h"

extern char** environ;

namespace bw {
namespace {

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
      throw Error(ErrorKind::Internal, fmt::format("no pipe: {}", std::strerror(errno)));
    read = ends[0];
    write = ends[1];
  }
  ~Pipe() {
    ::close(read);
    close_write();
  }
  void close_write() {
    if (write >= 0) ::close(write);
    write = -1;
  }
};

// What is said until the other end is closed. Looks up ten times a second for who wants it to stop.
std::string drain(int descriptor, const std::stop_token& stop) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    throw_if_stopped(stop);
    pollfd entry{descriptor, POLLIN, 0};
    if (::poll(&entry, 1, 100) <= 0) continue;
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EINTR)) return text;
  }
}

// A program in a process group of its own; the group is ended with it.
class Child {
 public:
  Child(const std::vector<std::string>& argv, int output) {
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    const int failure = ::posix_spawnp(&pid_, words[0], &actions, &attributes, words.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (failure != 0)
      throw Error(ErrorKind::Usage, fmt::format("cannot be started: {}", std::strerror(failure)), argv.front());
  }
  ~Child() {
    if (ended_) return;
    ::kill(-pid_, SIGKILL);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    ended_ = true;
    return status;
  }

 private:
  pid_t pid_ = 0;
  bool ended_ = false;
};

}  // namespace

std::string output_of(const std::vector<std::string>& argv, const std::stop_token& stop) {
  Pipe pipe;
  Child child(argv, pipe.write);
  pipe.close_write();
  const std::string text = drain(pipe.read, stop);
  const int status = child.wait();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw Error(ErrorKind::Worker,
                WIFEXITED(status) ? fmt::format("ended with exit code {}", WEXITSTATUS(status))
                                  : fmt::format("died of signal {}", WTERMSIG(status)),
                argv.front());
  return text;
}

}  // namespace bw
