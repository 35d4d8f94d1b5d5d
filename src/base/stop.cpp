#include "base/stop.h"

#include <unistd.h>

#include <csignal>

#include "base/error.h"

namespace bw {
namespace {

// Only for the handler, which is given nothing. Without callbacks, which nobody registers, asking takes no lock.
std::stop_source& asked_by_signals() {
  static std::stop_source source;
  return source;
}

}  // namespace

void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::Interrupted, "interrupted");
}

std::stop_token stop_on_signals() {
  const std::stop_token stop = asked_by_signals().get_token();
  struct sigaction action{};
  action.sa_handler = [](int) {
    if (!asked_by_signals().request_stop()) ::_exit(exit_code(ErrorKind::Interrupted));
  };
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  return stop;
}

}  // namespace bw
