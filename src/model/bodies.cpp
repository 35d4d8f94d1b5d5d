#include "model/bodies.h"

#include <fmt/format.h>

#include <set>

#include "graph/links.h"
#include "graph/ops/op.h"

namespace bw {
namespace {

std::set<std::string> constants_of(const Graph& graph) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < graph.values.size(); ++i)
    if (graph.is_constant(static_cast<ValueId>(i))) names.insert(graph.values[i].name);
  for (const Node& node : graph.nodes)
    if (node.is("Constant")) names.insert(graph.value(node.output(0)).name);
  return names;
}

std::size_t weights_within(const Node& node, const std::set<std::string>& around) {
  std::size_t count = 0;
  for_each_subgraph(node, [&](const Subgraph& body) {
    std::set<std::string> constants = constants_of(*body);
    constants.insert(around.begin(), around.end());
    for (const Node& inner : body->nodes) {
      const OpInfo* op = find_op(inner);
      const ValueId weight =
          op != nullptr && op->weight_input >= 0 ? inner.input(static_cast<std::size_t>(op->weight_input)) : kNoValue;
      count += weight != kNoValue && constants.contains(body->value(weight).name) &&
               !info(body->value(weight).type.dtype).is_integer;  // codes already
      count += weights_within(inner, constants);
    }
  });
  return count;
}

}  // namespace

std::vector<BodyWeights> weights_in_bodies(const Graph& graph) {
  const std::set<std::string> constants = constants_of(graph);
  std::vector<BodyWeights> bodies;
  for (const Node& node : graph.nodes)
    if (const std::size_t count = weights_within(node, constants); count > 0)
      bodies.push_back({node.name, node.op_type, count});
  return bodies;
}

std::string to_sentence(const std::vector<BodyWeights>& bodies) {
  constexpr std::size_t kNamed = 3;
  std::size_t count = 0;
  std::string names;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    count += bodies[i].count;
    if (i < kNamed) names += fmt::format("{}'{}' ({})", i == 0 ? "" : ", ", bodies[i].node, bodies[i].op);
  }
  if (bodies.size() > kNamed) names += fmt::format(" and {} more", bodies.size() - kNamed);
  if (count == 0) return "";
  return fmt::format("{} weight{} in the bodies of {} stay in float: methods do not enter bodies yet", count,
                     count == 1 ? "" : "s", names);
}

}  // namespace bw
