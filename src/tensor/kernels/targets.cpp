#include "tensor/kernels/targets.h"

#include "tensor/kernels/disabled_targets.h"

#include <hwy/highway.h>

#include "base/error.h"

namespace bw {
namespace {

// What was compiled and the CPU has, whatever a test chose before.
std::int64_t available() {
  hwy::SetSupportedTargetsForTest(0);
  return hwy::SupportedTargets() & (HWY_TARGETS);
}

}  // namespace

std::vector<std::string_view> kernel_targets() {
  std::vector<std::string_view> names;
  for (std::int64_t left = available(); left != 0; left &= left - 1)  // better sets have lower bits
    names.emplace_back(hwy::TargetName(left & -left));
  return names;
}

void use_kernel_target(std::string_view name) {
  const std::int64_t all = available();
  std::int64_t chosen = name.empty() ? all : 0;
  for (std::int64_t left = all; left != 0; left &= left - 1)
    if (name == hwy::TargetName(left & -left)) chosen = left & -left;
  if (chosen == 0) throw Error(ErrorKind::HardwareCompatibility, "this CPU cannot run " + std::string(name));
  hwy::SetSupportedTargetsForTest(name.empty() ? 0 : chosen);
  hwy::GetChosenTarget().Update(chosen);
}

}  // namespace bw
