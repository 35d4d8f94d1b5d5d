// Which layers get how many bits, by a judge whose answers are known.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "base/error.h"
#include "method/graphs.h"

using namespace bw;
using namespace bw::test;

namespace {

// Three products of equal size, and a table that is tied to the last one.
const Graph& network() {
  static const Graph kNetwork = [] {
    const Tensor table = numbers({160, 32}, 9, 0.4);
    std::string rows, turned;
    for (std::size_t i = 0; i < table.size(); ++i) {
      rows += fmt::format("{}{}", i ? ", " : "", table.data<float>()[i]);
      turned += fmt::format("{}{}", i ? ", " : "", table.data<float>()[i % 160 * 32 + i / 160]);
    }
    return graph_of(
        "  input %x: int64[4]\n  const %t: float32[160,32] = float32[160,32] {" + rows +
        "}\n  const %u: float32[32,160] = float32[32,160] {" + turned + "}\n" + weight("a", {32, 160}, 1) +
        weight("b", {160, 32}, 2) +
        "  %e: float32[4,32] = Gather(%t, %x) @ \"table\"\n  %p: float32[4,160] = MatMul(%e, %a) @ \"one\"\n"
        "  %q: float32[4,32] = MatMul(%p, %b) @ \"two\"\n"
        "  %y: float32[4,160] = MatMul(%q, %u) @ \"head\"\n  output %y: float32[4,160]\n");
  }();
  return kNetwork;
}

std::set<std::string> coded(const Plan& plan) {
  std::set<std::string> names;
  for (const auto& [name, node] : plan.nodes)
    if (node.changes()) names.insert(name);
  return names;
}

// Outputs lose what each coded node says.
class Told final : public Judge {
 public:
  explicit Told(std::map<std::string, double> losses) : losses_(std::move(losses)) {}
  Retained retained(const Plan& plan) override {
    tried.push_back(coded(plan));
    level = plan.lowering.at("accuracy_level");
    double error = 0;
    for (const std::string& name : tried.back()) error += losses_.contains(name) ? losses_.at(name) : 0;
    return {.accuracy = exact_figure(1, Unit::Fraction),
            .outputs = losses_.empty() ? missing_figure(Unit::Fraction, "they are no numbers")
                                       : exact_figure(1 - std::sqrt(error), Unit::Fraction)};
  }
  LatencyRatio latency(const Plan&) override { return {}; }
  std::vector<NodeTime> profile(const Plan&) override { return {}; }
  std::vector<std::set<std::string>> tried;
  std::string level;

 private:
  std::map<std::string, double> losses_;
};

Plan mixed(Told& judge, const std::string& arguments) {
  Task task = task_of(network());
  task.judge = &judge;
  return decide(resolve(parse_recipe("mixed-bits(" + arguments + ")")), task);
}

int bits(const Plan& plan, const std::string& node, int input = 1) {
  return code_bits(plan.nodes.at(node).operands.at(input).scheme);
}

}  // namespace

TEST_CASE("more bits go where the outputs lose most, within the size") {
  for (const char* sensitive : {"one", "two"}) {
    Told judge({{"table", 0},
                {"one", std::string("one") == sensitive ? 1e-2 : 1e-5},
                {"two", std::string("two") == sensitive ? 1e-2 : 1e-5},
                {"head", 1e-5}});
    const Plan plan = mixed(judge, "size=0.2,block=32");
    CAPTURE(sensitive, plan.notes);
    CHECK(bits(plan, sensitive) == 8);
    CHECK(bits(plan, std::string("one") == sensitive ? "two" : "one") == 4);
    CHECK(bits(plan, "head") == 4);
    CHECK(bits(plan, "table", 0) == 4);
    CHECK(plan.notes.front() == "weights take 0.198 of their size in float: 2 with 4 bits, 1 with 8 bits");
  }
}

TEST_CASE("each layer is tried by itself, tied ones together, in 4 bits and with products of floats") {
  Told judge({{"table", 1e-4}, {"one", 1e-4}, {"two", 1e-4}, {"head", 1e-4}});
  const Plan plan = mixed(judge, "size=0.2,accuracy_level=4");
  CHECK(judge.tried == std::vector<std::set<std::string>>{{"head", "table"}, {"one"}, {"two"}});
  CHECK(judge.level == "1");
  CHECK(plan.lowering.at("accuracy_level") == "4");
  CHECK(bits(plan, "head") == bits(plan, "table", 0));
}

TEST_CASE("all bits where there is room, the fewest where there is none, and less is refused") {
  Told judge({{"table", 1e-4}, {"one", 1e-4}, {"two", 1e-4}, {"head", 1e-4}});
  for (const char* node : {"one", "two", "head"}) {
    CHECK(bits(mixed(judge, "size=0.5"), node) == 8);
    CHECK(bits(mixed(judge, "size=0.1,embeddings=no"), node) == 2);
  }
  try {
    mixed(judge, "size=0.05,embeddings=no");
    FAIL("not refused");
  } catch (const Error& error) {
    CHECK(error.message() == "the weights take at least 0.094 of their size in float, and 0.05 are asked for");
  }
}

TEST_CASE("outputs that are no numbers cannot be told apart") {
  Told judge({});
  CHECK_THROWS_AS(mixed(judge, "size=0.2"), Error);
  CHECK_THROWS_AS(decide(resolve(parse_recipe("mixed-bits")), task_of(network())), Error);
}

TEST_CASE("its other parameters are those of weight-only") {
  Told judge({{"table", 1e-4}, {"one", 1e-4}, {"two", 1e-4}, {"head", 1e-4}});
  const Plan plan = mixed(judge, "size=0.5,block=16,symmetric=no,keep_float=two");
  CHECK_FALSE(is_changed(plan, "two"));
  CHECK(plan.nodes.at("one").operands.at(1).scheme.block_size == 16);
  CHECK_FALSE(plan.nodes.at("one").operands.at(1).scheme.symmetric);
}
