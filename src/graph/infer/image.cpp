// Regions, resampling, and blocks that move between space and depth.
#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/infer/rules.h"
#include "tensor/convert.h"

namespace bw::rule {

namespace {

// Regions [count, ...] of an image [batch, channels, height, width], each pooled to height x width.
void regions(Inference& at, std::size_t regions_input, std::int64_t height, std::int64_t width) {
  Dims result{Dim{}, Dim{}, number_dim(height), number_dim(width)};
  if (const Dims* rois = at.shape(regions_input); rois && !rois->empty()) result[0] = (*rois)[0];
  if (const Dims* x = at.shape(0); x && x->size() > 1) result[1] = (*x)[1];
  at.output(0, at.dtype(0), std::move(result));
}

}  // namespace

void max_roi_pool(Inference& at) {
  const auto pooled = at.list("pooled_shape");
  at.require(pooled.size() == 2, "pooled_shape must be height and width");
  regions(at, 1, pooled[0], pooled[1]);
}

void roi_align(Inference& at) {
  regions(at, 1, at.attribute("output_height"), at.attribute("output_width"));
}

// The inverse of MaxPool: stride * (extent - 1) + kernel - padding, unless an input says the shape.
void max_unpool(Inference& at) {
  at.output(0, at.dtype(0));
  if (at.has(2)) {
    const auto contents = at.contents(2);
    if (!contents)
      return at.output(0, at.dtype(0), at.shape(0) ? std::optional(unknown_dims(at.shape(0)->size())) : std::nullopt);
    Dims shape;
    for (const Extent& extent : contents->elements) shape.push_back(extent.dim());
    return at.output(0, at.dtype(0), std::move(shape));
  }
  const Dims* x = at.shape(0);
  if (!x) return;
  at.require(x->size() >= 3, "the input has no spatial axes");
  const std::size_t rank = x->size() - 2;
  const auto kernel = at.list("kernel_shape");
  auto strides = at.list("strides"), pads = at.list("pads");
  if (strides.empty()) strides.assign(rank, 1);
  if (pads.empty()) pads.assign(2 * rank, 0);
  at.require(kernel.size() == rank && strides.size() == rank && pads.size() == 2 * rank,
             "attributes do not have one entry a spatial axis");
  Dims result{(*x)[0], (*x)[1]};
  for (std::size_t i = 0; i < rank; ++i) {
    const Dim spread = times((*x)[i + 2], strides[i]);
    const std::int64_t added = kernel[i] - strides[i] - pads[i] - pads[i + rank];
    result.push_back(spread.known() && spread.value < (std::int64_t{1} << 60) && spread.value + added >= 0
                         ? number_dim(spread.value + added)
                         : Dim{});
  }
  at.output(0, at.dtype(0), std::move(result));
}

// Columns [batch, channels * block, blocks] are laid into an image of the given extents.
void col2im(Inference& at) {
  Dims result{Dim{}, Dim{}};
  at.output(0, at.dtype(0));
  const auto image = at.elements(1), block = at.contents(2);
  if (!image) return;
  if (const Dims* x = at.shape(0)) {
    at.require(x->size() == 3, "the columns must have rank 3");
    result[0] = (*x)[0];
    Dims taps;
    if (block)
      for (const Extent& extent : block->elements) taps.push_back(extent.dim());
    const Dim all = product(taps);
    if (block && (*x)[1].known() && all.value > 0) result[1] = number_dim((*x)[1].value / all.value);
  }
  for (const Extent& extent : image->elements) result.push_back(extent.dim());
  at.output(0, at.dtype(0), std::move(result));
}

namespace {

std::vector<double> numbers(const Tensor& tensor) {
  if (!tensor.defined() || tensor.dtype() == DType::String || tensor.size() > kLongestContents) return {};
  return to_doubles(tensor);
}

// The axes that Resize changes, in the order of its scales or sizes.
std::vector<std::size_t> resized_axes(const Inference& at, std::size_t rank) {
  const auto given = at.node().is("Resize") ? at.list("axes") : std::vector<std::int64_t>{};
  if (!given.empty()) return at.axes(given, rank);
  std::vector<std::size_t> all(rank);
  for (std::size_t i = 0; i < rank; ++i) all[i] = i;
  return all;
}

std::vector<double> scales_of(const Inference& at) {
  if (const Attribute* attribute = at.node().find("scales"))
    if (const auto* floats = std::get_if<std::vector<float>>(&attribute->data)) return {floats->begin(), floats->end()};
  return numbers(at.constant(at.node().is("Resize") && at.opset() >= 11 ? 2 : 1));
}

void resize_by(Inference& at, Dims& shape, const std::vector<std::size_t>& axes, const std::vector<double>& scales) {
  at.require(scales.size() == axes.size(), "scales are not one an axis");
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const Dim from = shape[axes[i]];
    const double extent = std::floor(static_cast<double>(from.value) * scales[i]);
    if (from.known())
      shape[axes[i]] = extent >= 0 && extent < 0x1p62 ? number_dim(static_cast<std::int64_t>(extent)) : Dim{};
    else if (scales[i] != 1)
      shape[axes[i]] = Dim{};
  }
}

void resize_to(Inference& at, Dims& shape, const std::vector<std::size_t>& axes, const Contents& sizes) {
  at.require(sizes.elements.size() == axes.size(), "sizes are not one an axis");
  const std::string policy = at.text("keep_aspect_ratio_policy");
  if (policy == "stretch") {
    for (std::size_t i = 0; i < axes.size(); ++i) shape[axes[i]] = sizes.elements[i].dim();
    return;
  }
  const bool least = policy == "not_larger";
  double scale = least ? std::numeric_limits<double>::infinity() : 0;
  bool known = true;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const Dim wanted = sizes.elements[i].dim();
    known = known && wanted.known() && shape[axes[i]].value > 0;
    if (!known) break;
    const double ratio = static_cast<double>(wanted.value) / static_cast<double>(shape[axes[i]].value);
    scale = least ? std::min(scale, ratio) : std::max(scale, ratio);
  }
  for (const std::size_t axis : axes) {
    const double extent = std::round(scale * static_cast<double>(shape[axis].value));
    shape[axis] = known && extent < 0x1p62 ? number_dim(static_cast<std::int64_t>(extent)) : Dim{};
  }
}

}  // namespace

