#include "method/embedding.h"

#include <bit>

#include "graph/twins.h"
#include "method/blocks.h"
#include "method/catalog.h"

namespace bw {
namespace {

constexpr std::size_t kLeastElements = 4096;
constexpr std::int64_t kLargestBlock = 128, kSmallestBlock = 16;
constexpr int kLeastBits = 3;  // stored as 4: what looks up narrower codes is not there

bool is_table(const Graph& graph, const Node& node) {
  const ValueId table = node.input(0);
  if (table == kNoValue || !graph.is_constant(table) || node.int_or("axis", 0) != 0) return false;
  const Tensor& tensor = graph.value(table).initializer;
  return tensor.dtype() == DType::Float32 && tensor.rank() == 2 && tensor.size() >= kLeastElements &&
         tensor.shape()[1] >= kSmallestBlock && tensor.shape()[1] % 2 == 0;
}

// The block of codes that a product's weight with the table's numbers has in the plan, along the table's rows: with the
// same one, both read one store of codes.
std::optional<std::int64_t> block_of_product(const Graph& graph, const Plan& plan, ValueId table,
                                             const Scheme& wanted) {
  const std::map<ValueId, Twin> same = twins(graph, kLeastElements);
  const auto as_stored = [&](ValueId id) {
    const auto found = same.find(id);
    return found == same.end() ? Twin{id, false} : found->second;
  };
  const std::int64_t row = graph.value(table).initializer.shape()[1];
  for (const Node& node : graph.nodes) {
    const auto decision = plan.nodes.find(node.name);
    if (node.input(1) == kNoValue || decision == plan.nodes.end() || !decision->second.operands.contains(1)) continue;
    const Twin weight = as_stored(node.input(1)), own = as_stored(table);
    const Scheme& scheme = decision->second.operands.at(1).scheme;
    const Tensor& matrix = graph.value(node.input(1)).initializer;
    const bool along_rows = scheme.axis == (weight.transposed == own.transposed ? 1 : 0) && matrix.rank() == 2 &&
                            matrix.shape()[static_cast<std::size_t>(scheme.axis)] == row;
    if (weight.of == own.of && scheme.code == wanted.code && scheme.bits == wanted.bits &&
        scheme.granularity == Granularity::Block && scheme.symmetric && along_rows && scheme.block_size > 0 &&
        row % scheme.block_size == 0)
      return scheme.block_size;
  }
  return std::nullopt;
}

}  // namespace

void code_embeddings(const Task& task, const KeepFloat& keep, int bits, Plan& plan) {
  for (const Node& node : task.graph.nodes) {
    if (!keep.reason(node).empty() || !task.target.support(node).embedding || !is_table(task.graph, node)) continue;
    const Tensor& table = task.graph.value(node.input(0)).initializer;
    const auto row = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(table.shape()[1])));
    Scheme scheme = unsigned_codes(std::max(bits, kLeastBits));
    scheme.granularity = Granularity::Block;
    scheme.axis = 1;
    scheme.symmetric = true;
    scheme.rounding = Rounding::ReciprocalHalfAway;
    scheme.block_size =
        block_of_product(task.graph, plan, node.input(0), scheme).value_or(std::min(row, kLargestBlock));
    require_finite(task.graph.value(node.input(0)));
    NodePlan& decision = plan.nodes[node.name];
    decision.operands[0] = block_params(table, scheme);
  }
}

}  // namespace bw
