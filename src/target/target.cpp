#include "target/target.h"

#include <fmt/format.h>

#include "base/error.h"
#include "target/catalog.h"

namespace bw {

const OperatorSupport& Target::support(const Node& node) const {
  static constexpr OperatorSupport kNothing{};
  if (!node.domain.empty()) return kNothing;
  for (const OperatorSupport& row : operators)
    if (row.op == node.op_type) return row;
  return kNothing;
}

std::span<const Target> targets() {
  static const std::vector<Target> kTargets{onnxruntime_cpu()};
  return kTargets;
}

const Target& target_named(std::string_view name) {
  std::string names;
  for (const Target& target : targets()) {
    if (target.name == name || target.hardware_target == name) return target;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", target.name);
  }
  throw Error(ErrorKind::Usage, fmt::format("there is no target '{}'", name), "", fmt::format("Targets: {}", names));
}

}  // namespace bw
