#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "graph/verify_parts.h"
#include "tensor/convert.h"

namespace bw {
namespace {

bool is_true(const Tensor& tensor) {
  return tensor.defined() && tensor.dtype() == DType::Bool && tensor.size() == 1 && tensor.bytes()[0] != std::byte{0};
}

std::vector<NodeId> producers(const Graph& graph) {
  std::vector<NodeId> producer(graph.values.size(), kNoNode);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    for (const ValueId id : graph.nodes[n].outputs)
      if (id >= 0 && static_cast<std::size_t>(id) < producer.size())
        producer[static_cast<std::size_t>(id)] = static_cast<NodeId>(n);
  return producer;
}

// What a value is a copy of, seen through Identity and Cast.
ValueId source_of(const Site& body, ValueId id) {
  for (const Node* from = body.producer(id); from && (from->is("Identity") || from->is("Cast"));
       from = body.producer(id))
    id = from->input(0);
  return id;
}

// A body's condition that the body itself never makes false.
bool goes_on(const Site& body, const Graph& graph) {
  const ValueId condition = source_of(body, graph.outputs[0]);
  return condition == graph.inputs[1] || is_true(body.constant_of(condition));
}

// How many times larger one round makes a state: Concat of the state with itself.
std::int64_t growth(const Site& body, ValueId state_in, ValueId state_out) {
  const Node* from = body.producer(source_of(body, state_out));
  if (!from || !from->is("Concat")) return 1;
  return std::count_if(from->inputs.begin(), from->inputs.end(),
                       [&](ValueId id) { return source_of(body, id) == state_in; });
}

}  // namespace

void verify_loop(const Site& site) {
  const Node& node = site.node();
  const Attribute* attribute = node.find("body");
  const auto* subgraph = attribute ? std::get_if<Subgraph>(&attribute->data) : nullptr;
  if (!subgraph || !*subgraph) site.refuse("attribute 'body' is missing");
  const Graph& graph = **subgraph;
  const std::size_t states = node.inputs.size() > 2 ? node.inputs.size() - 2 : 0;
  if (graph.inputs.size() != states + 2 || graph.outputs.size() < states + 1 ||
      graph.outputs.size() < node.outputs.size() + 1)
    site.refuse(fmt::format("{} states and {} outputs do not fit a body of {} inputs and {} outputs", states,
                            node.outputs.size(), graph.inputs.size(), graph.outputs.size()));

  const std::vector<NodeId> producer = producers(graph);
  const Site body(graph, producer, site.limits());
  const auto limited = site.integers(0);
  if (node.input(0) != kNoValue && (!limited || limited->size() != 1)) return;  // known at run time only
  const std::int64_t trips = limited ? (*limited)[0] : std::numeric_limits<std::int64_t>::max();
  const bool begins = node.input(1) == kNoValue || is_true(site.constant(1));
  if (trips <= 0 || !begins || !goes_on(body, graph)) return;
  if (trips > site.limits().loop_trips)
    site.refuse(limited ? fmt::format("goes round {} times, above the limit of {}", trips, site.limits().loop_trips)
                        : "never ends",
                InputClass::Limit);

  for (std::size_t i = 0; i < states; ++i) {
    const std::int64_t factor = growth(body, graph.inputs[i + 2], graph.outputs[i + 1]);
    if (factor > 1 && static_cast<double>(trips) * std::log2(static_cast<double>(factor)) > 62)
      site.refuse(fmt::format("state {} grows {}-fold {} times", i, factor, trips), InputClass::Limit);
    if (factor > 1)
      site.require_bytes({std::int64_t{1} << static_cast<int>(std::log2(factor) * static_cast<double>(trips))},
                         DType::Float32);
  }
  for (std::size_t i = states + 1; i < graph.outputs.size(); ++i) {
    const ValueType& type = graph.value(graph.outputs[i]).type;
    const auto shape = type.static_shape();
    Shape dims = shape.value_or(Shape{});
    dims.push_back(trips);
    site.require_bytes(dims, type.dtype);
  }
}

}  // namespace bw
