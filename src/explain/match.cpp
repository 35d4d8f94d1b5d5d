#include "explain/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>

#include "base/error.h"
#include "explain/spelled.h"
#include "graph/ops/op.h"
#include "tensor/convert.h"

namespace bw {

Origin origin_of(const Graph& graph, const Links& links, ValueId value) {
  Origin origin{value, {}};
  for (;;) {
    const NodeId decoder = links.producer[static_cast<std::size_t>(origin.root)];
    if (decoder == kNoNode || !is_dequantize(graph.node(decoder))) break;
    const ValueId codes = graph.node(decoder).input(0);
    const NodeId coder = codes == kNoValue ? kNoNode : links.producer[static_cast<std::size_t>(codes)];
    if (coder == kNoNode || !is_quantize(graph.node(coder))) break;
    origin.roundings.insert(origin.roundings.begin(), {coder, decoder});
    origin.root = graph.node(coder).input(0);
  }
  return origin;
}

ValueId weight_of(const Graph& graph, const Node& node) {
  const OpInfo* op = find_op(node);
  const int position = op == nullptr ? -1 : op->weight_input;
  const ValueId weight = position < 0 ? kNoValue : node.input(static_cast<std::size_t>(position));
  return weight != kNoValue && graph.is_constant(weight) && graph.value(weight).initializer.defined() ? weight
                                                                                                      : kNoValue;
}

namespace {

// Operators of quantized networks that no plain form stands for, and what they are in a float one.
struct Alias {
  std::string_view quantized, plain;
};
constexpr Alias kAliases[] = {{"DynamicQuantizeLSTM", "LSTM"},
                              {"DynamicQuantizeMatMul", "MatMul"},
                              {"MatMulIntegerToFloat", "MatMul"},
                              {"QAttention", "Attention"},
                              {"QEmbedLayerNormalization", "EmbedLayerNormalization"}};

std::string_view plain_op(const Node& node) {
  for (const auto& [quantized, plain] : kAliases)
    if (node.op_type == quantized) return plain;
  return node.op_type;
}

bool is_activation(const Node& node) {
  return node.is("Relu") || node.is("Clip");
}

// The float and the quantized network's side of what is done to match them.
class Matcher {
 public:
  Matcher(const Graph& original, const Graph& quantized)
      : original_(original),
        quantized_(quantized),
        original_links_(link(original)),
        quantized_links_(link(quantized)),
        taken_(original.nodes.size(), false) {}

  Match run() {
    match_inputs();
    collect_names();
    for (std::size_t n = 0; n < quantized_.nodes.size(); ++n) {
      const Node& node = quantized_.nodes[n];
      if (!is_quantize(node) && !is_dequantize(node)) take(static_cast<NodeId>(n));
    }
    require_outputs();
    return std::move(match_);
  }

 private:
  [[noreturn]] static void refuse(const std::string& what) {
    throw Error(InputClass::Semantic, what, {},
                "Give the float model that this one was made from, exported in the same way");
  }

  static bool fits(const ValueType& a, const ValueType& b) {
    return a.dtype == b.dtype && (!a.shape || !b.shape || a.shape->size() == b.shape->size());
  }

  void match_inputs() {
    if (original_.inputs.size() != quantized_.inputs.size())
      refuse(fmt::format("it has {} inputs, the float model {}", quantized_.inputs.size(), original_.inputs.size()));
    for (std::size_t i = 0; i < quantized_.inputs.size(); ++i) {
      const Value& input = quantized_.value(quantized_.inputs[i]);
      const auto named =
          std::ranges::find_if(original_.inputs, [&](ValueId id) { return original_.value(id).name == input.name; });
      const ValueId other = named == original_.inputs.end() ? original_.inputs[i] : *named;
      if (!fits(input.type, original_.value(other).type))
        refuse(fmt::format("its input '{}' is {}, the float model's '{}' {}", input.name, to_string(input.type),
                           original_.value(other).name, to_string(original_.value(other).type)));
      match_.image[quantized_.inputs[i]] = other;
    }
  }

  void require_outputs() const {
    if (original_.outputs.size() != quantized_.outputs.size())
      refuse(fmt::format("it has {} outputs, the float model {}", quantized_.outputs.size(), original_.outputs.size()));
  }

  // Every name under which a value of the quantized network goes on: its own, of its codes, decoded.
  void collect_names() {
    for (std::size_t v = 0; v < quantized_.values.size(); ++v) {
      const auto id = static_cast<ValueId>(v);
      if (quantized_.is_constant(id)) continue;
      const Origin origin = origin_of(quantized_, quantized_links_, id);
      names_[origin.root].insert(quantized_.values[v].name);
      for (const RoundTrip& rounding : origin.roundings)
        for (const NodeId node : {rounding.quantize, rounding.dequantize})
          names_[origin.root].insert(quantized_.value(quantized_.node(node).output(0)).name);
    }
  }

  // In the float network, of what a quantized node reads; constants are left out. nullopt: one has no counterpart.
  std::optional<std::vector<ValueId>> read_by(const Node& node) const {
    std::vector<ValueId> values;
    for (const ValueId input : node.inputs) {
      if (input == kNoValue || quantized_.is_constant(input)) continue;
      const ValueId root = origin_of(quantized_, quantized_links_, input).root;
      const auto image = match_.image.find(root);
      if (image == match_.image.end()) return std::nullopt;
      values.push_back(image->second);
    }
    return values;
  }

