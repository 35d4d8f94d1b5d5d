#include "graph/evaluate/windows.h"

#include <algorithm>

#include "graph/evaluate/elements.h"
#include "graph/ops/windows.h"

namespace bw {

namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 31;

}  // namespace

Windows Windows::of(const Call& call, const Shape& spatial, Shape kernel) {
  const std::size_t rank = spatial.size();
  const std::vector<std::int64_t> ones(rank, 1),
      pads = call.node.ints_or("pads", std::vector<std::int64_t>(2 * rank, 0));
  Windows windows;
  windows.input = spatial;
  windows.kernel = call.node.ints_or("kernel_shape", std::move(kernel));
  windows.strides = call.node.ints_or("strides", ones);
  windows.dilations = call.node.ints_or("dilations", ones);
  call.require(windows.kernel.size() == rank && windows.strides.size() == rank && windows.dilations.size() == rank &&
                   pads.size() == 2 * rank,
               "attributes do not have one entry a spatial axis");
  for (std::size_t i = 0; i < rank; ++i)
    for (std::int64_t number : {windows.kernel[i], windows.strides[i], windows.dilations[i]})
      call.require(number > 0 && number < kMost, "kernel, strides and dilations must be positive");
  for (std::int64_t pad : pads) call.require(pad > -kMost && pad < kMost, "a pad is too large");
  const std::string auto_pad = call.node.string_or("auto_pad", "NOTSET");
  const bool upper = auto_pad == "SAME_UPPER", ceiling = call.node.int_or("ceil_mode", 0) != 0;
  for (std::size_t i = 0; i < rank; ++i) {
    WindowAxis axis{windows.kernel[i], windows.strides[i], windows.dilations[i], pads[i], pads[i + rank], ceiling};
    if (upper || auto_pad == "SAME_LOWER") axis.pad_same(spatial[i], upper);
    const auto places = axis.places(spatial[i]);
    call.require(places.has_value(), "the kernel is larger than the padded input");
    windows.output.push_back(*places);
    windows.pads_before.push_back(axis.before);
    windows.pads_after.push_back(axis.after);
  }
  call.result_size(windows.output);
  call.result_size(windows.kernel);
  return windows;
}

std::size_t Windows::taps() const {
  return static_cast<std::size_t>(element_count(kernel));
}

void Windows::for_each(const std::function<void(const Meeting&)>& visit) const {
  const std::size_t rank = input.size(), places = static_cast<std::size_t>(element_count(output));
  const Shape out_strides = strides_of(output), tap_strides = strides_of(kernel);
  for (std::size_t out = 0; out < places; ++out)
    for (std::size_t tap = 0; tap < taps(); ++tap) {
      Meeting meeting{out, tap, 0, true};
      bool inside = true;
      for (std::size_t i = 0; i < rank; ++i) {
        const std::int64_t place = static_cast<std::int64_t>(out) / out_strides[i] % output[i];
        const std::int64_t k = static_cast<std::int64_t>(tap) / tap_strides[i] % kernel[i];
        const std::int64_t at = place * strides[i] - pads_before[i] + k * dilations[i];
        inside = inside && at >= 0 && at < input[i];
        meeting.inside_padding = meeting.inside_padding && at < input[i] + pads_after[i];
        meeting.in = meeting.in * input[i] + at;
      }
      if (!inside) meeting.in = -1;
      visit(meeting);
    }
}

}  // namespace bw
