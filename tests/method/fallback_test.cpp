// Going back to float: which nodes, how many, and what it costs to find out.
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <functional>
#include <set>

#include "base/error.h"
#include "method/graphs.h"

using namespace bw;
using namespace bw::test;

namespace {

// Products one after the other; those of "loud" have a weight that is much larger than the others of its column, which
// get few codes then.
Graph products(int count, const std::set<int>& loud) {
  std::string body = "  input %y0: float32[2,32]\n";
  for (int i = 1; i <= count; ++i) {
    const Tensor weights = numbers({32, 32}, static_cast<std::uint64_t>(i), 0.3);
    std::string list;
    for (std::size_t k = 0; k < 1024; ++k)
      list += fmt::format("{}{}", list.empty() ? "" : ", ", k < 32 && loud.contains(i) ? 3 : weights.data<float>()[k]);
    body += fmt::format("  const %w{0}: float32[32,32] = float32[32,32] {{{1}}}\n", i, list);
  }
  for (int i = 1; i <= count; ++i)
    body += fmt::format("  %y{0}: float32[2,32] = MatMul(%y{1}, %w{0}) @ \"y{0}\"\n", i, i - 1);
  return graph_of(body + fmt::format("  output %y{}: float32[2,32]\n", count));
}

std::set<std::string> coded(const Plan& plan) {
  std::set<std::string> names;
  for (const auto& [name, node] : plan.nodes)
    if (node.changes()) names.insert(name);
  return names;
}

// Keeps what a function says of the nodes that are coded; of the outputs, where one says that.
class Told final : public Judge {
 public:
  using Share = std::function<double(const std::set<std::string>& coded)>;
  explicit Told(Share keeps, Share outputs = {}) : keeps_(std::move(keeps)), outputs_(std::move(outputs)) {}
  Retained retained(const Plan& plan) override {
    ++trials;
    return {.accuracy = exact_figure(keeps_(coded(plan)), Unit::Fraction),
            .outputs = outputs_ ? exact_figure(outputs_(coded(plan)), Unit::Fraction) : Figure{}};
  }
  LatencyRatio latency(const Plan&) override { return {}; }
  std::vector<NodeTime> profile(const Plan&) override { return {}; }
  std::size_t trials = 0;

 private:
  Share keeps_, outputs_;
};

Plan fallen_back(const Graph& graph, Judge& judge, const std::string& recipe = "int8-static+fallback(accuracy=0.99)") {
  Sampled calibrator({{"y0", numbers({2, 32}, 3)}});
  Task task = task_of(graph);
  task.calibrator = &calibrator;
  task.judge = &judge;
  return decide(resolve(parse_recipe(recipe)), task);
}

}  // namespace

TEST_CASE("the node whose weight loses most goes back first, and alone where that is enough") {
  const Graph graph = products(5, {3});
  Told judge([](const std::set<std::string>& nodes) { return nodes.contains("y3") ? 0.9 : 0.995; });
  const Plan plan = fallen_back(graph, judge);
  CHECK(coded(plan) == std::set<std::string>{"y1", "y2", "y4", "y5"});
  CHECK(judge.trials == 2);
  CHECK(plan.nodes.at("y3").reason.starts_with("its codes change "));
  CHECK(plan.nodes.at("y3").reason.ends_with("among the most, and 0.99 of the accuracy are asked for"));
  CHECK(plan.notes.back() == "1 of 5 nodes are back in float: 0.995 of the accuracy is kept");
}

TEST_CASE("the fewest nodes that are enough are found between too few and enough") {
  const Graph graph = products(20, {2, 3, 5, 7, 11, 13, 17});
  Told judge([](const std::set<std::string>& nodes) { return 1 - 0.002 * std::max(0.0, nodes.size() - 13.0); });
  const Plan plan = fallen_back(graph, judge, "int8-static+fallback(accuracy=1)");
  CHECK(coded(plan).size() == 13);
  for (const char* loud : {"y2", "y3", "y5", "y7", "y11", "y13", "y17"}) CHECK_FALSE(coded(plan).contains(loud));
  CHECK(judge.trials == 7);  // all, 1, 2, 4, 8, then 6 and 7 of them in float
}

