#include "cli/output.h"

#include <cerrno>
#include <cstdio>

namespace bw {
namespace {

int first_failure = 0;
bool any = false;

void judge(bool arrived) {
  if (!arrived && first_failure == 0) first_failure = errno;
}

}  // namespace

void put(std::string_view text) {
  any = any || !text.empty();
  judge(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

bool anything_put() {
  return any;
}

int written() {
  judge(std::fflush(stdout) == 0);
  return first_failure;
}

}  // namespace bw
