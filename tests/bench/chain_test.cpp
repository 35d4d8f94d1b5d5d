// Chains of methods: which may stand together, and what a plan of several deciders holds.
#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "bench/networks.h"
#include "method/method.h"

using namespace bw;

namespace {

Plan plan_of(const char* recipe) {
  const Graph graph = test::mixer();
  const Task task{.graph = graph, .target = target_named("cpu")};
  const Chain chain = resolve(parse_recipe(recipe));
  return decide(chain, task);
}

std::string refusal(const char* recipe) {
  try {
    plan_of(recipe);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Usage);
    return error.what();
  }
  return "accepted";
}

bool has(const std::string& text, const char* part) {
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("two deciders that would take the same node are refused with both names, in any order") {
  CHECK(has(refusal("weight-only(embeddings=no)+int8-dynamic"),
            "'weight-only' and 'int8-dynamic' would both take node 'm1'"));
  CHECK(has(refusal("int8-dynamic+weight-only(embeddings=no)"),
            "'int8-dynamic' and 'weight-only' would both take node 'm1'"));
  CHECK(has(refusal("weight-only+fp16"), "'weight-only' and 'fp16' would both take node"));
  CHECK(has(refusal("weight-only(keep_float=m2,embeddings=no)+int8-dynamic(embeddings=no)"), "m1"));
  CHECK(has(refusal("weight-only(keep_float=m2)+int8-dynamic(keep_float=m1)"), "node 'e'"));  // the table of embeddings
  CHECK(has(refusal("weight-only(keep_float=m2)+int8-dynamic(keep_float=m1)"), "int8-dynamic(keep_float=e)"));
}

TEST_CASE("deciders that take different nodes share a model") {
  for (const char* recipe : {"weight-only(keep_float=m2)+int8-dynamic(keep_float=m1|Gather)",
                             "int8-dynamic(keep_float=m1|e)+weight-only(keep_float=m2)"}) {
    INFO(recipe);
    const Plan plan = plan_of(recipe);
    CHECK(plan.nodes.at("e").changes());
    CHECK(plan.nodes.at("m1").changes());
    CHECK(plan.nodes.at("m2").compute == Precision::Dynamic);
    CHECK(plan.nodes.at("m1").reason.empty());  // the other one's is none
    CHECK(plan.nodes.at("m2").reason.empty());
  }
  const Plan plan = plan_of("weight-only(keep_float=m2)+int8-dynamic(keep_float=MatMul|Gather)");
  CHECK_FALSE(plan.nodes.at("m2").changes());
  CHECK(plan.nodes.at("m2").reason == "kept in float as asked");
}

TEST_CASE("notes of every decider are kept, once each") {
  const Plan plan = plan_of("weight-only(keep_float=m2|e)+bf16(keep_float=m1)");
  CHECK(plan.notes.size() == 1);
  CHECK(plan.nodes.at("m2").changes());
}

TEST_CASE("each method of a chain says of lowering what it decides") {
  const Plan plan = plan_of("int8-dynamic(keep_float=m1|e)+weight-only(accuracy_level=1,keep_float=m2)");
  CHECK(plan.lowering == std::map<std::string, std::string>{{"accuracy_level", "1"}});
}
