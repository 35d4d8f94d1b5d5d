#include <algorithm>

#include "bench/model.h"
#include "graph/ops/op.h"

namespace bw {
namespace {

struct Traits {
  std::size_t convolutions = 0, products = 0, attention = 0, recurrent = 0, dynamic = 0;
};

bool is_constant_product(const Graph& graph, const Node& node) {
  return node.input(1) != kNoValue && graph.is_constant(node.input(1));
}

Traits traits_of(const Graph& graph, const Target& target) {
  Traits traits;
  for (const Node& node : graph.nodes) {
    const bool product = node.is("MatMul") || node.is("Gemm");
    traits.convolutions += node.is("Conv") || node.is("ConvTranspose");
    traits.products += product && is_constant_product(graph, node);
    traits.attention += (product && !is_constant_product(graph, node)) || node.op_type == "Attention";
    traits.recurrent += node.is("LSTM") || node.is("GRU") || node.is("RNN");
    traits.dynamic += target.support(node).dynamic && (!product || is_constant_product(graph, node));
  }
  return traits;
}

std::string type_of(const Traits& traits) {
  const bool transformer = traits.attention != 0, cnn = traits.convolutions > 1, rnn = traits.recurrent != 0;
  if (transformer + cnn + rnn > 1) return "mixed";
  if (transformer) return "transformer";
  if (cnn) return "cnn";
  if (rnn) return "rnn";
  return traits.products != 0 ? "mlp" : "mixed";
}

// Best first, by what the kernels of today's CPUs gain from: convolutions want static scales, long products dynamic
// ones.
std::vector<std::string> recommended(const std::string& type) {
  static const std::map<std::string, std::vector<std::string>> kByType{
      {"cnn", {"int8-static", "fp16"}},
      {"transformer", {"int8-dynamic", "int8-static", "weight-only(bits=8,block=32)"}},
      {"rnn", {"int8-dynamic", "weight-only(bits=8,block=32)"}},
      {"mlp", {"int8-static", "int8-dynamic", "weight-only(bits=4,block=32)"}},
      {"mixed", {"int8-static", "int8-dynamic"}}};
  return kByType.at(type);
}

}  // namespace

Architecture architecture(const Graph& prepared, const Target& target) {
  Architecture info;
  for (std::size_t i = 0; i < prepared.values.size(); ++i)
    if (prepared.is_constant(static_cast<ValueId>(i)) && ::bw::info(prepared.values[i].initializer.dtype()).is_float)
      info.parameters += prepared.values[i].initializer.size();
  for (const Node& node : prepared.nodes) info.multiply_accumulates += cost(prepared, node).multiply_accumulates;
  const Traits traits = traits_of(prepared, target);
  info.type = type_of(traits);
  info.compatibility = {{"ptq_8bit", traits.convolutions + traits.products != 0},
                        {"dynamic", traits.dynamic != 0},
                        {"ptq_4bit", traits.products != 0},
                        {"half", true}};
  info.recommended_methods = recommended(info.type);
  return info;
}

}  // namespace bw
