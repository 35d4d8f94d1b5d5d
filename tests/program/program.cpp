#include "program/program.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/file.h"

namespace bw::test {
namespace {

void nap() {
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

void to_file(const fs::path& path, int descriptor) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(file, descriptor);
  ::close(file);
}

void to_a_pipe_that_nobody_reads(int descriptor) {
  int ends[2];
  if (::pipe(ends) != 0) ::_exit(126);
  ::close(ends[0]);
  ::dup2(ends[1], descriptor);
  ::close(ends[1]);
}

// The child, between fork and exec.
[[noreturn]] void become(const std::vector<std::string>& words, const Setting& setting, const fs::path& place) {
  if (!setting.folder.empty() && ::chdir(setting.folder.c_str()) != 0) ::_exit(126);
  to_file(setting.output.empty() ? place / "out" : setting.output, STDOUT_FILENO);
  if (setting.nobody_reads) to_a_pipe_that_nobody_reads(STDOUT_FILENO);
  to_file(place / "err", STDERR_FILENO);
  for (const auto& [name, value] : setting.environment) ::setenv(name.c_str(), value.c_str(), 1);
  if (setting.largest_file > 0) {
    const rlimit limit{setting.largest_file, setting.largest_file};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);
  }
  std::vector<char*> arguments{const_cast<char*>(BW_BINARY)};
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv(BW_BINARY, arguments.data());
  ::_exit(127);
}

// The parent of a process; 0 when it is gone or a zombie.
pid_t parent_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text, '\0');  // an end while it is read is no exception here
  const std::size_t end = text.rfind(')');
  if (end == std::string::npos) return 0;
  std::istringstream rest(text.substr(end + 1));
  char state = 0;
  pid_t parent = 0;
  rest >> state >> parent;
  return state == 'Z' ? 0 : parent;
}

bool alive(pid_t pid) {
  return parent_of(pid) != 0;
}

bool takes(pid_t pid, int signal) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("SigCgt:")) return std::stoull(line.substr(7), nullptr, 16) >> (signal - 1) & 1;
  return false;
}

}  // namespace

Running::Running(const std::vector<std::string>& words, const Setting& setting) {
  Setting with_store = setting;
  with_store.environment.emplace("BITWRIGHT_STORE", (words_.path() / "runs.db").string());
  pid_ = ::fork();
  if (pid_ == 0) become(words, with_store, words_.path());
}

Running::~Running() {
  if (ended()) return;
  send(SIGKILL);
  wait();
}

void Running::send(int signal) {
  if (signal == SIGINT || signal == SIGTERM)
    while (!ended() && !takes(pid_, signal)) nap();
  ::kill(pid_, signal);
}

bool Running::ended() {
  if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return ended_;
}

bool Running::reached(const fs::path& path) {
  while (!fs::exists(path)) {
    if (ended()) return false;
    nap();
  }
  return true;
}

Outcome Running::wait() {
  if (!ended_) ::waitpid(pid_, &status_, 0);
  ended_ = true;
  Outcome outcome;
  if (WIFEXITED(status_)) outcome.code = WEXITSTATUS(status_);
  if (WIFSIGNALED(status_)) outcome.signal = WTERMSIG(status_);
  if (fs::exists(words_.path() / "out")) outcome.out = read_file(words_.path() / "out");
  outcome.err = read_file(words_.path() / "err");
  return outcome;
}

Outcome bitwright(const std::vector<std::string>& words, const Setting& setting) {
  return Running(words, setting).wait();
}

std::vector<pid_t> workers_of(pid_t pid) {
  std::vector<pid_t> found;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const pid_t other = static_cast<pid_t>(std::atoi(entry.path().filename().c_str()));
    if (other > 0 && parent_of(other) == pid) found.push_back(other);
  }
  return found;
}

bool all_gone(const std::vector<pid_t>& pids) {
  for (int tries = 0; tries < 2000; ++tries) {
    bool any = false;
    for (const pid_t pid : pids) any = any || alive(pid);
    if (!any) return true;
    nap();
  }
  for (const pid_t pid : pids) ::kill(pid, SIGKILL);  // what a defect left behind does not outlive the test
  return false;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace bw::test
