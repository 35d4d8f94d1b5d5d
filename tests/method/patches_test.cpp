// Patches against those that numpy cuts out (tests/oracle/patches.py), and by what they are for: times the weight they
// give what the layer gives.
#include "method/patches.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "method/golden.h"
#include "tensor/kernels/layout.h"

using namespace bw;
using namespace bw::test;
using Catch::Approx;

namespace {

std::string spelled(const Shape& shape) {
  std::string dims;
  for (const std::int64_t dim : shape) dims += fmt::format("{}{}", dims.empty() ? "" : ",", dim);
  return fmt::format("float32[{}]", dims);
}

Graph conv_of(const Shape& x, const Shape& filters, const std::string& attributes) {
  return graph_of(fmt::format("  input %x: {}\n{}  %y = Conv(%x, %w) {} @ \"y\"\n  output %y\n", spelled(x),
                              weight("w", filters, 1), attributes));
}

// Row by row, what lies along the axis.
std::vector<std::vector<float>> rows_along(const Tensor& value, int axis) {
  const Layout at = layout_along(value.shape(), axis);
  const std::vector<float> numbers = to_floats(value);
  std::vector<std::vector<float>> rows(at.outer * at.inner);
  for (std::size_t row = 0; row < rows.size(); ++row)
    for (std::size_t c = 0; c < at.channels; ++c)
      rows[row].push_back(numbers[(row / at.inner * at.channels + c) * at.inner + row % at.inner]);
  return rows;
}

Tensor evaluated(Graph graph, const std::string& value, const Inputs& inputs) {
  graph.outputs = {graph.find(value)};
  return evaluate(graph, inputs).front();
}

// Each group's columns times its outputs' weights.
std::vector<float> multiplied(const std::vector<float>& row, const Patches& patches, std::span<const float> weight) {
  const std::size_t outputs = weight.size() / patches.columns, of_group = outputs / patches.groups;
  std::vector<float> made(outputs);
  for (std::size_t o = 0; o < outputs; ++o)
    for (std::size_t k = 0; k < patches.columns; ++k)
      made[o] += row[o / of_group * patches.columns + k] * weight[o * patches.columns + k];
  return made;
}

void check_products(const std::vector<std::vector<float>>& met, const std::vector<std::vector<float>>& wanted) {
  REQUIRE(met.size() == wanted.size());
  for (std::size_t row = 0; row < met.size(); ++row)
    for (std::size_t i = 0; i < wanted[row].size(); ++i)
      CHECK(met[row][i] == Approx(wanted[row][i]).epsilon(1e-4).margin(1e-4));
}

std::vector<std::string> node_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.push_back(node.name);
  return names;
}

}  // namespace

TEST_CASE("patches are those that numpy cuts out, in the weight's order") {
  for (const Json& row : golden_numbers("patches.json")) {
    const auto attributes = row.at("attributes").get<std::string>();
    INFO(attributes);
    const auto shape = row.at("x").get<Shape>(), filters = row.at("weight").get<Shape>();
    Graph graph = conv_of(shape, filters, attributes);
    const Tensor weight = graph.value(graph.find("w")).initializer;
    const auto patches = add_patches(graph, graph.find_node("y"));
    REQUIRE(patches);
    const Inputs counted{{"x", Tensor::fill<float>(shape, [](std::span<float> out) {
                            for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(i + 1);
                          })}};
    const auto rows = rows_along(evaluated(graph, patches->value, counted), patches->axis);
    CHECK(rows == row.at("rows").get<std::vector<std::vector<float>>>());
    CHECK(rows.front().size() == patches->groups * patches->columns);
    std::vector<std::vector<float>> met;
    for (const auto& one : rows) met.push_back(multiplied(one, *patches, weight.data<float>()));
    check_products(met, rows_along(evaluated(graph, "y", counted), 1));
  }
}

TEST_CASE("what reads single places, and products, have rows already") {
  Graph graph = conv_of({2, 3, 4, 4}, {5, 3, 1, 1}, "");
  CHECK(add_patches(graph, 0)->value == "x");
  CHECK(graph.nodes.size() == 1);
  Graph products = graph_of("  input %x: float32[2,3,4]\n" + weight("w", {4, 5}, 1) + weight("v", {6, 5}, 2) +
                            "  const %s: int64[2] = int64[2] {6, 5}\n"
                            "  %h: float32[2,3,5] = MatMul(%x, %w) @ \"h\"\n  %r: float32[6,5] = Reshape(%h, %s)\n"
                            "  %y: float32[6,6] = Gemm(%r, %v) {transB = 1} @ \"y\"\n  output %y\n");
  const auto first = add_patches(products, products.find_node("h")),
             second = add_patches(products, products.find_node("y"));
  CHECK((first->value == "x" && first->axis == 2 && first->columns == 4));
  CHECK((second->value == "r" && second->axis == 1 && second->columns == 5));
}

TEST_CASE("the graph goes on as it was beside its patches, also where their names are taken") {
  Graph graph =
      graph_of("  input %x: float32[N,3,H,W]\n" + weight("w", {4, 3, 3, 3}, 1) + weight("v", {2, 4, 3, 3}, 2) +
               "  %h = Conv(%x, %w) {auto_pad = \"SAME_UPPER\", strides = ints [2, 2]} @ \"h\"\n"
               "  %h_patches = Relu(%h) @ \"h_patches\"\n  %y = Conv(%h_patches, %v) @ \"y\"\n  output %y\n");
  const Inputs inputs{{"x", numbers({1, 3, 8, 7}, 3)}};
  const Graph before = graph;
  std::vector<std::string> values;
  for (std::size_t n = 0; n < before.nodes.size(); ++n)
    if (const auto patches = add_patches(graph, static_cast<NodeId>(n))) values.push_back(patches->value);
  REQUIRE(values.size() == 2);
  CHECK(values[0] != "h_patches");
  const std::vector<std::string> names = node_names(graph);
  CHECK(std::ranges::equal(std::span(names).first(3), node_names(before)));
  CHECK(to_floats(evaluate(graph, inputs).front()) == to_floats(evaluate(before, inputs).front()));
  CHECK(evaluated(graph, values[0], inputs).shape() == Shape{1, 27, 4, 4});
  CHECK(evaluated(graph, values[1], inputs).shape() == Shape{1, 36, 2, 2});
  const auto& type = graph.value(graph.find(values[0])).type;
  CHECK(((*type.shape)[0].symbol == "N" && (*type.shape)[1].value == 27));
}

TEST_CASE("nodes without a constant matrix or filter have no patches") {
  Graph graph = graph_of("  input %x: float32[4,4]\n  input %z: float32[4,4]\n" + weight("w", {2, 4, 3}, 1) +
                         "  %a: float32[4,4] = MatMul(%x, %z) @ \"a\"\n  %b: float32[2,4,3] = MatMul(%a, %w) @ \"b\"\n"
                         "  %y: float32[2,4,3] = Relu(%b) @ \"y\"\n  output %y\n");
  for (const char* node : {"a", "b", "y"}) CHECK_FALSE(add_patches(graph, graph.find_node(node)).has_value());
}
