// Operators that move elements by position: each output axis runs through a list of source positions (elements.h,
// grid).
#include <algorithm>

#include "graph/evaluate/catalog.h"
#include "graph/evaluate/elements.h"

namespace bw {

namespace {

using Positions = std::vector<std::vector<std::int64_t>>;

Tensor select(const Call& call, const Tensor& x, const Positions& positions, const Shape& strides,
              const Tensor& fill = {}) {
  Shape shape;
  for (const auto& list : positions) shape.push_back(static_cast<std::int64_t>(list.size()));
  call.result_size(shape);
  return take(x, shape, grid(positions, strides), fill);
}

Tensor permute(const Call& call, const Tensor& x, const std::vector<std::size_t>& order) {
  const Shape own = strides_of(x.shape());
  Positions positions;
  Shape strides;
  for (std::size_t axis : order) {
    positions.push_back(positions_from(0, 1, x.shape()[axis]));
    strides.push_back(own[axis]);
  }
  return select(call, x, positions, strides);
}

Outputs transpose(const Call& call) {
  const Tensor& x = call.input(0);
  std::vector<std::int64_t> reversed(x.rank());
  for (std::size_t i = 0; i < x.rank(); ++i) reversed[i] = static_cast<std::int64_t>(x.rank() - 1 - i);
  std::vector<std::size_t> order;
  for (std::int64_t axis : call.node.ints_or("perm", reversed)) order.push_back(call.axis(axis, x.rank()));
  std::vector<std::size_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  call.require(order.size() == x.rank() && sorted.size() == order.size(), "perm is not a permutation of the axes");
  return {permute(call, x, order)};
}

Outputs expand(const Call& call) {
  const Tensor& x = call.input(0);
  const Shape wanted = call.integers(1);
  call.result_size(wanted);
  const Shape shape = broadcast(x.shape(), wanted);
  call.result_size(shape);
  return {take(x, shape, broadcast_indices(x.shape(), shape))};
}

Outputs tile(const Call& call) {
  const Tensor& x = call.input(0);
  const std::vector<std::int64_t> repeats = call.integers(1);
  call.require(repeats.size() == x.rank(), "one repeat an axis is needed");
  Shape shape = x.shape();
  for (std::size_t i = 0; i < shape.size(); ++i) {
    call.require(repeats[i] >= 0, "a repeat is negative");
    shape[i] = static_cast<std::int64_t>(call.result_size({shape[i], repeats[i]}));
  }
  call.result_size(shape);
  Positions positions;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    positions.emplace_back();
    for (std::int64_t at = 0; at < shape[i]; ++at) positions.back().push_back(at % x.shape()[i]);
  }
  return {select(call, x, positions, strides_of(x.shape()))};
}

// Positions start:end:step as NumPy has them.
std::vector<std::int64_t> slice_positions(const Call& call, std::int64_t extent, std::int64_t start, std::int64_t end,
                                          std::int64_t step) {
  call.require(step != 0, "a step is zero");
  const std::int64_t low = step > 0 ? 0 : -1, high = step > 0 ? extent : extent - 1;
  const auto bound = [&](std::int64_t at) { return std::clamp(at < 0 ? at + extent : at, low, high); };
  start = bound(start);
  end = bound(end);
  const bool any = step > 0 ? start < end : start > end;
  return positions_from(start, step, any ? 1 + (end - start - (step > 0 ? 1 : -1)) / step : 0);
}

Outputs slice(const Call& call) {
  const Tensor& x = call.input(0);
  const bool by_inputs = call.inputs.size() > 1;
  const auto list = [&](std::size_t input, const char* name) {
    return by_inputs ? call.has(input) ? call.integers(input) : std::vector<std::int64_t>{}
                     : call.node.ints_or(name, {});
  };
  const std::vector<std::int64_t> starts = list(1, "starts"), ends = list(2, "ends"), steps = list(4, "steps");
  std::vector<std::int64_t> axes = list(3, "axes");
  if (axes.empty()) axes = positions_from(0, 1, static_cast<std::int64_t>(starts.size()));
  call.require(
      ends.size() == starts.size() && axes.size() == starts.size() && (steps.empty() || steps.size() == starts.size()),
      "starts, ends, axes and steps must be equally many");
  Positions positions = all_positions(x.shape());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t axis = call.axis(axes[i], x.rank());
    positions[axis] = slice_positions(call, x.shape()[axis], starts[i], ends[i], steps.empty() ? 1 : steps[i]);
  }
  return {select(call, x, positions, strides_of(x.shape()))};
}

