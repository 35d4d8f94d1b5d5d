#include "method/embedding.h"

#include <bit>

#include "graph/twins.h"
#include "method/blocks.h"
#include "tensor/convert.h"
#include "tensor/transposed.h"

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

// How a product codes the numbers of a table that it multiplies with as well.
struct Tied {
  const QParams* params;
  bool turned;  // its weight is the table's transpose
};

// Where its blocks lie along the table's rows: then both can read one store of codes.
std::optional<Tied> tied_product(const Graph& graph, const Plan& plan, ValueId table) {
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
    const QParams& params = decision->second.operands.at(1);
    const bool turned = weight.transposed != own.transposed;
    const Tensor& matrix = graph.value(node.input(1)).initializer;
    if (weight.of == own.of && matrix.rank() == 2 && params.scheme.granularity == Granularity::Block &&
        params.scheme.axis == (turned ? 0 : 1) && matrix.shape()[turned ? 0 : 1] == row &&
        params.scheme.block_size > 0 && row % params.scheme.block_size == 0)
      return Tied{&params, turned};
  }
  return std::nullopt;
}

Scheme scheme_of(const Graph& graph, const Plan& plan, ValueId table, int bits) {
  Scheme scheme = unsigned_codes(std::max(bits, kLeastBits));
  scheme.granularity = Granularity::Block;
  scheme.axis = 1;
  scheme.rounding = Rounding::ReciprocalHalfAway;
  if (const auto tied = tied_product(graph, plan, table);
      tied && tied->params->scheme.code == scheme.code && tied->params->scheme.bits == scheme.bits) {
    scheme.block_size = tied->params->scheme.block_size;
    scheme.symmetric = tied->params->scheme.symmetric;
    return scheme;
  }
  const auto row = static_cast<std::uint64_t>(graph.value(table).initializer.shape()[1]);
  scheme.block_size = std::min(static_cast<std::int64_t>(std::bit_floor(row)), kLargestBlock);
  scheme.symmetric = true;
  return scheme;
}

// A matrix's parameters for its transpose.
QParams turned(const QParams& params, const Shape& table) {
  QParams out = params;
  out.scheme.axis = 1;
  const auto rows = static_cast<std::size_t>(table[0]), columns = static_cast<std::size_t>(table[1]);
  const auto exchanged = [&](const std::vector<float>& numbers) {
    return transposed(std::span(numbers), numbers.size() / rows, rows);
  };
  out.scales = exchanged(params.scales);
  if (!params.zero_points.empty()) out.zero_points = exchanged(params.zero_points);
  if (params.codes) {
    const std::vector<float> codes = transposed(std::span<const float>(to_floats(params.codes)), columns, rows);
    out.codes = cast(Tensor::of<float>(table, std::span<const float>(codes)), params.scheme.code);
  }
  return out;
}

}  // namespace

void code_embeddings(const Task& task, const KeepFloat& keep, int bits, Plan& plan) {
  for (const Node& node : task.graph.nodes) {
    if (!keep.reason(node).empty() || !task.target.support(node).embedding || !is_table(task.graph, node)) continue;
    const Value& table = task.graph.value(node.input(0));
    require_finite(table);
    const QParams params = block_params(table.initializer, scheme_of(task.graph, plan, node.input(0), bits));
    plan.nodes[node.name].operands[0] = params;
  }
}

void tie_embeddings(const Graph& graph, Plan& plan) {
  for (const Node& node : graph.nodes) {
    const auto decision = plan.nodes.find(node.name);
    if (!node.is("Gather") || decision == plan.nodes.end() || !decision->second.operands.contains(0)) continue;
    QParams& own = decision->second.operands.at(0);
    const Shape& table = graph.value(node.input(0)).initializer.shape();
    const auto tied = table.size() == 2 ? tied_product(graph, plan, node.input(0)) : std::nullopt;
    if (!tied) continue;
    QParams theirs = tied->turned ? turned(*tied->params, table) : *tied->params;
    Scheme shared = own.scheme;
    shared.symmetric = theirs.scheme.symmetric;  // which a refiner may have changed
    if (theirs.scheme == shared) own = std::move(theirs);
  }
}

}  // namespace bw
