#include "graph/twins.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "graph/evaluate.h"
#include "graph/passes/tie_constants.h"
#include "graph/text.h"
#include "graph/verify.h"
#include "tensor/convert.h"

namespace bw {
namespace {

Tensor ramp(const Shape& shape, DType dtype = DType::Float32) {
  std::vector<float> values(element_count(shape));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 251);
  return cast(Tensor::of<float>(shape, std::span<const float>(values)), dtype);
}

Tensor transposed(const Tensor& tensor) {
  const std::int64_t rows = tensor.shape()[0], columns = tensor.shape()[1];
  const std::vector<double> values = to_doubles(tensor);
  std::vector<float> out;
  for (std::int64_t j = 0; j < columns; ++j)
    for (std::int64_t i = 0; i < rows; ++i)
      out.push_back(static_cast<float>(values[static_cast<std::size_t>(i * columns + j)]));
  return cast(Tensor::of<float>({columns, rows}, std::span<const float>(out)), tensor.dtype());
}

// One node that reads each of the constants, and gives their sums.
Graph holding(const std::vector<Tensor>& constants) {
  Graph graph;
  graph.name = "g";
  graph.ir_version = 8;
  graph.opsets[""] = 17;
  for (std::size_t i = 0; i < constants.size(); ++i) {
    Value& value = graph.values.emplace_back();
    value.name = "c" + std::to_string(i);
    value.initializer = constants[i];
    value.type = ValueType::tensor(constants[i].dtype(), constants[i].shape());
  }
  for (std::size_t i = 0; i < constants.size(); ++i) {
    Value& value = graph.values.emplace_back();
    value.name = "y" + std::to_string(i);
    graph.outputs.push_back(static_cast<ValueId>(graph.values.size() - 1));
    Node& node = graph.nodes.emplace_back();
    node.name = "n" + std::to_string(i);
    node.op_type = "Neg";
    node.inputs = {static_cast<ValueId>(i)};
    node.outputs = {graph.outputs.back()};
  }
  return graph;
}

}  // namespace

TEST_CASE("twins are looked for among constants of so many bytes or more", "[twins]") {
  const Tensor a = ramp({40});
  const Graph graph = holding({a, a});
  CHECK(twins(graph, 160).size() == 1);
  CHECK(twins(graph, 161).empty());
}

TEST_CASE("twins are found as they are, reshaped and transposed", "[twins]") {
  for (const DType dtype : {DType::Float32, DType::Float16, DType::Int8, DType::Float64}) {
    const Tensor a = ramp({40, 33}, dtype), other = ramp({33, 40}, dtype);
    const Graph graph = holding({a, transposed(a), a.reshaped({1320}), other, a});
    const auto found = twins(graph, 1000);
    REQUIRE(found.size() == 4);
    CHECK((found.at(1).of == 0 && found.at(1).transposed));
    CHECK((found.at(2).of == 0 && !found.at(2).transposed));
    CHECK((found.at(3).of == 0 && !found.at(3).transposed));  // the same bytes
    CHECK((found.at(4).of == 0 && !found.at(4).transposed));
    CHECK(twins(graph, 1 << 20).empty());
  }
}

TEST_CASE("what differs in one number, in type or in place is no twin", "[twins]") {
  const Tensor a = ramp({40, 33});
  std::vector<float> values = to_floats(a);
  std::swap(values[5], values[6]);  // the same numbers in another order
  const Tensor swapped = Tensor::of<float>({40, 33}, std::span<const float>(values));
  CHECK(twins(holding({a, swapped}), 1).empty());
  CHECK(twins(holding({a, transposed(swapped)}), 1).empty());
  CHECK(twins(holding({a, cast(a, DType::Int32)}), 1).empty());
  Graph output = holding({a, a});
  output.outputs.push_back(1);
  CHECK(twins(output, 1).empty());
  Graph replaceable = holding({a, a});
  replaceable.inputs.push_back(1);
  CHECK(twins(replaceable, 1).empty());
}

TEST_CASE("tied constants are stored once and mean the same", "[twins][passes]") {
  const Tensor a = ramp({40, 33});
  Graph graph = holding({a, transposed(a), a.reshaped({20, 66}), a, ramp({3, 5}), ramp({3, 5})});
  const std::vector<Tensor> before = evaluate(graph, {});
  const auto none = [](const Graph&, ValueId) { return false; };
  CHECK(tie_constants(graph, none));
  verify(graph);
  std::size_t bytes = 0;
  for (const Value& value : graph.values) bytes += value.initializer.bytes().size();
  CHECK(bytes == a.bytes().size() + 2 * 15 * sizeof(float) + 2 * sizeof(std::int64_t));
  CHECK(evaluate(graph, {}) == before);
  CHECK_FALSE(tie_constants(graph, none));
}

TEST_CASE("a constant that must stay one is what the others are made of", "[twins][passes]") {
  const Tensor a = ramp({40, 33});
  const auto named = [](std::vector<std::string> names) {
    return [names](const Graph& g, ValueId id) { return std::ranges::find(names, g.value(id).name) != names.end(); };
  };
  const auto constants_after = [&](const std::vector<std::string>& staying) {
    Graph graph = holding({a, transposed(a), a.reshaped({20, 66})});
    const std::vector<Tensor> before = evaluate(graph, {});
    tie_constants(graph, named(staying));
    CHECK(evaluate(graph, {}) == before);
    std::string names;
    for (const Value& value : graph.values)
      if (value.initializer.bytes().size() == a.bytes().size()) names += value.name + " ";
    return names;
  };
  CHECK(constants_after({"c1"}) == "c1 c2 ");  // c2 would take two nodes
  CHECK(constants_after({"c2"}) == "c1 c2 ");
  CHECK(constants_after({"c0", "c1"}) == "c0 c1 ");
}

}  // namespace bw
