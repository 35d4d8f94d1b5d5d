#include "method/slices.h"

#include <fmt/format.h>

namespace bw {

std::string SliceEditor::own_constant(NodeId id, int input, Plan& plan) {
  const Node& node = graph_.node(id);
  const ValueId shared = node.input(static_cast<std::size_t>(input));
  const std::string& name = graph_.value(shared).name;
  if (links_.uses[static_cast<std::size_t>(shared)].size() == 1) return name;
  std::string& own = copies_[{id, input}];
  if (!own.empty()) return own;
  own = fmt::format("{}_of_{}", name, node.name);
  plan.edits.emplace_back(CopyConstant{node.name, input, own});
  return own;
}

void SliceEditor::scale(const Slices& slices, const std::vector<double>& factors, Plan& plan) {
  plan.edits.emplace_back(ScaleConstant{own_constant(slices.node, slices.input, plan), slices.axis,
                                        std::vector<float>(factors.begin(), factors.end())});
}

}  // namespace bw
