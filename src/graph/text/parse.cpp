#include <algorithm>
#include <unordered_map>

#include "graph/text.h"
#include "graph/text/literals.h"
#include "tensor/convert.h"

namespace bw {

namespace {

constexpr int kDeepestGraph = 64;

class Parser {
 public:
  Parser(std::string_view text, std::string_view where) : lexer_(text, where) {}

  Graph model() {
    Graph header;
    while (!lexer_.peek().is("graph")) header_line(header);
    Graph graph = body(0);
    graph.ir_version = header.ir_version;
    graph.opsets = std::move(header.opsets);
    graph.producer_name = std::move(header.producer_name);
    graph.producer_version = std::move(header.producer_version);
    while (lexer_.accept("function")) graph.functions.push_back(function());
    if (lexer_.peek().kind != Token::Kind::End) lexer_.fail("the text must end here");
    return graph;
  }

 private:
  using Kind = Token::Kind;

  // Values of the graph that is being read, by name.
  struct Scope {
    Graph graph;
    std::unordered_map<std::string, ValueId> ids;
  };

  std::string string() { return lexer_.expect(Kind::String, "a string"); }

  void header_line(Graph& graph) {
    if (lexer_.accept("ir_version")) {
      graph.ir_version = lexer_.expect_integer();
    } else if (lexer_.accept("opset")) {
      const std::string domain = string();
      graph.opsets[domain] = lexer_.expect_integer();
    } else if (lexer_.accept("producer")) {
      graph.producer_name = string();
      graph.producer_version = string();
    } else {
      lexer_.fail("ir_version, opset, producer or graph must stand here");
    }
  }

  // A value by name: made at its first mention. "_" is none.
  ValueId value(Scope& scope) {
    if (lexer_.accept("_")) return kNoValue;
    const std::string name = lexer_.expect(Kind::Value, "a value");
    const auto [entry, is_new] = scope.ids.emplace(name, static_cast<ValueId>(scope.graph.values.size()));
    if (is_new) {
      scope.graph.values.emplace_back();
      scope.graph.values.back().name = name;
    }
    return entry->second;
  }

  ValueId typed(Scope& scope) {
    const ValueId id = value(scope);
    if (lexer_.accept(':')) {
      const ValueType type = read_type(lexer_);
      if (id == kNoValue) lexer_.fail("what is left out has no type");
      scope.graph.value(id).type = type;
    }
    return id;
  }

  ValueId declared(Scope& scope) {
    const ValueId id = typed(scope);
    if (id == kNoValue) lexer_.fail("a value must stand here");
    if (!lexer_.accept('=')) return id;
    if (lexer_.peek().is("sparse"))
      scope.graph.value(id).sparse_initializer = std::make_shared<const SparseTensor>(sparse());
    else
      scope.graph.value(id).initializer = read_tensor(lexer_);
    return id;
  }

  SparseTensor sparse() {
    SparseTensor tensor;
    if (!lexer_.accept("sparse")) lexer_.fail("'sparse' must stand here");
    lexer_.expect('(');
    tensor.values = read_tensor(lexer_);
    lexer_.expect(',');
    tensor.indices = read_tensor(lexer_);
    lexer_.expect(',');
    tensor.shape = to_int64s(read_tensor(lexer_));
    lexer_.expect(')');
    return tensor;
  }

  Graph body(int depth) {
    if (depth > kDeepestGraph) lexer_.fail("graphs are nested too deeply");
    if (!lexer_.accept("graph")) lexer_.fail("'graph' must stand here");
    Scope scope;
    scope.graph.name = string();
    lexer_.expect('{');
    while (!lexer_.accept('}')) statement(scope, depth);
    return std::move(scope.graph);
  }

  void statement(Scope& scope, int depth) {
    if (lexer_.accept("input"))
      scope.graph.inputs.push_back(declared(scope));
    else if (lexer_.accept("capture"))
      scope.graph.captured.push_back(declared(scope));
    else if (lexer_.accept("const"))
      declared(scope);
    else if (lexer_.accept("output"))
      scope.graph.outputs.push_back(declared(scope));
    else
      scope.graph.nodes.push_back(node(scope, depth));
  }

