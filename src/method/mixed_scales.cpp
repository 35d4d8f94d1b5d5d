#include "method/mixed_scales.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "graph/ops/op.h"

namespace bw {
namespace {

// Of 8 bits, 4 are left to what has a sixteenth of the largest range.
constexpr float kMostApart = 16;

class Search {
 public:
  Search(const Graph& graph, const Target& target, const Placement& placement, const std::map<ValueId, Range>& ranges)
      : graph_(graph), target_(target), placement_(placement), ranges_(ranges), links_(link(graph)) {}

  std::map<NodeId, std::string> find() const {
    std::map<NodeId, std::string> found;
    for (const NodeId id : placement_.integer) {
      const Node& node = graph_.node(id);
      const float ratio = node.is("Concat") ? of_inputs(node) : node.is("Mul") ? of_factors(node) : 1;
      std::set<NodeId> path;
      if (ratio > kMostApart && leads_to_output(id, path))
        found[id] = fmt::format("what it puts into one output differs {:.0f}-fold in range", ratio);
    }
    return found;
  }

 private:
  // Largest over smallest; what is always zero counts for nothing.
  static float apart(const std::vector<float>& magnitudes) {
    float low = 0, high = 0;
    for (const float magnitude : magnitudes) {
      if (magnitude <= 0) continue;
      low = low == 0 ? magnitude : std::min(low, magnitude);
      high = std::max(high, magnitude);
    }
    return low == 0 ? 1 : high / low;
  }

  std::span<const float> constant(ValueId id) const {
    if (id == kNoValue || !graph_.is_constant(id)) return {};
    const Tensor& tensor = graph_.value(id).initializer;
    return tensor.dtype() == DType::Float32 ? tensor.data<float>() : std::span<const float>{};
  }

  float of_inputs(const Node& node) const {
    std::vector<float> magnitudes;
    for (const ValueId input : node.inputs) {
      float magnitude = 0;
      for (const float x : constant(input)) magnitude = std::max(magnitude, std::abs(x));
      if (const auto source = placement_.range_of.find(input); source != placement_.range_of.end()) {
        const Range range = ranges_.at(source->second);
        magnitude = std::max(std::abs(range.low), std::abs(range.high));
      }
      magnitudes.push_back(magnitude);
    }
    return apart(magnitudes);
  }

  float of_factors(const Node& node) const {
    std::vector<float> magnitudes;
    for (const ValueId input : node.inputs)
      for (const float x : constant(input)) magnitudes.push_back(std::abs(x));
    return apart(magnitudes);
  }

  bool passes(const Node& node) const {
    const IntegerKernel kernel = target_.support(node).integer;
    const OpInfo* op = find_op(node);
    return kernel == IntegerKernel::Move || kernel == IntegerKernel::Arithmetic || kernel == IntegerKernel::Absorbed ||
           (op != nullptr && op->flow == DataFlow::Move);
  }

  bool leads_to_output(NodeId id, std::set<NodeId>& path) const {
    if (!path.insert(id).second) return false;
    return std::ranges::any_of(graph_.node(id).outputs, [&](ValueId value) {
      if (value == kNoValue) return false;
      if (graph_.is_output(value)) return true;
      return std::ranges::any_of(links_.uses[static_cast<std::size_t>(value)], [&](const Links::Use& use) {
        return use.input >= 0 && passes(graph_.node(use.node)) && leads_to_output(use.node, path);
      });
    });
  }

  const Graph& graph_;
  const Target& target_;
  const Placement& placement_;
  const std::map<ValueId, Range>& ranges_;
  const Links links_;
};

}  // namespace

std::map<NodeId, std::string> mixed_scales(const Graph& graph, const Target& target, const Placement& placement,
                                           const std::map<ValueId, Range>& ranges) {
  return Search(graph, target, placement, ranges).find();
}

}  // namespace bw