  bool reads(const Node& node, std::vector<ValueId> wanted) const {
    for (const ValueId input : node.inputs) {
      if (input == kNoValue || original_.is_constant(input)) continue;
      const auto found = std::ranges::find(wanted, input);
      if (found == wanted.end()) return false;
      wanted.erase(found);
    }
    return wanted.empty();
  }

  bool is_candidate(NodeId id, const Node& node) const {
    const Node& candidate = original_.node(id);
    return !taken_[static_cast<std::size_t>(id)] && candidate.op_type == plain_op(node) &&
           candidate.outputs.size() <= std::max<std::size_t>(node.outputs.size(), 1) && weights_fit(candidate, node);
  }

  bool weights_fit(const Node& candidate, const Node& node) const {
    const ValueId a = weight_of(original_, candidate), b = weight_of(quantized_, node);
    if (a == kNoValue || b == kNoValue) return true;
    return original_.value(a).initializer.shape() == quantized_.value(b).initializer.shape();
  }

  bool same_name(const Node& candidate, const Node& node) const {
    if (!node.name.empty() && candidate.name == node.name) return true;
    const auto names = names_.find(node.output(0));
    return names != names_.end() && candidate.output(0) != kNoValue &&
           names->second.contains(original_.value(candidate.output(0)).name);
  }

  // Squared distance of the weights over the float one's power; 0 where there are none.
  double distance(const Node& candidate, const Node& node) const {
    const ValueId a = weight_of(original_, candidate), b = weight_of(quantized_, node);
    if (a == kNoValue || b == kNoValue) return 0;
    const std::vector<float> x = to_floats(original_.value(a).initializer),
                             y = to_floats(quantized_.value(b).initializer);
    double noise = 0, signal = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      noise += std::pow(static_cast<double>(y[i]) - static_cast<double>(x[i]), 2);
      signal += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    }
    return signal > 0 ? noise / signal : 0;
  }

  std::vector<NodeId> readers_of(const std::vector<ValueId>& values, const Node& node) const {
    std::set<NodeId> readers;
    for (const Links::Use& use : original_links_.uses[static_cast<std::size_t>(values.front())])
      if (is_candidate(use.node, node) && reads(original_.node(use.node), values)) readers.insert(use.node);
    return {readers.begin(), readers.end()};
  }

  std::vector<NodeId> of_its_name(const Node& node) const {
    std::vector<NodeId> found;
    for (std::size_t n = 0; n < original_.nodes.size(); ++n)
      if (is_candidate(static_cast<NodeId>(n), node) && same_name(original_.nodes[n], node))
        found.push_back(static_cast<NodeId>(n));
    return found;
  }

  NodeId counterpart(const Node& node) const {
    const auto values = read_by(node);
    std::vector<NodeId> candidates;
    if (values && !values->empty()) candidates = readers_of(*values, node);
    if (candidates.empty()) candidates = of_its_name(node);
    if (candidates.size() > 1)
      if (const auto named =
              std::ranges::find_if(candidates, [&](NodeId id) { return same_name(original_.node(id), node); });
          named != candidates.end())
        return *named;
    if (candidates.size() > 1)
      return *std::ranges::min_element(candidates, {}, [&](NodeId id) { return distance(original_.node(id), node); });
    return candidates.empty() ? kNoNode : candidates.front();
  }

  void take(NodeId id) {
    const Node& node = quantized_.node(id);
    const NodeId other = counterpart(node);
    if (other == kNoNode) {
      match_.unmatched.push_back(id);
      return;
    }
    taken_[static_cast<std::size_t>(other)] = true;
    match_.nodes.push_back({id, other});
    const Node& original = original_.node(other);
    for (std::size_t i = 0; i < std::min(node.outputs.size(), original.outputs.size()); ++i)
      if (node.outputs[i] != kNoValue && original.outputs[i] != kNoValue)
        match_.image[node.outputs[i]] = original.outputs[i];
    if (const NodeId absorbed = absorbed_behind(node, original); absorbed != kNoNode) {
      taken_[static_cast<std::size_t>(absorbed)] = true;
      match_.image[node.output(0)] = original_.node(absorbed).output(0);
    }
  }

  // The activation function behind a node of the float network, where the quantized one rounds at once.
  NodeId absorbed_behind(const Node& node, const Node& original) const {
    if (original.outputs.size() != 1 || original_.is_output(original.output(0))) return kNoNode;
    const auto& uses = original_links_.uses[static_cast<std::size_t>(original.output(0))];
    if (uses.size() != 1 || !is_activation(original_.node(uses.front().node))) return kNoNode;
    const auto& others = quantized_links_.uses[static_cast<std::size_t>(node.output(0))];
    const bool rounds = !others.empty() && std::ranges::all_of(others, [&](const Links::Use& use) {
      return is_quantize(quantized_.node(use.node)) && !is_followed_by_activation(use.node);
    });
    return rounds ? uses.front().node : kNoNode;
  }

  bool is_followed_by_activation(NodeId quantize) const {
    for (const Links::Use& decode :
         quantized_links_.uses[static_cast<std::size_t>(quantized_.node(quantize).output(0))])
      for (const ValueId output : quantized_.node(decode.node).outputs)
        for (const Links::Use& use : quantized_links_.uses[static_cast<std::size_t>(output)])
          if (is_activation(quantized_.node(use.node))) return true;
    return false;
  }

  const Graph &original_, &quantized_;
  const Links original_links_, quantized_links_;
  std::vector<bool> taken_;
  std::map<ValueId, std::set<std::string>> names_;  // of the quantized network's values, by root
  Match match_;
};

}  // namespace

Match match(const Graph& original, const Graph& quantized) {
  return Matcher(original, quantized).run();
}

}  // namespace bw
