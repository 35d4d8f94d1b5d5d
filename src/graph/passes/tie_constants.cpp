#include "graph/passes/tie_constants.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "graph/rewriter.h"
#include "graph/twins.h"

namespace bw {

namespace {

// What a node and its names take in a file is saved many times over.
constexpr std::size_t kLeastBytes = 1024;

// The value `id`, made of the constant `source` that has the same numbers, the one transposed or not.
std::optional<ValueId> made_of(Rewriter& rewriter, ValueId id, ValueId source, bool transposed) {
  const Value value = rewriter.graph().value(id);
  const Shape from = rewriter.graph().value(source).initializer.shape(), to = value.initializer.shape();
  const std::string name = value.name + "_tied";
  if (transposed && from != Shape(to.rbegin(), to.rend())) return std::nullopt;
  if (transposed)
    return rewriter.add_op("Transpose", {source}, {{"perm", std::vector<std::int64_t>{1, 0}, {}}}, name, value.type);
  if (from == to) return source;
  const auto rank = static_cast<std::int64_t>(to.size());
  const ValueId shape = rewriter.add_constant(value.name + "_shape", Tensor::of<std::int64_t>({rank}, to));
  return rewriter.add_op("Reshape", {source, shape}, {}, name, value.type);
}

}  // namespace

bool tie_constants(Graph& graph, const std::function<bool(const Graph&, ValueId)>& stays) {
  std::map<ValueId, std::vector<std::pair<ValueId, bool>>> families;  // members, and whether each is transposed
  for (const auto& [id, twin] : twins(graph, kLeastBytes)) {
    if (families[twin.of].empty()) families[twin.of].emplace_back(twin.of, false);
    families[twin.of].emplace_back(id, twin.transposed);
  }
  Rewriter rewriter(graph);
  bool changed = false;
  for (auto& [first, members] : families) {
    const auto free = std::ranges::stable_partition(members, [&](const auto& m) { return stays(graph, m.first); });
    const auto [source, source_transposed] = members.front();
    for (const auto& [id, transposed] : free) {
      const auto made = id == source ? std::nullopt : made_of(rewriter, id, source, transposed != source_transposed);
      if (made) changed |= rewriter.replace_uses(id, *made);
    }
  }
  if (changed) rewriter.finish();
  return changed;
}

}  // namespace bw