// Sizes of the parts: given, or as equal as can be with the last smaller.
std::vector<std::int64_t> split_sizes(const Call& call, std::int64_t extent) {
  if (call.has(1)) return call.integers(1);
  if (call.node.find("split")) return call.node.ints_or("split", {});
  const std::int64_t parts = call.node.int_or("num_outputs", static_cast<std::int64_t>(call.node.outputs.size()));
  call.require(parts > 0 && parts <= 1 << 20, "the number of parts is impossible");
  const std::int64_t size = (extent + parts - 1) / parts;
  std::vector<std::int64_t> sizes;
  for (std::int64_t i = 0; i < parts; ++i) sizes.push_back(std::clamp<std::int64_t>(extent - i * size, 0, size));
  return sizes;
}

Outputs split(const Call& call) {
  const Tensor& x = call.input(0);
  const std::size_t axis = call.axis(call.int_of("axis"), x.rank());
  Positions positions = all_positions(x.shape());
  Outputs parts;
  std::int64_t start = 0;
  for (std::int64_t size : split_sizes(call, x.shape()[axis])) {
    call.require(size >= 0 && size <= x.shape()[axis] - start, "the parts do not fit the axis");
    positions[axis] = positions_from(start, 1, size);
    parts.push_back(select(call, x, positions, strides_of(x.shape())));
    start += size;
  }
  call.require(start == x.shape()[axis], "the parts do not fill the axis");
  return parts;
}

Outputs concat(const Call& call) {
  std::vector<Tensor> parts;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) parts.push_back(call.input(i));
  call.require(!parts.empty(), "nothing is given");
  Shape shape = parts[0].shape();
  const std::size_t axis = call.axis(call.int_of("axis"), shape.size());
  shape[axis] = 0;
  for (const Tensor& part : parts) {
    call.require(part.rank() == shape.size(), "inputs have different ranks");
    for (std::size_t i = 0; i < shape.size(); ++i)
      call.require(i == axis || part.shape()[i] == shape[i], "inputs differ in more than the axis");
    shape[axis] += part.shape()[axis];
  }
  std::vector<std::int64_t> indices(call.result_size(shape));
  const AxisView whole(shape, axis);
  std::size_t along = 0, before = 0;
  for (const Tensor& part : parts) {
    const AxisView view(part.shape(), axis);
    for (std::size_t o = 0; o < view.outer; ++o)
      for (std::size_t k = 0; k < view.extent; ++k)
        for (std::size_t i = 0; i < view.inner; ++i)
          indices[whole.at(o, along + k, i)] = static_cast<std::int64_t>(before + view.at(o, k, i));
    along += view.extent;
    before += part.size();
  }
  return {take(join(parts), shape, indices)};
}

// Source positions of one padded axis; -1 where the fill value stands.
std::vector<std::int64_t> pad_positions(const Call& call, const std::string& mode, std::int64_t extent,
                                        std::int64_t before, std::int64_t after) {
  const std::int64_t count = extent + before + after;
  std::vector<std::int64_t> positions;
  const std::int64_t period = mode == "reflect" ? 2 * (extent - 1) : extent;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t at = i - before;
    if (at < 0 || at >= extent) {
      if (mode == "constant") {
        at = -1;
      } else {
        call.require(extent > 0, "an empty axis cannot be continued");
        if (mode == "edge") at = std::clamp<std::int64_t>(at, 0, extent - 1);
        if (mode == "wrap") at = (at % extent + extent) % extent;
        if (mode == "reflect") {
          at = period ? (at % period + period) % period : 0;
          at = std::min(at, period - at);
        }
      }
    }
    positions.push_back(at);
  }
  return positions;
}

// Pads are an attribute before opset 11 and an input since.
Outputs pad(const Call& call) {
  const Tensor& x = call.input(0);
  const std::vector<std::int64_t> pads = call.has(1) ? call.integers(1) : call.node.ints_or("pads", {});
  std::vector<std::int64_t> axes =
      call.has(3) ? call.integers(3) : positions_from(0, 1, static_cast<std::int64_t>(x.rank()));
  call.require(pads.size() == 2 * axes.size(), "two pads an axis are needed");
  const std::string mode = call.string_of("mode");
  call.require(mode == "constant" || mode == "edge" || mode == "reflect" || mode == "wrap", "the mode is not known");
  Positions positions = all_positions(x.shape());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t axis = call.axis(axes[i], x.rank());
    const std::int64_t before = pads[i], after = pads[axes.size() + i], extent = x.shape()[axis];
    constexpr std::int64_t kMost = std::int64_t{1} << 31;
    call.require(before > -kMost && before < kMost && after > -kMost && after < kMost, "a pad is too large");
    call.result_size({extent + before + after});
    positions[axis] = pad_positions(call, mode, extent, before, after);
  }
  Tensor fill;
  if (call.has(2))
    fill = call.input(2);
  else if (call.node.find("value"))
    fill = tensor_of(std::vector<double>{call.float_of("value")}, {}, x.dtype());
  call.require(!fill.defined() || fill.size() == 1, "the value to fill with must be one number");
  return {select(call, x, positions, strides_of(x.shape()), fill)};
}

