// Chains: stages in their order, whatever the recipe's; groups of recipes; what a plan says of layers that nobody took.
#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "method/graphs.h"

using namespace bw;
using namespace bw::test;

namespace {

// A method that notes its name, and which notes it found.
template <int kMark>
Plan note(const Task&, const Arguments&, const Evidence&, Plan plan) {
  std::string found;
  for (const std::string& earlier : plan.notes) found += earlier.substr(0, 1);
  plan.notes.push_back(std::to_string(kMark) + " after " + found);
  return plan;
}

Method method_of(const char* name, Stage stage, decltype(Method::run) run) {
  return {.name = name, .says = "", .group = name, .stage = stage, .parameters = {}, .run = run};
}

Graph product() {
  return graph_of("  input %x: float32[N,4]\n" + weight("w", {4, 4}, 1) +
                  "  %y: float32[N,4] = MatMul(%x, %w) @ \"y\"\n  output %y: float32[N,4]\n");
}

}  // namespace

TEST_CASE("rewriters go first, deciders do not see each other, refiners and trainers see all") {
  const Method rewrite = method_of("rewrite", Stage::Rewrite, note<1>), a = method_of("a", Stage::Decide, note<2>),
               b = method_of("b", Stage::Decide, note<3>), refine = method_of("refine", Stage::Refine, note<4>),
               train = method_of("train", Stage::Train, note<5>);
  const Graph graph = product();
  const auto notes = [&](std::vector<const Method*> order) {
    Chain chain;
    for (const Method* method : order) chain.links.push_back({method, Arguments(method->name, {}, {})});
    return decide(chain, task_of(graph)).notes;
  };
  const std::vector<std::string> wanted{"1 after ", "2 after 1", "3 after 1", "4 after 123"};
  CHECK(notes({&rewrite, &a, &b, &refine}) == wanted);
  CHECK(notes({&refine, &a, &b, &rewrite}) == wanted);
  CHECK(notes({&a, &refine, &rewrite, &b}) == wanted);
  CHECK(notes({&train, &a}) == std::vector<std::string>{"2 after ", "5 after 2"});
  Chain chain;
  for (const Method* method : {&rewrite, &a}) chain.links.push_back({method, Arguments(method->name, {}, {})});
  CHECK(chain.group() == "a");  // of the decider
}

TEST_CASE("methods of one stage run in the catalog's order, whatever the recipe's") {
  const Graph graph = graph_of("  input %x: float32[40,8]\n" + weight("w", {8, 5}, 1, 2) + weight("b", {5}, 2) +
                               "  %y: float32[40,5] = Gemm(%x, %w, %b) @ \"y\"\n  output %y\n");
  const Inputs inputs{{"x", numbers({40, 8}, 3)}};
  const Plan one = plan_of(graph, "int8-static+range-search+bias-correction", inputs),
             other = plan_of(graph, "bias-correction+range-search+int8-static", inputs);
  CHECK(one.edits == other.edits);
  CHECK(one.notes == other.notes);
  CHECK(one.notes.back() == "the biases of 1 layers are corrected");
}

TEST_CASE("a plan is of its graph") {
  const Graph graph = product();
  CHECK(plan_of(graph, "int8-dynamic").target == "onnxruntime-cpu");
}

TEST_CASE("methods, parameters and values that do not exist are refused by name") {
  const auto refusal = [](const char* recipe) {
    try {
      resolve(parse_recipe(recipe));
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::Usage);
      return std::string(error.what()) + " " + error.hint();
    }
    return std::string("accepted");
  };
  CHECK(refusal("int9").find("int8-static") != std::string::npos);
  CHECK(refusal("weight-only(bits=9)").find("bits") != std::string::npos);
  CHECK(refusal("fp16(block=3)").find("block") != std::string::npos);
  CHECK(refusal("fp16+bf16+fp16").find("'fp16' stands twice") != std::string::npos);
}

TEST_CASE("a group's name stands for its recipes, all for every group's, and none is taken twice") {
  const auto names = [](const char* list) {
    std::vector<std::string> all;
    for (const Recipe& recipe : recipes_named(list)) all.push_back(to_string(recipe));
    return all;
  };
  using Names = std::vector<std::string>;
  CHECK(names("dynamic,half") == Names{"int8-dynamic", "fp16", "bf16"});
  CHECK(names("bf16,half") == Names{"bf16", "fp16"});
  CHECK(names("weight-only(bits=4,block=32),ptq_4bit") == Names{"weight-only(bits=4,block=32)",
                                                                "weight-only(bits=8,block=32)", "bnb4",
                                                                "weight-only(bits=4,block=32)+gptq"});
  std::size_t count = 0;
  for (const RecipeGroup& group : recipe_groups()) {
    for (const Recipe& recipe : recipes_named(group.name))
      CHECK((resolve(recipe).group() == group.name || group.name == "half"));
    count += group.recipes.size();
  }
  CHECK(names("all").size() == count);
  CHECK(names("ptq_4bit_all") == Names{"weight-only(bits=4,block=32)", "weight-only(bits=8,block=32)", "bnb4",
                                       "weight-only(bits=4,block=32)+gptq", "mixed-bits", "palettize", "mlx", "float4",
                                       "awq+weight-only", "weight-only+clip", "weight-only+importance",
                                       "weight-only+hqq", "weight-only+signround", "weight-only+accuracy-level"});
  CHECK_THROWS_AS(recipes_named("dynamic_all"), Error);  // there are no others
  CHECK_THROWS_AS(recipes_named(","), Error);
  CHECK_THROWS_AS(recipes_named("int9"), Error);
}

