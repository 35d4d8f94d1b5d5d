#include "graph/evaluate.h"

#include <algorithm>
#include <tuple>

#include "graph/evaluate/catalog.h"
#include "graph/evaluate/elements.h"

namespace bw {

namespace {

constexpr int kDeepest = 32;

std::string place(const Node& node) {
  return "node '" + node.name + "' (" + node.op_type + ")";
}

std::vector<ReferenceKernel> all_families() {
  std::vector<ReferenceKernel> all;
  for (const std::span<const ReferenceKernel> family :
       {unary_kernels(), binary_kernels(), cast_kernels(), shape_kernels(), move_kernels(), gather_kernels(),
        reduce_kernels(), search_kernels(), product_kernels(), conv_kernels(), pool_kernels(), resize_kernels(),
        normalization_kernels(), recurrent_kernels(), quantize_kernels(), control_kernels()})
    all.insert(all.end(), family.begin(), family.end());
  std::sort(all.begin(), all.end(), [](const ReferenceKernel& a, const ReferenceKernel& b) {
    return std::tie(a.domain, a.op) < std::tie(b.domain, b.op);
  });
  return all;
}

const ReferenceKernel* find_kernel(const Node& node) {
  static const std::vector<ReferenceKernel> all = all_families();
  const std::string_view domain = node.domain, op = node.op_type;
  const auto wanted = std::tie(domain, op);
  const auto found = std::lower_bound(
      all.begin(), all.end(), wanted,
      [](const ReferenceKernel& entry, const auto& name) { return std::tie(entry.domain, entry.op) < name; });
  return found != all.end() && std::tie(found->domain, found->op) == wanted ? &*found : nullptr;
}

// Elements that a shape would have, were its empty axes of one.
std::uint64_t extent_product(Shape shape) {
  for (std::int64_t& extent : shape) extent = std::max<std::int64_t>(extent, 1);
  return element_count(shape);
}

// Extents of what has no elements stand for nothing that is there: no loop may go over them unproven.
void require_honest_extents(const Call& call) {
  for (const Tensor& input : call.inputs)
    if (input.defined() && input.size() == 0) call.result_size(input.shape());
}

}  // namespace

const Tensor& Call::input(std::size_t i) const {
  if (!has(i)) fail("input " + std::to_string(i) + " is missing");
  return inputs[i];
}

std::vector<std::int64_t> Call::integers(std::size_t i) const {
  if (!info(input(i).dtype()).is_integer) fail("input " + std::to_string(i) + " must be integers");
  return to_int64s(input(i));
}

std::int64_t Call::integer(std::size_t i) const {
  const std::vector<std::int64_t> values = integers(i);
  if (values.size() != 1) fail("input " + std::to_string(i) + " must be one number");
  return values[0];
}

double Call::number(std::size_t i) const {
  const std::vector<double> values = to_doubles(input(i));
  if (values.size() != 1) fail("input " + std::to_string(i) + " must be one number");
  return values[0];
}

void Call::fail(const std::string& what, InputClass input_class) const {
  throw Error(input_class, what, place(node));
}

std::size_t Call::axis(std::int64_t axis, std::size_t rank) const {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank)
    fail("axis " + std::to_string(axis) + " is outside a tensor of rank " + std::to_string(rank));
  return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
}

std::size_t Call::result_size(const Shape& shape) const {
  for (std::int64_t extent : shape)
    if (extent < 0) fail("the result would have shape " + to_string(shape));
  if (extent_product(shape) > most_elements) fail("shape " + to_string(shape) + " is too big", InputClass::Limit);
  return static_cast<std::size_t>(element_count(shape));
}

namespace {

std::optional<Outputs> run(const Graph& graph, const Node& node, const std::vector<Tensor>& inputs,
                           const NamedTensors* outer, int depth, std::uint64_t most_elements) {
  const ReferenceKernel* entry = find_kernel(node);
  if (!entry) return std::nullopt;
  try {
    const Call call{graph, node, inputs, graph.opset(node.domain), outer, depth, most_elements};
    require_honest_extents(call);
    return entry->run(call);
  } catch (const Error& error) {
    if (error.where().find(place(node)) != std::string::npos) throw;
    throw error.within(place(node));
  }
}

// `known` holds the graph's inputs and what is around it; it is filled with everything computed.
Outputs run_graph(const Graph& graph, const Graph& model, NamedTensors known, int depth) {
  if (depth > kDeepest) throw Error(InputClass::Limit, "subgraphs are nested too deeply");
  for (const Value& value : graph.values)
    if (value.initializer.defined()) known.emplace(value.name, value.initializer);
  const auto get = [&](ValueId id) -> Tensor {
    if (id == kNoValue) return {};
    const auto found = known.find(graph.value(id).name);
    if (found == known.end()) throw Error(InputClass::Semantic, "value is not known", "'" + graph.value(id).name + "'");
    return found->second;
  };
  for (const Node& node : graph.nodes) {
    std::vector<Tensor> inputs;
    for (ValueId id : node.inputs) inputs.push_back(get(id));
    std::optional<Outputs> outputs = run(model, node, inputs, &known, depth, kMostEvaluatedElements);
    if (!outputs) throw Error(InputClass::Unsupported, "operator has no interpretation here", place(node));
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] == kNoValue) continue;
      if (i >= outputs->size() || !(*outputs)[i].defined())
        throw Error(InputClass::Unsupported, "output " + std::to_string(i) + " is not computed here", place(node));
      known.insert_or_assign(graph.value(node.outputs[i]).name, (*outputs)[i]);
    }
  }
  Outputs results;
  for (ValueId id : graph.outputs) results.push_back(get(id));
  return results;
}

}  // namespace

std::optional<std::vector<Tensor>> evaluate_node(const Graph& graph, const Node& node,
                                                 const std::vector<Tensor>& inputs, std::uint64_t most_elements) {
  return run(graph, node, inputs, nullptr, 0, most_elements);
}

std::vector<Tensor> evaluate(const Graph& graph, const std::map<std::string, Tensor>& inputs) {
  return run_graph(graph, graph, NamedTensors(inputs.begin(), inputs.end()), 0);
}

Outputs evaluate_subgraph(const Call& call, const Graph& subgraph, const std::vector<Tensor>& inputs) {
  if (inputs.size() != subgraph.inputs.size()) call.fail("the subgraph takes another number of inputs");
  NamedTensors known = call.outer ? *call.outer : NamedTensors{};
  for (std::size_t i = 0; i < inputs.size(); ++i)
    known.insert_or_assign(subgraph.value(subgraph.inputs[i]).name, inputs[i]);
  return run_graph(subgraph, call.graph, std::move(known), call.depth + 1);
}

}  // namespace bw
