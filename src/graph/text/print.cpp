#include "graph/text.h"
#include "graph/text/literals.h"

#include <algorithm>

namespace bw {

namespace {

class Printer {
 public:
  std::string text;

  void model(const Graph& graph) {
    header(graph);
    body(graph, "graph " + quote(graph.name));
    text += "\n";
    for (const Function& function : graph.functions) this->function(function);
  }

 private:
  void line(const std::string& content) { text += indent_ + content + "\n"; }

  void opsets(const Graph& graph) {
    for (const auto& [domain, version] : graph.opsets) line("opset " + quote(domain) + " " + std::to_string(version));
  }

  void header(const Graph& graph) {
    line("ir_version " + std::to_string(graph.ir_version));
    opsets(graph);
    line("producer " + quote(graph.producer_name) + " " + quote(graph.producer_version));
  }

  static std::string name(const Graph& graph, ValueId id) {
    if (id == kNoValue) return "_";
    const std::string& own = graph.value(id).name;
    const bool plain = !own.empty() && std::all_of(own.begin(), own.end(), is_name_char);
    return "%" + (plain ? own : quote(own));
  }

  static std::string typed(const Graph& graph, ValueId id) {
    if (id == kNoValue) return "_";
    const ValueType& type = graph.value(id).type;
    return name(graph, id) + (type.kind == ValueType::Kind::Unknown ? "" : ": " + to_string(type));
  }

  std::string sparse(const SparseTensor& tensor) const {
    Tensor shape = Tensor::of<std::int64_t>({static_cast<std::int64_t>(tensor.shape.size())},
                                            std::span<const std::int64_t>(tensor.shape));
    return "sparse(" + tensor_text(tensor.values, indent_ + "    ") + ", " +
           tensor_text(tensor.indices, indent_ + "    ") + ", " + tensor_text(shape, indent_ + "    ") + ")";
  }

  std::string content(const Value& value) const {
    if (value.initializer.defined()) return " = " + tensor_text(value.initializer, indent_ + "    ");
    if (value.sparse_initializer) return " = " + sparse(*value.sparse_initializer);
    return "";
  }

  void body(const Graph& graph, const std::string& head) {
    text += head + " {\n";
    indent_ += "  ";
    for (ValueId id : graph.inputs) line("input " + typed(graph, id) + content(graph.value(id)));
    for (ValueId id : graph.captured) line("capture " + typed(graph, id));
    for (std::size_t v = 0; v < graph.values.size(); ++v) {
      const auto id = static_cast<ValueId>(v);
      if (graph.is_constant(id)) line("const " + typed(graph, id) + content(graph.value(id)));
    }
    for (const Node& node : graph.nodes) this->node(graph, node);
    for (ValueId id : graph.outputs) line("output " + typed(graph, id));
    indent_.resize(indent_.size() - 2);
    text += indent_ + "}";
  }

  void node(const Graph& graph, const Node& node) {
    text += indent_;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) text += (i ? ", " : "") + typed(graph, node.outputs[i]);
    text += node.outputs.empty() ? "= " : " = ";
    const std::string op = quoted_unless_plain(node.op_type);
    if (!node.domain.empty() || !node.overload.empty() || op != node.op_type) text += quote(node.domain) + ":";
    text += op;
    if (!node.overload.empty()) text += ":" + quote(node.overload);
    text += "(";
    for (std::size_t i = 0; i < node.inputs.size(); ++i) text += (i ? ", " : "") + name(graph, node.inputs[i]);
    text += ")";
    if (!node.attributes.empty()) attributes(node.attributes);
    if (!node.name.empty() && node.name != default_name(graph, node)) text += " @ " + quote(node.name);
    text += "\n";
  }

  static std::string quoted_unless_plain(const std::string& word) {
    const bool plain = !word.empty() && std::isalpha(static_cast<unsigned char>(word[0])) &&
                       std::all_of(word.begin(), word.end(), is_name_char);
    return plain ? word : quote(word);
  }

  void attributes(const std::vector<Attribute>& list) {
    text += " {";
    for (std::size_t i = 0; i < list.size(); ++i) {
      text += (i ? ", " : "") + quoted_unless_plain(list[i].name) + " = ";
      std::visit([this](const auto& data) { put(data); }, list[i].data);
    }
    text += "}";
  }

  void put(std::int64_t data) { text += std::to_string(data); }
  void put(float data) { text += float_text(data); }
  void put(const std::string& data) { text += quote(data); }
  void put(const Tensor& data) { text += "tensor " + tensor_text(data, indent_ + "    "); }
  void put(const ValueType& data) { text += "type " + to_string(data); }
  void put(const SparseTensor& data) { text += sparse(data); }
  void put(const Subgraph& data) { body(*data, "graph " + quote(data->name)); }
  void put(const Attribute::Reference& data) {
    text += "ref " + quote(data.name) + " " + std::to_string(data.onnx_type);
  }
  void put(const std::vector<std::int64_t>& data) { list("ints", data); }
  void put(const std::vector<float>& data) { list("floats", data); }
  void put(const std::vector<std::string>& data) { list("strings", data); }
  void put(const std::vector<Tensor>& data) { list("tensors", data); }
  void put(const std::vector<Subgraph>& data) { list("graphs", data); }
  void put(const std::vector<ValueType>& data) { list("types", data); }
  void put(const std::vector<SparseTensor>& data) { list("sparses", data); }

  template <class T>
  void list(const char* kind, const std::vector<T>& data) {
    text += std::string(kind) + " [";
    for (std::size_t i = 0; i < data.size(); ++i) {
      if (i) text += ", ";
      put(data[i]);
    }
    text += "]";
  }

  void function(const Function& function) {
    text += "\nfunction " + quote(function.domain) + " " + quote(function.name) + " " + quote(function.overload) + " (";
    for (std::size_t i = 0; i < function.attributes.size(); ++i)
      text += (i ? ", " : "") + quote(function.attributes[i]);
    text += ")";
    attributes(function.attribute_defaults);
    text += "\n";
    opsets(function.body);
    body(function.body, "graph " + quote(function.body.name));
    text += "\n";
  }

  std::string indent_;
};

}  // namespace

std::string print(const Graph& graph) {
  Printer printer;
  printer.model(graph);
  return std::move(printer.text);
}

}  // namespace bw
