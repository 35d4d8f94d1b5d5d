// Classical models (ai.onnx.ml) and optimizers, as far as they are met.
#include "graph/ops/families.h"

namespace bw {

namespace {

using namespace row;

constexpr OpInfo kOps[] = {
    {.name = "ArrayFeatureExtractor", .domain = kClassical, .inputs = {2, 2}, .infer = rule::array_feature_extractor},
    {.name = "Binarizer", .domain = kClassical, .attributes = {number("threshold", 0.0f)}, .infer = rule::unary},
    {.name = "LabelEncoder",
     .domain = kClassical,
     .attributes = {texts("classes_strings"), number("default_float", -0.0f), integer("default_int64", -1),
                    text("default_string", "_Unused"), tensor("default_tensor"), numbers("keys_floats"),
                    integers("keys_int64s"), texts("keys_strings"), tensor("keys_tensor"), numbers("values_floats"),
                    integers("values_int64s"), texts("values_strings"), tensor("values_tensor")},
     .infer = rule::label_encoder},
    {.name = "TreeEnsemble",
     .domain = kClassical,
     .attributes = {integer("aggregate_function", 1), integers("leaf_targetids").required(),
                    tensor("leaf_weights").required(), tensor("membership_values"), integer("n_targets"),
                    integers("nodes_falseleafs").required(), integers("nodes_falsenodeids").required(),
                    integers("nodes_featureids").required(), tensor("nodes_hitrates"),
                    integers("nodes_missing_value_tracks_true"), tensor("nodes_modes").required(),
                    tensor("nodes_splits").required(), integers("nodes_trueleafs").required(),
                    integers("nodes_truenodeids").required(), integer("post_transform", 0),
                    integers("tree_roots").required()},
     .infer = rule::tree_ensemble},
    {.name = "Adagrad",
     .domain = kTraining,
     .inputs = {3, -1},
     .outputs = {1, -1},
     .attributes = {number("decay_factor", 0.0f), number("epsilon", 1e-06f), number("norm_coefficient", 0.0f)},
     .infer = rule::optimizer},
    {.name = "Adam",
     .domain = kTraining,
     .inputs = {3, -1},
     .outputs = {1, -1},
     .attributes = {number("alpha", 0.9f), number("beta", 0.999f), number("epsilon", 1e-06f),
                    number("norm_coefficient", 0.0f), number("norm_coefficient_post", 0.0f)},
     .infer = rule::optimizer},
    {.name = "Gradient",
     .domain = kTraining,
     .inputs = {1, -1},
     .outputs = {1, -1},
     .attributes = {texts("xs").required(), text("y").required(), texts("zs")}},
    {.name = "Momentum",
     .domain = kTraining,
     .inputs = {3, -1},
     .outputs = {1, -1},
     .attributes = {number("alpha").required(), number("beta").required(), text("mode").required(),
                    number("norm_coefficient").required()},
     .infer = rule::optimizer},
};

}  // namespace

std::span<const OpInfo> classical_ops() {
  return kOps;
}

}  // namespace bw