Outputs depth_to_space(const Call& call) {
  const Tensor& x = call.input(0);
  const std::int64_t b = call.int_of("blocksize");
  call.require(x.rank() == 4 && b > 0 && b < 1 << 15 && x.shape()[1] % (b * b) == 0,
               "the block does not fit the channels");
  const std::int64_t n = x.shape()[0], c = x.shape()[1] / (b * b), h = x.shape()[2], w = x.shape()[3];
  const Tensor moved = call.string_of("mode") == "DCR"
                           ? permute(call, x.reshaped({n, b, b, c, h, w}), {0, 3, 4, 1, 5, 2})
                           : permute(call, x.reshaped({n, c, b, b, h, w}), {0, 1, 4, 2, 5, 3});
  return {moved.reshaped({n, c, h * b, w * b})};
}

Outputs space_to_depth(const Call& call) {
  const Tensor& x = call.input(0);
  const std::int64_t b = call.int_of("blocksize");
  call.require(x.rank() == 4 && b > 0 && b < 1 << 15 && x.shape()[2] % b == 0 && x.shape()[3] % b == 0,
               "the block does not fit the image");
  const std::int64_t n = x.shape()[0], c = x.shape()[1], h = x.shape()[2] / b, w = x.shape()[3] / b;
  const Tensor blocks = x.reshaped({n, c, h, b, w, b});
  const Tensor moved = call.string_of("mode") == "DCR" ? permute(call, blocks, {0, 3, 5, 1, 2, 4})
                                                       : permute(call, blocks, {0, 1, 3, 5, 2, 4});
  return {moved.reshaped({n, c * b * b, h, w})};
}

Outputs trilu(const Call& call) {
  const Tensor& x = call.input(0);
  call.require(x.rank() >= 2, "the input must have rank 2 or more");
  const std::int64_t k = call.has(1) ? call.integer(1) : 0;
  const bool upper = call.int_of("upper") != 0;
  const std::int64_t rows = x.shape()[x.rank() - 2], columns = x.shape()[x.rank() - 1];
  std::vector<std::int64_t> indices(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const std::int64_t row = at / columns % rows, ahead = at % columns - row;
    indices[i] = (upper ? ahead >= k : ahead <= k) ? at : -1;
  }
  return {take(x, x.shape(), indices)};
}

Outputs reverse_sequence(const Call& call) {
  const Tensor& x = call.input(0);
  const std::vector<std::int64_t> lengths = call.integers(1);
  const std::size_t time = call.axis(call.int_of("time_axis"), x.rank()),
                    batch = call.axis(call.int_of("batch_axis"), x.rank());
  call.require(time != batch && lengths.size() == static_cast<std::size_t>(x.shape()[batch]),
               "one length a sequence is needed");
  const Shape strides = strides_of(x.shape());
  std::vector<std::int64_t> indices(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const std::int64_t step = at / strides[time] % x.shape()[time],
                       length = lengths[static_cast<std::size_t>(at / strides[batch] % x.shape()[batch])];
    call.require(length >= 0 && length <= x.shape()[time], "a length is outside the sequence");
    indices[i] = step < length ? at + (length - 1 - 2 * step) * strides[time] : at;
  }
  return {take(x, x.shape(), indices)};
}

constexpr ReferenceKernel kKernels[] = {
    {"Concat", concat},
    {"DepthToSpace", depth_to_space},
    {"Expand", expand},
    {"Pad", pad},
    {"ReverseSequence", reverse_sequence},
    {"Slice", slice},
    {"SpaceToDepth", space_to_depth},
    {"Split", split},
    {"Tile", tile},
    {"Transpose", transpose},
    {"Trilu", trilu},
};

}  // namespace

std::span<const ReferenceKernel> move_kernels() {
  return kKernels;
}

}  // namespace bw
