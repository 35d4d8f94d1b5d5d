#include "model/quantized.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <tuple>

namespace bw {
namespace {

// By how its name begins or ends; the first that fits. Operators on codes are named so.
struct Form {
  std::string_view form, begins, holds;
};
constexpr Form kForms[] = {
    {"Q/DQ", "QuantizeLinear", ""},
    {"Q/DQ", "DequantizeLinear", ""},
    {"dynamic", "DynamicQuantize", ""},
    {"dynamic", "", "Integer"},
    {"weights in blocks", "", "NBits"},
    {"weights in blocks", "", "Bnb4"},
    {"weights in blocks", "", "BlockQuantized"},
    {"weights in blocks", "", "FpQ4"},
};

// "QLinearConv", "QGemm", "QAttention".
bool is_named_after_codes(std::string_view op) {
  return op.size() > 1 && op[0] == 'Q' && std::isupper(static_cast<unsigned char>(op[1]));
}

std::string_view form_of(std::string_view op) {
  for (const Form& form : kForms)
    if (op.starts_with(form.begins) && op.find(form.holds) != op.npos) return form.form;
  return is_named_after_codes(op) ? "QOperator" : "";
}

}  // namespace

std::vector<QuantizedNodes> quantized_nodes(const Graph& graph) {
  std::map<std::tuple<std::string_view, std::string>, std::vector<std::string>> names;
  for (const Node& node : graph.nodes)
    if (const std::string_view form = form_of(node.op_type); !form.empty())
      names[{form, node.op_type}].push_back(node.name);
  std::vector<QuantizedNodes> all;
  for (const auto& [key, list] : names) all.push_back({std::string(std::get<0>(key)), std::get<1>(key), list});
  return all;
}

std::string to_sentence(const std::vector<QuantizedNodes>& all) {
  std::string text, form;
  for (const QuantizedNodes& nodes : all) {
    text += form == nodes.form ? ", " : fmt::format("{}{}: ", text.empty() ? "" : "; ", nodes.form);
    text += fmt::format("{} {}", nodes.names.size(), nodes.op);
    form = nodes.form;
  }
  return text;
}

}  // namespace bw