  std::string word() {
    if (lexer_.peek().kind != Kind::String && lexer_.peek().kind != Kind::Word) lexer_.fail("a name must stand here");
    return lexer_.take().text;
  }

  Node node(Scope& scope, int depth) {
    Node node;
    while (!lexer_.peek().is('=')) {
      node.outputs.push_back(typed(scope));
      if (!lexer_.accept(',')) break;
    }
    lexer_.expect('=');
    operator_name(node);
    lexer_.expect('(');
    while (!lexer_.peek().is(')')) {
      node.inputs.push_back(value(scope));
      if (!lexer_.accept(',')) break;
    }
    lexer_.expect(')');
    if (lexer_.peek().is('{')) node.attributes = attributes(depth);
    node.name = lexer_.accept('@') ? string() : default_name(scope.graph, node);
    return node;
  }

  // OP or "DOMAIN":OP or "DOMAIN":OP:"OVERLOAD"
  void operator_name(Node& node) {
    if (lexer_.peek().kind == Kind::String) {
      node.domain = string();
      lexer_.expect(':');
    }
    node.op_type = word();
    if (lexer_.accept(':')) node.overload = string();
  }

  std::vector<Attribute> attributes(int depth) {
    std::vector<Attribute> list;
    lexer_.expect('{');
    while (!lexer_.peek().is('}')) {
      Attribute attribute;
      attribute.name = word();
      lexer_.expect('=');
      attribute.data = data(depth);
      list.push_back(std::move(attribute));
      if (!lexer_.accept(',')) break;
    }
    lexer_.expect('}');
    return list;
  }

  Subgraph subgraph(int depth) { return std::make_shared<const Graph>(body(depth + 1)); }

  Attribute::Data data(int depth) {
    const Token& token = lexer_.peek();
    if (token.kind == Kind::String) return string();
    if (token.kind == Kind::Number) {
      const bool is_float = token.text.ends_with('f') || token.text.starts_with("0x");
      return is_float ? Attribute::Data(read_float(lexer_)) : Attribute::Data(lexer_.expect_integer());
    }
    if (token.is("graph")) return subgraph(depth);
    if (token.is("sparse")) return sparse();
    const std::string kind = lexer_.expect(Kind::Word, "the value of an attribute");
    if (kind == "tensor") return read_tensor(lexer_);
    if (kind == "type") return read_type(lexer_);
    if (kind == "ref") {
      Attribute::Reference reference{string(), 0};
      reference.onnx_type = static_cast<std::int32_t>(lexer_.expect_integer());
      return reference;
    }
    if (kind == "ints") return list([this] { return lexer_.expect_integer(); });
    if (kind == "floats") return list([this] { return read_float(lexer_); });
    if (kind == "strings") return list([this] { return string(); });
    if (kind == "tensors") return list([this] { return marked("tensor"), read_tensor(lexer_); });
    if (kind == "types") return list([this] { return marked("type"), read_type(lexer_); });
    if (kind == "sparses") return list([this] { return sparse(); });
    if (kind == "graphs") return list([this, depth] { return subgraph(depth); });
    lexer_.fail("'" + kind + "' is not a kind of attribute");
  }

  void marked(std::string_view word) {
    if (!lexer_.accept(word)) lexer_.fail("'" + std::string(word) + "' must stand here");
  }

  template <class Read>
  Attribute::Data list(const Read& read) {
    std::vector<decltype(read())> items;
    lexer_.expect('[');
    while (!lexer_.peek().is(']')) {
      items.push_back(read());
      if (!lexer_.accept(',')) break;
    }
    lexer_.expect(']');
    return items;
  }

  Function function() {
    Function function;
    function.domain = string();
    function.name = string();
    function.overload = string();
    lexer_.expect('(');
    while (!lexer_.peek().is(')')) {
      function.attributes.push_back(string());
      if (!lexer_.accept(',')) break;
    }
    lexer_.expect(')');
    function.attribute_defaults = attributes(0);
    Graph header;
    while (!lexer_.peek().is("graph")) header_line(header);
    function.body = body(0);
    function.body.opsets = std::move(header.opsets);
    return function;
  }

  Lexer lexer_;
};

}  // namespace

Graph parse_graph(std::string_view text, std::string_view where) {
  return Parser(text, where).model();
}

}  // namespace bw