TEST_CASE("nodes of the part that the outputs lose most by go back first, however quiet") {
  const Graph graph = products(8, {2, 8});
  const auto outputs = [](const std::set<std::string>& nodes) {
    double error = 0.0001 * static_cast<double>(nodes.size());
    for (const char* node : {"y5", "y6"}) error += nodes.contains(node) ? 0.04 : 0;
    return 1 - std::sqrt(error);
  };
  Told judge([&](const std::set<std::string>& nodes) { return outputs(nodes) > 0.9 ? 1 : 0.9; }, outputs);
  std::set<std::string> rest;
  for (int i = 1; i <= 8; ++i)
    if (i != 5 && i != 6) rest.insert(fmt::format("y{}", i));
  CHECK(coded(fallen_back(graph, judge)) == rest);
  CHECK(judge.trials == 7);  // all, four parts, 1 and 2 of the nodes
}

TEST_CASE("within a part the noisiest node goes back first, and a small network is one part") {
  const auto outputs = [](const std::set<std::string>& nodes) { return nodes.contains("y5") ? 0.8 : 0.99; };
  for (const int count : {8, 7}) {
    const Graph graph = products(count, {5});
    Told judge(outputs, outputs);
    const Plan plan = fallen_back(graph, judge);
    CHECK_FALSE(coded(plan).contains("y5"));
    CHECK(coded(plan).size() == static_cast<std::size_t>(count) - 1);
    CHECK(judge.trials == (count == 8 ? 6 : 2));
  }
}

TEST_CASE("a weight whose channels differ is the noisiest where one scale codes all of them") {
  // The columns of w2 but one are a fiftieth of it; w1 has a few large numbers, and w3 none.
  const auto list = [](int which) {
    const Tensor weights = numbers({32, 32}, static_cast<std::uint64_t>(which), 0.3);
    std::string text;
    for (std::size_t k = 0; k < 1024; ++k) {
      const float factor = which == 2 && k % 32 != 0 ? 0.02F : which == 1 && k < 4 ? 8.0F : 1.0F;
      text += fmt::format("{}{}", text.empty() ? "" : ", ", weights.data<float>()[k] * factor);
    }
    return text;
  };
  std::string body = "  input %y0: float32[2,32]\n";
  for (int i = 1; i <= 3; ++i)
    body += fmt::format("  const %w{}: float32[32,32] = float32[32,32] {{{}}}\n", i, list(i));
  for (int i = 1; i <= 3; ++i)
    body += fmt::format("  %y{0}: float32[2,32] = MatMul(%y{1}, %w{0}) @ \"y{0}\"\n", i, i - 1);
  const Graph graph = graph_of(body + "  output %y3: float32[2,32]\n");
  Told judge([](const std::set<std::string>& nodes) { return nodes.size() == 3 ? 0.9 : 1; });
  CHECK(coded(fallen_back(graph, judge, "int8-static(per_channel=no)+fallback")) == std::set<std::string>{"y1", "y3"});
}

TEST_CASE("nothing goes back where enough is kept, and what cannot be reached is said") {
  const Graph graph = products(3, {});
  Told content([](const std::set<std::string>&) { return 0.99; });
  CHECK(coded(fallen_back(graph, content)).size() == 3);
  CHECK(content.trials == 1);
  Told never([](const std::set<std::string>&) { return 0.5; });
  try {
    fallen_back(graph, never);
    FAIL("found");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Quantization);
    CHECK(error.message() == "with 3 of 3 nodes in float 0.5 of the accuracy is kept, and 0.99 are asked for");
  }
  CHECK(never.trials == 4);  // all, and 1, 2, 3 of them in float
}

TEST_CASE("what smooths and corrects biases stays around what falls back") {
  const Graph graph = products(4, {2});
  Told judge([](const std::set<std::string>& nodes) { return nodes.contains("y2") ? 0.9 : 1; });
  const Plan plan =
      fallen_back(graph, judge, "bias-correction+fallback+smooth(strength=0.5,residual=divided)+int8-static");
  CHECK(coded(plan) == std::set<std::string>{"y1", "y3", "y4"});
  CHECK_FALSE(plan.edits.empty());
}
