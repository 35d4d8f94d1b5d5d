#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "plan/apply_steps.h"
#include "plan/decode.h"

namespace bw {
namespace {

ValueId decoded_constant(Rewriter& rewriter, ValueId constant, const QParams& params) {
  const Value value = rewriter.graph().value(constant);
  if (!rewriter.graph().is_constant(constant) || value.initializer.dtype() != DType::Float32)
    throw Error(ErrorKind::Quantization,
                fmt::format("'{}' has codes in the plan, but is no float32 constant", value.name));
  const Tensor codes = quantize(value.initializer, params);  // refuses parameters that do not fit the constant
  return add_decoded(rewriter, value.name, codes, params);
}

}  // namespace

void encode_operands(Rewriter& rewriter, const Plan& plan) {
  // Constants that several nodes share are coded once for each set of parameters.
  std::map<ValueId, std::vector<std::pair<const QParams*, ValueId>>> coded;
  for (std::size_t n = 0; n < rewriter.graph().nodes.size(); ++n) {
    const auto id = static_cast<NodeId>(n);
    const auto found = plan.nodes.find(rewriter.graph().node(id).name);
    if (found == plan.nodes.end()) continue;
    for (const auto& [position, params] : found->second.operands) {
      const ValueId constant = rewriter.graph().node(id).input(static_cast<std::size_t>(position));
      if (constant == kNoValue)
        throw Error(ErrorKind::Quantization, fmt::format("node '{}' has no input {}", found->first, position));
      auto& versions = coded[constant];
      auto version = std::ranges::find_if(versions, [&](const auto& v) { return *v.first == params; });
      if (version == versions.end())
        version = versions.insert(versions.end(), {&params, decoded_constant(rewriter, constant, params)});
      rewriter.set_input(id, static_cast<std::size_t>(position), version->second);
    }
  }
}

}  // namespace bw