// Resize since opset 11 has (X, roi, scales, sizes), before that, as Upsample, (X, scales) or the attribute 'scales'.
void resize(Inference& at) {
  at.output(0, at.dtype(0));
  const Dims* x = at.shape(0);
  if (!x) return;
  Dims shape = *x;
  const auto axes = resized_axes(at, x->size());
  const bool has_sizes = at.has(3) && !(at.constant(3).defined() && at.constant(3).size() == 0);
  const std::vector<double> scales = scales_of(at);
  const auto sizes = at.contents(3);
  if (has_sizes && sizes)
    resize_to(at, shape, axes, *sizes);
  else if (!has_sizes && !scales.empty())
    resize_by(at, shape, axes, scales);
  else
    for (const std::size_t axis : axes) shape[axis] = Dim{};
  at.output(0, at.dtype(0), std::move(shape));
}

// x [batch, channels, spatial...], grid [batch, places..., spatial axes].
void grid_sample(Inference& at) {
  const Dims *x = at.shape(0), *grid = at.shape(1);
  if (!x || !grid) return at.output(0, at.dtype(0), x ? std::optional(unknown_dims(x->size())) : std::nullopt);
  at.require(x->size() == grid->size() && x->size() >= 3, "input and grid differ in rank");
  Dims result{unified(at, (*x)[0], (*grid)[0]), (*x)[1]};
  result.insert(result.end(), grid->begin() + 1, grid->end() - 1);
  at.output(0, at.dtype(0), std::move(result));
}

// size [batch, channels, spatial...] -> grid [batch, spatial..., spatial axes].
void affine_grid(Inference& at) {
  at.output(0, at.dtype(0));
  const auto size = at.elements(1);
  if (!size) return;
  at.require(size->elements.size() == 4 || size->elements.size() == 5, "the size must have 4 or 5 entries");
  Dims result{size->elements[0].dim()};
  for (std::size_t i = 2; i < size->elements.size(); ++i) result.push_back(size->elements[i].dim());
  result.push_back(number_dim(static_cast<std::int64_t>(size->elements.size()) - 2));
  at.output(0, at.dtype(0), std::move(result));
}

namespace {

// The quotient of an extent that must be a multiple; unknown when the extent is.
Dim divided(const Inference& at, const Dim& dim, std::int64_t by) {
  if (!dim.known()) return {};
  at.require(dim.value % by == 0, "the block does not divide an extent");
  return number_dim(dim.value / by);
}

}  // namespace

void depth_to_space(Inference& at) {
  const std::int64_t block = at.attribute("blocksize");
  const Dims* x = at.shape(0);
  if (!x) return at.output(0, at.dtype(0));
  at.require(x->size() == 4, "the input must have rank 4");
  at.output(0, at.dtype(0),
            Dims{(*x)[0], divided(at, (*x)[1], block * block), times((*x)[2], block), times((*x)[3], block)});
}

void space_to_depth(Inference& at) {
  const std::int64_t block = at.attribute("blocksize");
  const Dims* x = at.shape(0);
  if (!x) return at.output(0, at.dtype(0));
  at.require(x->size() == 4, "the input must have rank 4");
  at.output(0, at.dtype(0),
            Dims{(*x)[0], times((*x)[1], block * block), divided(at, (*x)[2], block), divided(at, (*x)[3], block)});
}

void center_crop_pad(Inference& at) {
  at.output(0, at.dtype(0));
  const Dims* x = at.shape(0);
  if (!x) return;
  const auto given = at.list("axes");
  std::vector<std::size_t> axes = at.axes(given, x->size());
  if (given.empty())
    for (std::size_t i = 0; i < x->size(); ++i) axes.push_back(i);
  const auto wanted = at.contents(1);
  if (wanted) at.require(wanted->elements.size() == axes.size(), "the shape is not one number an axis");
  Dims result = *x;
  for (std::size_t i = 0; i < axes.size(); ++i) result[axes[i]] = wanted ? wanted->elements[i].dim() : Dim{};
  at.output(0, at.dtype(0), std::move(result));
}

}  // namespace bw::rule
