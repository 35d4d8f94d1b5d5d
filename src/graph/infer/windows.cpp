// Convolution and pooling over [batch, channels, spatial...].
#include "graph/ops/windows.h"
#include "graph/infer/rules.h"

namespace bw::rule {

namespace {

// Beyond these, sums and products would leave 63 bits.
constexpr std::int64_t kLongestAxis = std::int64_t{1} << 60, kLongestKernel = std::int64_t{1} << 31;

// One spatial axis with what the attributes say of it.
struct Slide {
  WindowAxis window;
  bool known_kernel = true, same_upper = false, same_lower = false;
};

// One entry an axis, from an attribute that may be left out.
std::vector<std::int64_t> entries(const Inference& at, std::string_view name, std::size_t count,
                                  std::int64_t otherwise) {
  std::vector<std::int64_t> list = at.list(name);
  if (list.empty()) list.assign(count, otherwise);
  at.require(list.size() == count, "an attribute does not have one entry a spatial axis");
  return list;
}

// kernel: of the weight; its dimensions may be unknown. Empty: the attribute kernel_shape alone says it.
std::vector<Slide> slides(const Inference& at, std::size_t rank, const Dims& kernel) {
  const auto strides = entries(at, "strides", rank, 1), dilations = entries(at, "dilations", rank, 1),
             pads = entries(at, "pads", 2 * rank, 0);
  const auto given = at.list("kernel_shape");
  at.require((given.empty() ? kernel.size() : given.size()) == rank, "the kernel does not have the input's axes");
  const std::string auto_pad = at.node().find("auto_pad") ? at.text("auto_pad") : "NOTSET";
  const bool ceiling = at.node().find("ceil_mode") && at.attribute("ceil_mode") != 0;
  std::vector<Slide> all(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t extent = given.empty() ? kernel[i].value : given[i];
    all[i].known_kernel = extent > 0 && extent <= kLongestKernel;
    all[i].window = {all[i].known_kernel ? extent : 1, strides[i], dilations[i], pads[i], pads[i + rank], ceiling};
    all[i].same_upper = auto_pad == "SAME_UPPER";
    all[i].same_lower = auto_pad == "SAME_LOWER";
    if (auto_pad == "VALID") all[i].window.before = all[i].window.after = 0;
  }
  return all;
}

Dim slid(const Inference& at, Slide slide, const Dim& input) {
  const bool same = slide.same_upper || slide.same_lower;
  WindowAxis& window = slide.window;
  if (same && window.stride == 1) return input;
  if (!slide.known_kernel || input.value > kLongestAxis) return {};
  if (!input.known())
    return !same && window.stride == 1 && window.before + window.after == window.reach() - 1 ? input : Dim{};
  if (same) window.pad_same(input.value, slide.same_upper);
  const auto places = window.places(input.value);
  if (!places) at.fail("the kernel is larger than the padded input");
  return number_dim(*places);
}

// [batch, channels, places...]; nullopt where the input's rank is not known.
std::optional<Dims> slid_shape(const Inference& at, const Dims* input, const Dim& channels, const Dims& kernel) {
  if (!input) return std::nullopt;
  at.require(input->size() >= 2, "the input has no batch and channels");
  const std::vector<Slide> all = slides(at, input->size() - 2, kernel);
  Dims result{(*input)[0], channels};
  for (std::size_t i = 0; i < all.size(); ++i) result.push_back(slid(at, all[i], (*input)[i + 2]));
  return result;
}

// Weights are [out, in / group, kernel...].
std::optional<Dims> conv_shape(const Inference& at, std::size_t x, std::size_t w) {
  const Dims *input = at.shape(x), *weight = at.shape(w);
  if (!input) return std::nullopt;
  at.require(input->size() >= 3, "the input has no spatial axes");
  if (!weight) return unknown_dims(input->size());
  at.require(weight->size() == input->size(), "input and weight differ in rank");
  if ((*input)[1].known() && (*weight)[1].known()) {
    const Dim wanted = times((*weight)[1], at.attribute("group"));
    if (wanted.known()) unified(at, (*input)[1], wanted);
  }
  return slid_shape(at, input, (*weight)[0], Dims(weight->begin() + 2, weight->end()));
}

}  // namespace

void conv(Inference& at) {
  at.output(0, at.dtype(0), conv_shape(at, 0, 1));
}

void conv_integer(Inference& at) {
  at.output(0, DType::Int32, conv_shape(at, 0, 1));
}

// Inputs: x, its scale and zero point, w, its scale and zero point, scale and zero point of the result, bias.
void qlinear_conv(Inference& at) {
  at.output(0, at.dtype(7), conv_shape(at, 0, 3));
}

// Each place of the input is spread over a window; weights are [in, out / group, kernel...].
void conv_transpose(Inference& at) {
  at.output(0, at.dtype(0));
  const Dims *input = at.shape(0), *weight = at.shape(1);
  if (!input || !weight) return;
  at.require(input->size() >= 3 && weight->size() == input->size(), "input and weight differ in rank");
  unified(at, (*input)[1], (*weight)[0]);
  const std::size_t rank = input->size() - 2;
  const std::vector<Slide> all = slides(at, rank, Dims(weight->begin() + 2, weight->end()));
  const auto more = entries(at, "output_padding", rank, 0), wanted = entries(at, "output_shape", rank, -1);
  Dims result{(*input)[0], times((*weight)[1], at.attribute("group"))};
  for (std::size_t i = 0; i < rank; ++i) {
    const WindowAxis& window = all[i].window;
    const Dim& extent = (*input)[i + 2];
    const bool same = all[i].same_upper || all[i].same_lower;
    if (wanted[i] >= 0) {
      result.push_back(number_dim(wanted[i]));
    } else if (same) {
      result.push_back(times(extent, window.stride));
    } else {
      const std::int64_t added = more[i] + window.reach() - window.before - window.after - window.stride;
      const Dim spread = times(extent, window.stride);
      const bool known = all[i].known_kernel && spread.known() && spread.value <= kLongestAxis;
      if (known) at.require(spread.value + added >= 0, "the padding takes more than there is");
      result.push_back(known ? number_dim(spread.value + added) : all[i].known_kernel && added == 0 ? spread : Dim{});
    }
  }
  at.output(0, at.dtype(0), std::move(result));
}

// x [batch, channels, steps], weight [channels, 1, kernel]; the state is the last kernel - 1 steps.
void causal_conv(Inference& at) {
  unary(at);
  Dims state(3);
  if (const Dims* x = at.shape(0); x && x->size() == 3) state = {(*x)[0], (*x)[1], Dim{}};
  if (const Dims* weight = at.shape(1); weight && weight->size() == 3 && weight->back().value > 0)
    state[2] = number_dim(weight->back().value - 1);
  at.output(1, at.dtype(0), std::move(state));
}

void pool(Inference& at) {
  const Dims* input = at.shape(0);
  if (input) at.require(input->size() >= 3, "the input has no spatial axes");
  const std::optional<Dims> shape = slid_shape(at, input, input ? (*input)[1] : Dim{}, {});
  at.output(0, at.dtype(0), shape);
  at.output(1, DType::Int64, shape);  // where the greatest stood
}

namespace {

// [batch, spatial..., channels] as [batch, channels, spatial...]; backward: the other way.
Dims channels_second(Dims shape) {
  shape.insert(shape.begin() + 1, shape.back());
  shape.pop_back();
  return shape;
}
Dims channels_last(Dims shape) {
  shape.push_back(shape[1]);
  shape.erase(shape.begin() + 1);
  return shape;
}

std::optional<Dims> global_shape(const Inference& at, const Dims* input, bool last) {
  if (!input) return std::nullopt;
  at.require(input->size() >= 2, "the input has no batch and channels");
  Dims result = *input;
  for (std::size_t i = 1; i < result.size(); ++i)
    if (i != (last ? result.size() - 1 : 1)) result[i] = number_dim(1);
  return result;
}

}  // namespace

void qlinear_pool(Inference& at) {
  const Dims* input = at.shape(0);
  if (!input) return at.output(0, at.dtype(0));
  at.require(input->size() >= 3, "the input has no spatial axes");
  const bool last = at.attribute("channels_last") != 0;
  const Dims ordered = last ? channels_second(*input) : *input;
  const Dims shape = *slid_shape(at, &ordered, ordered[1], {});
  at.output(0, at.dtype(0), last ? channels_last(shape) : shape);
}

void global_pool(Inference& at) {
  at.output(0, at.dtype(0), global_shape(at, at.shape(0), false));
}

void qlinear_global_pool(Inference& at) {
  at.output(0, at.dtype(0), global_shape(at, at.shape(0), at.attribute("channels_last") != 0));
}

}  // namespace bw::rule