TEST_CASE("a method that tries what it decides gets a judge, or is told that there is none") {
  class Strict final : public Judge {
   public:
    Retained retained(const Plan& plan) override {
      seen.push_back(plan.notes.size());
      return {.accuracy = exact_figure(0.5, Unit::Fraction), .outputs = {}};
    }
    LatencyRatio latency(const Plan&) override { return {}; }
    std::vector<NodeTime> profile(const Plan&) override { return {}; }
    std::vector<std::size_t> seen;
  };
  const Method trying{.name = "trying",
                      .says = "",
                      .group = "ptq_8bit",
                      .stage = Stage::Refine,
                      .parameters = {},
                      .run =
                          [](const Task& task, const Arguments&, const Evidence&, Plan plan) {
                            plan.notes.push_back(std::to_string(*task.judge->retained(plan).accuracy.value));
                            return plan;
                          },
                      .judged = true};
  Chain chain = resolve(parse_recipe("int8-dynamic"));
  CHECK_FALSE(needs_judge(chain));
  chain.links.push_back({&trying, Arguments("trying", {}, {})});
  CHECK(needs_judge(chain));
  const Graph graph = product();
  Task task = task_of(graph);
  try {
    decide(chain, task);
    FAIL("decided");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Calibration);
    CHECK(error.message().find("'trying' tries what it decides") != std::string::npos);
  }
  Strict judge;
  task.judge = &judge;
  CHECK(decide(chain, task).notes.back() == "0.500000");
  CHECK(judge.seen.size() == 1);
  Method broke = trying;
  broke.budget.trials = 0;
  chain.links.back().method = &broke;
  CHECK_THROWS_AS(decide(chain, task), Error);
  CHECK(judge.seen.size() == 1);
}

TEST_CASE("a method that trains gets a trainer, or says that there is none") {
  class Strict final : public Trainer {
   public:
    Plan train(const Plan& plan, const Training& training) override {
      Plan trained = plan;
      trained.notes.push_back(std::to_string(training.epochs));
      return trained;
    }
  };
  const Method training{.name = "training",
                        .says = "",
                        .group = "qat",
                        .stage = Stage::Train,
                        .parameters = {},
                        .run = [](const Task& task, const Arguments&, const Evidence&,
                                  Plan plan) { return task.trainer->train(plan, {.epochs = 3}); },
                        .trained = true};
  Chain chain = resolve(parse_recipe("int8-dynamic"));
  chain.links.push_back({&training, Arguments("training", {}, {})});
  const Graph graph = product();
  Task task = task_of(graph);
  try {
    decide(chain, task);
    FAIL("decided");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Quantization);
    CHECK(error.message() == "'training' trains, and there is no trainer for this model");
  }
  Strict trainer;
  task.trainer = &trainer;
  CHECK(decide(chain, task).notes.back() == "3.000000");
}

TEST_CASE("a chain ends between methods when somebody asks for it") {
  const Graph graph = product();
  Task task = task_of(graph);
  std::stop_source source;
  task.stop = source.get_token();
  CHECK_NOTHROW(decide(resolve(parse_recipe("int8-dynamic")), task));
  source.request_stop();
  CHECK_THROWS_AS(decide(resolve(parse_recipe("int8-dynamic")), task), Error);
}

TEST_CASE("calibration sees what the recipe's integer nodes read and hand on, by the observer's statistic") {
  const Graph graph = product();
  const Task task = task_of(graph);
  const auto seen = [&](const char* recipe) { return needs(resolve(parse_recipe(recipe)), task).by_value; };
  CHECK(seen("int8-dynamic").empty());
  CHECK(seen("weight-only").empty());
  REQUIRE(seen("int8-static").size() == 1);
  CHECK(seen("int8-static").begin()->first == "x");
  CHECK(seen("int8-static") != seen("int8-static(observer=entropy)"));
  CHECK(seen("int8-static(keep_float=y)").empty());
  CHECK(seen("int8-static+equalize").empty());  // it may leave another graph, of which nothing is known yet
  CHECK(needs_data(resolve(parse_recipe("int8-static+equalize")), task));
  CHECK(seen("int8-static(keep_float=y)+weight-only").empty());
}

TEST_CASE("a budget reaches the methods that have one, where the recipe does not say") {
  CHECK(to_string(within_budget(parse_recipe("int8-auto"), 90)) == "int8-auto(budget=90s)");
  CHECK(to_string(within_budget(parse_recipe("int8-auto(budget=5s)"), 90)) == "int8-auto(budget=5s)");
  CHECK(to_string(within_budget(parse_recipe("int8-static+adaround"), 90)) == "int8-static+adaround");
  CHECK_NOTHROW(resolve(within_budget(parse_recipe("int8-auto"), 0.5 + 1)));
}
