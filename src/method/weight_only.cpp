// Integer weights in blocks, float activations (MatMulNBits), round to nearest.
#include "graph/ops/product.h"
#include "method/blocks.h"
#include "method/catalog.h"
#include "method/embedding.h"
#include "method/placement.h"
#include "target/lowering.h"

namespace bw {
namespace {

// What the user of this method means who says nothing.
constexpr Parameter fast(Parameter level) {
  level.standard = "4";
  return level;
}

constexpr Parameter kParameters[] = {
    {.name = "bits",
     .type = Parameter::Type::Choice,
     .standard = "4",
     .says = "bits of a weight",
     .choices = "2|3|4|5|6|7|8"},
    {.name = "block",
     .type = Parameter::Type::Choice,
     .standard = "32",
     .says = "weights that share a scale",
     .choices = "16|32|64|128|256"},
    {.name = "symmetric", .type = Parameter::Type::Flag, .standard = "yes", .says = "no zero points"},
    fast(kAccuracyLevel),
    kEmbeddings,
    kKeepFloat,
};

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  const KeepFloat keep(task, arguments);
  const int bits = static_cast<int>(arguments.integer("bits"));
  for (const Node& node : task.graph.nodes) {
    if (!task.target.support(node).weight_only) continue;
    NodePlan& decision = plan.nodes[node.name];
    decision.reason = keep.reason(node);
    if (decision.reason.empty()) decision.reason = task.target.obstacle(task.graph, node);
    if (!decision.reason.empty()) continue;
    Scheme scheme = unsigned_codes(bits);
    scheme.granularity = Granularity::Block;
    scheme.axis = plain_product(node)->reduced_axis();
    scheme.block_size = arguments.integer("block");
    scheme.symmetric = arguments.flag("symmetric");
    scheme.rounding = Rounding::ReciprocalHalfAway;
    decision.operands[1] = block_params(task.graph.value(node.input(1)).initializer, scheme);
  }
  if (arguments.flag("embeddings")) code_embeddings(task, keep, bits, plan);
  plan.lowering[std::string(kAccuracyLevel.name)] = arguments.text(kAccuracyLevel.name);
  return plan;
}

constexpr std::string_view kUsual[] = {"weight-only(bits=4,block=32)", "weight-only(bits=8,block=32)"};

}  // namespace

Method weight_only() {
  return {.name = "weight-only",
          .says = "weights of 2 to 8 bits in blocks, float activations",
          .group = "ptq_4bit",
          .stage = Stage::Decide,
          .parameters = kParameters,
          .run = run,
          .usual = kUsual};
}

}  // namespace bw
