#include "method/embedding.h"

#include <bit>

#include "method/blocks.h"
#include "method/catalog.h"

namespace bw {
namespace {

constexpr std::size_t kLeastElements = 4096;
constexpr std::uint64_t kLargestBlock = 128, kSmallestBlock = 16;

bool is_table(const Graph& graph, const Node& node) {
  const ValueId table = node.input(0);
  if (table == kNoValue || !graph.is_constant(table) || node.int_or("axis", 0) != 0) return false;
  const Tensor& tensor = graph.value(table).initializer;
  return tensor.dtype() == DType::Float32 && tensor.rank() == 2 && tensor.size() >= kLeastElements &&
         tensor.shape()[1] >= static_cast<std::int64_t>(kSmallestBlock) && tensor.shape()[1] % 2 == 0;
}

}  // namespace

void code_embeddings(const Task& task, const KeepFloat& keep, int bits, Plan& plan) {
  for (const Node& node : task.graph.nodes) {
    if (!keep.reason(node).empty() || !task.target.support(node).embedding || !is_table(task.graph, node)) continue;
    const Tensor& table = task.graph.value(node.input(0)).initializer;
    const std::uint64_t row = std::bit_floor(static_cast<std::uint64_t>(table.shape()[1]));
    const Scheme scheme{.code = bits == 4 ? DType::UInt4 : DType::UInt8,
                        .granularity = Granularity::Block,
                        .axis = 1,
                        .block_size = static_cast<std::int64_t>(std::min(row, kLargestBlock)),
                        .symmetric = true,
                        .reduced_range = false};
    NodePlan& decision = plan.nodes[node.name];
    decision.precision = Precision::WeightOnly;
    decision.operands[0] = block_params(table, scheme);
  }
}

}  // namespace bw
