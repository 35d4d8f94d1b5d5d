#include "model/architecture.h"

#include "graph/ops/op.h"

namespace bw {
namespace {

struct Traits {
  std::size_t convolutions = 0, products = 0, attention = 0, recurrent = 0;
};

bool is_constant_product(const Graph& graph, const Node& node) {
  return node.input(1) != kNoValue && graph.is_constant(node.input(1));
}

Traits traits_of(const Graph& graph) {
  Traits traits;
  for (const Node& node : graph.nodes) {
    const bool product = node.is("MatMul") || node.is("Gemm");
    traits.convolutions += node.is("Conv") || node.is("ConvTranspose");
    traits.products += product && is_constant_product(graph, node);
    traits.attention += (product && !is_constant_product(graph, node)) || node.op_type == "Attention";
    traits.recurrent += node.is("LSTM") || node.is("GRU") || node.is("RNN");
  }
  return traits;
}

std::string type_of(const Traits& traits) {
  const bool transformer = traits.attention != 0, cnn = traits.convolutions > 1, rnn = traits.recurrent != 0;
  if (transformer + cnn + rnn > 1) return "mixed";
  if (transformer) return "transformer";
  if (cnn) return "cnn";
  if (rnn) return "rnn";
  if (traits.products != 0) return "mlp";
  return traits.convolutions != 0 ? "cnn" : "other";
}

}  // namespace

Architecture architecture(const Graph& prepared) {
  Architecture found;
  for (std::size_t i = 0; i < prepared.values.size(); ++i)
    if (prepared.is_constant(static_cast<ValueId>(i)) && prepared.values[i].initializer.defined() &&
        info(prepared.values[i].initializer.dtype()).is_float)
      found.parameters += prepared.values[i].initializer.size();
  for (const Node& node : prepared.nodes) found.multiply_accumulates += cost(prepared, node).multiply_accumulates;
  found.type = type_of(traits_of(prepared));
  return found;
}

}  // namespace bw
