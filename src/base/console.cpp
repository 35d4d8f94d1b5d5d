#include "base/console.h"

#include <unistd.h>

#include <cstdio>
#include <string>

namespace bw {
namespace {

constexpr const char* kWipe = "\r\x1b[K";

bool on_a_terminal() {
  static const bool terminal = ::isatty(STDERR_FILENO) != 0;
  return terminal;
}

// In one call, so that lines of several threads do not mix.
void write(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

class Nobody final : public Console {
  void say(std::string_view) const override {}
  void warn(std::string_view) const override {}
  void progress(std::string_view, bool) const override {}
  bool redraws() const override { return true; }
};

}  // namespace

const Console& nobody() {
  static const Nobody nobody;
  return nobody;
}

void StandardError::put(std::string_view line) const {
  write((line_is_open_.exchange(false) ? kWipe : "") + std::string(line) + "\n");
}

void StandardError::say(std::string_view line) const {
  if (!quiet_) put(line);
}

void StandardError::warn(std::string_view line) const {
  put("warning: " + std::string(line));
}

void StandardError::progress(std::string_view line, bool last) const {
  if (quiet_) return;
  if (!on_a_terminal()) return put(line);
  write(kWipe + std::string(line) + (last ? "\n" : ""));
  line_is_open_ = !last;
}

bool StandardError::redraws() const {
  return on_a_terminal();
}

}  // namespace bw
