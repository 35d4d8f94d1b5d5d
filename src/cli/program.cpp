// From argv to a command and back to an exit code.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "base/parallel.h"
#include "base/stop.h"
#include "base/version.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/parse.h"
#include "report/text_table.h"

namespace bw {
namespace {

int report_error(const Error& error, bool json) {
  if (json && !anything_put()) {  // a result is there, and standard output one document
    const Json body{{"error",
                     {{"kind", name_of(error.kind())},
                      {"class", name_of(error.input_class())},
                      {"where", error.where()},
                      {"message", error.message()},
                      {"hint", error.hint()}}}};
    put(to_text(body));
    written();
  }
  std::fputs(fmt::format("bitwright: {}\n", error.what()).c_str(), stderr);
  return exit_code(error.kind());
}

// Ends as every tool in a pipe does whose reader has seen enough: quietly, by the signal, which a shell shows as 141
// and tells from a fault. Exit code 0 would say that the result arrived.
[[noreturn]] void end_with_the_pipe() {
  std::signal(SIGPIPE, SIG_DFL);
  std::raise(SIGPIPE);
  ::_exit(128 + SIGPIPE);  // where the signal is blocked
}

// A full disk must not pass as success.
int finished(int code) {
  const int failure = written();
  if (code != 0 || failure == 0) return code;
  if (failure == EPIPE) end_with_the_pipe();
  throw Error(ErrorKind::Input, fmt::format("the result could not be written: {}", std::strerror(failure)),
              "standard output", failure == ENOSPC ? "Make room on the disk, or write to another one" : "");
}

int answer(const Help& asked) {
  put(help(asked.words, style_of_stdout().width));
  return 0;
}

int answer(const Version&) {
  put("{}\n", kVersion);
  return 0;
}

int answer(Run asked) {
  Invocation& invocation = asked.invocation;
  const StandardError console(invocation.quiet);
  if (invocation.threads == 0) invocation.threads = available_cores();
  const ThreadLimit limit(invocation.threads);
  invocation.console = &console;
  invocation.stop = stop_on_signals();
  return asked.command->run(invocation);
}

bool is_among(std::string_view word, int argc, char** argv) {
  return std::find(argv + 1, argv + argc, word) != argv + argc;
}

}  // namespace

int run_program(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  stop_on_signals();
  if (argc < 2) {
    std::fputs(help("", style_of_stderr().width).c_str(), stderr);
    return exit_code(ErrorKind::Usage);
  }
  const bool json = is_among("--json", argc, argv);
  try {
    return finished(std::visit([](auto&& asked) { return answer(asked); }, parse(argc, argv)));
  } catch (const Error& error) {
    return report_error(error, json);
  } catch (const std::bad_alloc&) {
    return report_error(Error(ErrorKind::Internal, "out of memory"), json);
  } catch (const std::exception& error) {
    return report_error(Error(ErrorKind::Internal, error.what(), "", "This is a defect of bitwright; please report it"),
                        json);
  }
}

}  // namespace bw
