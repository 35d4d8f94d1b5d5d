// Operators that look at windows of an image without weights, and resampling.
#include "graph/ops/families.h"

namespace bw {

namespace {

using namespace row;

constexpr OpInfo kOps[] = {
    {.name = "AffineGrid", .inputs = {2, 2}, .attributes = {integer("align_corners", 0)}, .infer = rule::affine_grid},
    {.name = "AveragePool",
     .attributes = {text("auto_pad", "NOTSET"), integer("ceil_mode", 0), integer("count_include_pad", 0),
                    integers("dilations"), integers("kernel_shape").required(), integers("pads"), integers("strides")},
     .infer = rule::pool,
     .couple = couple::pool},
    {.name = "Col2Im",
     .inputs = {3, 3},
     .attributes = {integers("dilations"), integers("pads"), integers("strides")},
     .infer = rule::col2im},
    {.name = "GlobalAveragePool", .infer = rule::global_pool, .couple = couple::pool},
    {.name = "GlobalLpPool", .attributes = {integer("p", 2)}, .infer = rule::global_pool, .couple = couple::pool},
    {.name = "GlobalMaxPool", .infer = rule::global_pool, .couple = couple::pool, .flow = DataFlow::Move},
    {.name = "GridSample",
     .inputs = {2, 2},
     .attributes = {integer("align_corners", 0), text("mode", "linear").before(20, "bilinear"),
                    text("padding_mode", "zeros")},
     .infer = rule::grid_sample},
    {.name = "LpPool",
     .attributes = {text("auto_pad", "NOTSET"), integer("ceil_mode", 0), integers("dilations"),
                    integers("kernel_shape").required(), integer("p", 2), integers("pads"), integers("strides")},
     .infer = rule::pool,
     .couple = couple::pool},
    {.name = "MaxPool",
     .outputs = {1, 2},
     .attributes = {text("auto_pad", "NOTSET"), integer("ceil_mode", 0), integers("dilations"),
                    integers("kernel_shape").required(), integers("pads"), integer("storage_order", 0),
                    integers("strides")},
     .infer = rule::pool,
     .couple = couple::pool,
     .flow = DataFlow::Move},
    {.name = "MaxRoiPool",
     .inputs = {2, 2},
     .attributes = {integers("pooled_shape").required(), number("spatial_scale", 1.0f)},
     .infer = rule::max_roi_pool,
     .flow = DataFlow::Move},
    {.name = "MaxUnpool",
     .inputs = {2, 3},
     .attributes = {integers("kernel_shape").required(), integers("pads"), integers("strides")},
     .infer = rule::max_unpool},
    {.name = "Resize",
     .inputs = {1, 4},
     .attributes = {integer("antialias", 0), integers("axes"), text("coordinate_transformation_mode", "half_pixel"),
                    number("cubic_coeff_a", -0.75f), integer("exclude_outside", 0), number("extrapolation_value", 0.0f),
                    text("keep_aspect_ratio_policy", "stretch"), text("mode", "nearest"),
                    text("nearest_mode", "round_prefer_floor")},
     .infer = rule::resize,
     .couple = couple::resize},
    {.name = "RoiAlign",
     .inputs = {3, 3},
     .attributes = {text("coordinate_transformation_mode", "half_pixel"), text("mode", "avg"),
                    integer("output_height", 1), integer("output_width", 1), integer("sampling_ratio", 0),
                    number("spatial_scale", 1.0f)},
     .infer = rule::roi_align},
    {.name = "Upsample",
     .inputs = {1, 2},
     .attributes = {text("mode", "nearest"), numbers("scales")},
     .infer = rule::resize,
     .couple = couple::resize},
};

}  // namespace

std::span<const OpInfo> pooling_ops() {
  return kOps;
}

}  // namespace bw
