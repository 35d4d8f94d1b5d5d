// Operators that fold axes away, search along them or accumulate over them.
#include "graph/ops/families.h"

namespace bw {

namespace {

using namespace row;

constexpr OpInfo kOps[] = {
    {.name = "ArgMax",
     .attributes = {integer("axis", 0), integer("keepdims", 1), integer("select_last_index", 0)},
     .infer = rule::arg_reduce},
    {.name = "ArgMin",
     .attributes = {integer("axis", 0), integer("keepdims", 1), integer("select_last_index", 0)},
     .infer = rule::arg_reduce},
    {.name = "CumProd",
     .inputs = {2, 2},
     .attributes = {integer("exclusive", 0), integer("reverse", 0)},
     .infer = rule::unary},
    {.name = "CumSum",
     .inputs = {2, 2},
     .attributes = {integer("exclusive", 0), integer("reverse", 0)},
     .infer = rule::unary},
    {.name = "Det", .infer = rule::determinant},
    {.name = "NegativeLogLikelihoodLoss",
     .inputs = {2, 3},
     .attributes = {integer("ignore_index"), text("reduction", "mean")},
     .infer = rule::loss},
    {.name = "NonMaxSuppression",
     .inputs = {2, 5},
     .attributes = {integer("center_point_box", 0)},
     .infer = rule::non_max_suppression},
    {.name = "NonZero", .infer = rule::non_zero},
    {.name = "ReduceL1",
     .inputs = {1, 2},
     .attributes = {integers("axes"), integer("keepdims", 1), integer("noop_with_empty_axes", 0)},
     .infer = rule::reduce},
    {.name = "ReduceL2",
     .inputs = {1, 2},
     .attributes = {integers("axes"), integer("keepdims", 1), integer("noop_with_empty_axes", 0)},
     .infer = rule::reduce},
    {.name = "ReduceLogSum",
     .inputs = {1, 2},
     .attributes = {integers("axes"), integer("keepdims", 1), integer("noop_with_empty_axes", 0)},
     .infer = rule::reduce},
    {.name = "ReduceLogSumExp",
     .inputs = {1, 2},
     .attributes = {integers("axes"), integer("keepdims", 1), integer("noop_with_empty_axes", 0)},
     .infer = rule::reduce},
    {.name = "ReduceMax",
     .inputs = {1, 2},
     .attributes = {integers("axes"), integer("keepdims", 1), integer("noop_with_empty_axes", 0)},
     .infer = rule::reduce,
     .flow = DataFlow::Move},
    {.name = "ReduceMean",
     .inputs = {1, 2},
     .attributes = {integers("axes"), integer("keepdims", 1), integer("noop_with_empty_axes", 0)},
     .infer = rule::reduce},
    {.name = "ReduceMin",
     .inputs = {1, 2},
     .attributes = {integers("axes"), integer("keepdims", 1), integer("noop_with_empty_axes", 0)},
     .infer = rule::reduce,
     .flow = DataFlow::Move},
    {.name = "ReduceProd",
     .inputs = {1, 2},
     .attributes = {integers("axes"), integer("keepdims", 1), integer("noop_with_empty_axes", 0)},
     .infer = rule::reduce},
    {.name = "ReduceSum",
     .inputs = {1, 2},
     .attributes = {integers("axes"), integer("keepdims", 1), integer("noop_with_empty_axes", 0)},
     .infer = rule::reduce},
    {.name = "ReduceSumSquare",
     .inputs = {1, 2},
     .attributes = {integers("axes"), integer("keepdims", 1), integer("noop_with_empty_axes", 0)},
     .infer = rule::reduce},
    {.name = "SoftmaxCrossEntropyLoss",
     .inputs = {2, 3},
     .outputs = {1, 2},
     .attributes = {integer("ignore_index"), text("reduction", "mean")},
     .infer = rule::loss},
    {.name = "TopK",
     .inputs = {1, 2},
     .outputs = {2, 2},
     .attributes = {integer("axis", -1), integer("k"), integer("largest", 1), integer("sorted", 1)},
     .infer = rule::top_k,
     .flow = DataFlow::Move},
    {.name = "Unique", .outputs = {1, 4}, .attributes = {integer("axis"), integer("sorted", 1)}, .infer = rule::unique},
};

}  // namespace

std::span<const OpInfo> reduction_ops() {
  return kOps;
}

}  // namespace bw
