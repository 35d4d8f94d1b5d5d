// Operators that scale by statistics of the data or by stored ones, and distributions over an axis.
#include "graph/ops/families.h"

namespace bw {

namespace {

using namespace row;

constexpr OpInfo kOps[] = {
    {.name = "BatchNormalization",
     .inputs = {5, 5},
     .outputs = {1, 5},
     .attributes = {number("epsilon", 1e-05f), number("momentum", 0.9f), integer("spatial", 1),
                    integer("training_mode", 0)},
     .infer = rule::batch_normalization,
     .couple = couple::batch_normalization},
    {.name = "GroupNormalization",
     .inputs = {3, 3},
     .attributes = {number("epsilon", 1e-05f), integer("num_groups").required(), integer("stash_type", 1)},
     .infer = rule::unary,
     .couple = couple::group_normalization},
    {.name = "Hardmax",
     .attributes = {integer("axis", -1).before(13, 1)},
     .infer = rule::unary,
     .couple = couple::mixed_along_axis},
    {.name = "InstanceNormalization",
     .inputs = {3, 3},
     .attributes = {number("epsilon", 1e-05f)},
     .infer = rule::unary,
     .couple = couple::instance_normalization},
    {.name = "LRN",
     .attributes = {number("alpha", 0.0001f), number("beta", 0.75f), number("bias", 1.0f), integer("size").required()},
     .infer = rule::unary,
     .couple = couple::channels_mixed},
    {.name = "LayerNormalization",
     .inputs = {2, 3},
     .outputs = {1, 3},
     .attributes = {integer("axis", -1), number("epsilon", 1e-05f), integer("stash_type", 1)},
     .in_any_opset = true,
     .infer = rule::layer_normalization,
     .couple = couple::layer_normalization},
    {.name = "LogSoftmax",
     .attributes = {integer("axis", -1).before(13, 1)},
     .infer = rule::unary,
     .couple = couple::mixed_along_axis},
    {.name = "LpNormalization",
     .attributes = {integer("axis", -1), integer("p", 2)},
     .infer = rule::unary,
     .couple = couple::mixed_along_axis},
    {.name = "MeanVarianceNormalization", .attributes = {integers("axes")}, .infer = rule::unary},
    {.name = "RMSNormalization",
     .inputs = {2, 2},
     .attributes = {integer("axis", -1), number("epsilon", 1e-05f), integer("stash_type", 1)},
     .infer = rule::unary,
     .couple = couple::layer_normalization},
    {.name = "SimplifiedLayerNormalization",
     .inputs = {2, 2},
     .outputs = {1, 2},
     .attributes = {integer("axis", -1), number("epsilon", 1e-05f), integer("stash_type", 1)},
     .in_any_opset = true,
     .infer = rule::simplified_layer_normalization,
     .couple = couple::layer_normalization},
    {.name = "Softmax",
     .attributes = {integer("axis", -1).before(13, 1)},
     .infer = rule::unary,
     .couple = couple::mixed_along_axis},
    {.name = "EmbedLayerNormalization",
     .domain = kMicrosoft,
     .inputs = {7, 9},
     .outputs = {1, 3},
     .attributes = {number("epsilon", 1e-12f), integer("mask_index_type")},
     .infer = rule::embed_layer_normalization},
    {.name = "SkipLayerNormalization",
     .domain = kMicrosoft,
     .inputs = {3, 5},
     .outputs = {1, 4},
     .attributes = {number("epsilon", 1e-12f)},
     .infer = rule::skip_layer_normalization,
     .couple = couple::skip_layer_normalization},
    {.name = "SkipSimplifiedLayerNormalization",
     .domain = kMicrosoft,
     .inputs = {3, 4},
     .outputs = {1, 4},
     .attributes = {number("epsilon", 1e-12f)},
     .infer = rule::skip_layer_normalization,
     .couple = couple::skip_layer_normalization},
};

}  // namespace

std::span<const OpInfo> normalization_ops() {
  return kOps;
}

}  // namespace bw
