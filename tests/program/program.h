// Runs the built program as a user does, and keeps what he sees: exit code, standard output, standard error.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "folder.h"

namespace bw::test {

struct Setting {
  std::map<std::string, std::string> environment;  // beside the test's own; the store is a file of this process's
  std::filesystem::path folder;                    // to run in; empty: the test's own
  std::filesystem::path output;                    // that standard output goes to; empty: it is kept
  std::uint64_t largest_file = 0;  // bytes that a file may have (RLIMIT_FSIZE), as on a full disk; 0: any
  bool nobody_reads = false;       // standard output is a pipe whose reader is gone
};

struct Outcome {
  int code = -1;   // exit code; -1 when it died of a signal
  int signal = 0;  // that it died of
  std::string out, err;
};

// A program that runs. It is killed when this goes before it ended.
class Running {
 public:
  explicit Running(const std::vector<std::string>& words, const Setting& setting = {});
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  pid_t pid() const { return pid_; }
  void send(int signal);  // SIGINT and SIGTERM once the program takes them: before main they end it as any other
  // Waits until `path` is there, or until the program ended: false then.
  bool reached(const std::filesystem::path& path);
  bool ended();  // does not wait
  Outcome wait();

 private:
  Folder words_;  // its standard output and error
  pid_t pid_ = 0;
  int status_ = 0;
  bool ended_ = false;
};

// Runs the program to its end.
Outcome bitwright(const std::vector<std::string>& words, const Setting& setting = {});

// The children of a process: its workers.
std::vector<pid_t> workers_of(pid_t pid);

// Whether all are gone within ten seconds; kills them if not.
bool all_gone(const std::vector<pid_t>& pids);

bool has(const std::string& text, const std::string& part);

}  // namespace bw::test
