// Integer weights in blocks, float activations (MatMulNBits), round to nearest.
#include "graph/ops/op.h"
#include "graph/ops/product.h"
#include "method/blocks.h"
#include "method/catalog.h"
#include "method/embedding.h"
#include "method/placement.h"
#include "target/lowering.h"
#include "target/obstacles.h"

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
     .says = "weights that share a scale: so many inputs of an output, all of them, or the whole tensor",
     .choices = "16|32|64|128|256|channel|tensor"},
    {.name = "symmetric", .type = Parameter::Type::Flag, .standard = "yes", .says = "no zero points"},
    fast(kAccuracyLevel),
    {.name = "convolutions",
     .type = Parameter::Type::Flag,
     .standard = "no",
     .says = "store convolutions' weights as codes too, which are decoded while the model loads"},
    kEmbeddings,
    kKeepFloat,
};

// Codes whose numbers are multiplied with as floats: signed where they are symmetric, so that no zero point is stored.
Scheme decoded_codes(int bits, bool symmetric) {
  Scheme scheme = unsigned_codes(bits);
  scheme.symmetric = symmetric;
  if (!symmetric) return scheme;
  scheme.code = scheme.code == DType::UInt2 ? DType::Int2 : scheme.code == DType::UInt4 ? DType::Int4 : DType::Int8;
  return scheme;
}

QParams in_blocks(const Tensor& weight, int axis, int bits, std::int64_t size, bool symmetric) {
  Scheme scheme = unsigned_codes(bits);
  scheme.granularity = Granularity::Block;
  scheme.axis = axis;
  scheme.block_size = size;
  scheme.symmetric = symmetric;
  scheme.rounding = Rounding::ReciprocalHalfAway;
  return block_params(weight, scheme);
}

QParams by_channel(const Node& node, const Tensor& weight, int bits, bool symmetric) {
  Scheme scheme = decoded_codes(bits, symmetric);
  scheme.granularity = Granularity::Channel;
  scheme.axis = find_op(node)->weight_channel_axis(node, static_cast<int>(weight.rank())).value_or(0);
  return params_of_constant(weight, scheme);
}

QParams in_blocks_of_channels(const Tensor& weight, int bits, std::int64_t size, bool symmetric) {
  Scheme scheme = decoded_codes(bits, symmetric);
  scheme.granularity = Granularity::Block;
  scheme.axis = 1;
  scheme.block_size = size;
  return params_of_constant(weight, scheme);
}

QParams params_of(const Node& node, const Tensor& weight, const Arguments& arguments) {
  const int bits = static_cast<int>(arguments.integer("bits"));
  const bool symmetric = arguments.flag("symmetric");
  const std::string& block = arguments.text("block");
  if (block == "tensor") return params_of_constant(weight, decoded_codes(bits, symmetric));
  if (block == "channel") return by_channel(node, weight, bits, symmetric);
  const std::int64_t size = arguments.integer("block");
  if (const auto product = plain_product(node))
    return in_blocks(weight, product->reduced_axis(), bits, size, symmetric);
  // Each place of a window has blocks of its own: with fewer channels than a block, scales would weigh more than codes.
  return weight.shape()[1] >= size ? in_blocks_of_channels(weight, bits, size, symmetric)
                                   : by_channel(node, weight, bits, symmetric);
}

// Convolutions are stored as codes, and computed in float.
std::string obstacle(const Task& task, const Node& node) {
  return node.is("Conv") ? weight_obstacle(task.graph, node, 1) : task.target.obstacle(task.graph, node);
}

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  const KeepFloat keep(task, arguments);
  const bool convolutions = arguments.flag("convolutions");
  for (const Node& node : task.graph.nodes) {
    if (!task.target.support(node).weight_only && !(convolutions && node.is("Conv"))) continue;
    NodePlan& decision = plan.nodes[node.name];
    decision.reason = keep.reason(node);
    if (decision.reason.empty()) decision.reason = obstacle(task, node);
    if (!decision.reason.empty()) continue;
    const Value& weight = task.graph.value(node.input(1));
    require_finite(weight);
    decision.operands[1] = params_of(node, weight.initializer, arguments);
  }
  if (arguments.flag("embeddings")) code_embeddings(task, keep, static_cast<int>(arguments.integer("bits")), plan);
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
