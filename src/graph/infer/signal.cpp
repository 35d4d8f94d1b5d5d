// Signals, images, text, and classical models.
#include <algorithm>

#include "graph/infer/rules.h"

namespace bw::rule {

namespace {

// An input that is one extent.
Dim extent(const Inference& at, std::size_t input) {
  const auto contents = at.contents(input);
  return contents && contents->elements.size() == 1 ? contents->elements[0].dim() : Dim{};
}

// Frequencies of a real signal of that length that are not mirrored.
Dim half(const Dim& length) {
  return length.known() ? number_dim(length.value / 2 + 1) : Dim{};
}

}  // namespace

void window(Inference& at) {
  at.output(0, at.dtype_attribute("output_datatype", DType::Float32), Dims{extent(at, 0)});
}

// x [..., length, ..., 1 or 2]; the axis is an attribute before opset 20 and an input since.
void dft(Inference& at) {
  at.output(0, at.dtype(0));
  const Dims* x = at.shape(0);
  if (!x) return;
  at.require(x->size() >= 2, "the input has no axis beside that of complex numbers");
  const bool one_sided = at.attribute("onesided") != 0, inverse = at.attribute("inverse") != 0;
  Dims result = *x;
  result.back() = number_dim(inverse && one_sided ? 1 : 2);
  std::optional<std::int64_t> axis = at.opset() < 20 ? at.node().int_or("axis", 1) : -2;
  if (at.has(2)) axis = at.integer(2);
  if (!axis) {
    if (one_sided || at.has(1))
      for (std::size_t i = 0; i + 1 < result.size(); ++i) result[i] = Dim{};
    return at.output(0, at.dtype(0), std::move(result));
  }
  Dim& length = result[at.axis(*axis, x->size())];
  if (at.has(1))
    length = extent(at, 1);
  else if (one_sided && inverse)
    length = length.known() ? times(number_dim(std::max<std::int64_t>(length.value - 1, 0)), 2) : Dim{};
  if (one_sided && !inverse) length = half(length);
  at.output(0, at.dtype(0), std::move(result));
}

// signal [batch, length, 1 or 2], step, window [frame], frame length.
void stft(Inference& at) {
  const Dims *signal = at.shape(0), *window_shape = at.has(2) ? at.shape(2) : nullptr;
  if (!signal) return at.output(0, at.dtype(0));
  at.require(signal->size() >= 2, "the signal has no batch and length");
  Dim frame = extent(at, 3);
  if (window_shape && window_shape->size() == 1) frame = unified(at, frame, (*window_shape)[0]);
  const auto step = at.integer(1);
  const Dim& length = (*signal)[1];
  Dim frames;
  if (step && *step > 0 && length.known() && frame.known() && length.value >= frame.value)
    frames = number_dim((length.value - frame.value) / *step + 1);
  at.output(0, at.dtype(0),
            Dims{(*signal)[0], frames, at.attribute("onesided") != 0 ? half(frame) : frame, number_dim(2)});
}

// Inputs: number of bins, length of the transform, sample rate, lower and upper frequency.
void mel_weight_matrix(Inference& at) {
  at.output(0, at.dtype_attribute("output_datatype", DType::Float32), Dims{half(extent(at, 1)), extent(at, 0)});
}

void image_decoder(Inference& at) {
  at.output(0, DType::UInt8, unknown_dims(3));
}

// Outputs: the parts, in a new last axis, and how many they are.
void string_split(Inference& at) {
  std::optional<Dims> shape = copied(at.shape(0));
  at.output(1, DType::Int64, shape);
  if (shape) shape->push_back({});
  at.output(0, DType::String, std::move(shape));
}

// Words [count] or [1, count], of which some are left out.
void string_normalizer(Inference& at) {
  std::optional<Dims> shape = copied(at.shape(0));
  if (shape && !shape->empty()) shape->back() = Dim{};
  at.output(0, DType::String, std::move(shape));
}

void tf_idf_vectorizer(Inference& at) {
  std::optional<Dims> shape = copied(at.shape(0));
  const auto places = at.list("ngram_indexes");
  if (shape && !shape->empty() && !places.empty()) {
    const std::int64_t last = *std::max_element(places.begin(), places.end());
    shape->back() = last >= 0 && last < (std::int64_t{1} << 40) ? number_dim(last + 1) : Dim{};
  }
  at.output(0, DType::Float32, std::move(shape));
}

// Keys of one type become values of another: the attribute that is there names the type.
void label_encoder(Inference& at) {
  DType dtype = DType::Undefined;
  if (at.node().find("values_strings")) dtype = DType::String;
  if (at.node().find("values_int64s")) dtype = DType::Int64;
  if (at.node().find("values_floats")) dtype = DType::Float32;
  if (const Attribute* values = at.node().find("values_tensor"))
    if (const auto* tensor = std::get_if<Tensor>(&values->data)) dtype = tensor->dtype();
  at.output(0, dtype, copied(at.shape(0)));
}

// x [batch, features] -> [batch, targets].
void tree_ensemble(Inference& at) {
  const Dims* x = at.shape(0);
  const Dim targets = at.node().find("n_targets") ? number_dim(at.attribute("n_targets")) : Dim{};
  at.output(0, at.dtype(0), Dims{x && !x->empty() ? (*x)[0] : Dim{}, targets});
}

// Inputs: rate, count of steps, then for each tensor its value, gradient and states (one, of Adam two), grouped by what
// they are. Outputs: the values and states.
void optimizer(Inference& at) {
  const std::size_t groups = at.node().op_type == "Adam" ? 4 : 3;
  const std::size_t tensors = at.inputs() < 2 ? 0 : (at.inputs() - 2) / groups;
  for (std::size_t i = 0; i < at.outputs() && tensors > 0; ++i)
    at.output(i, at.input(2 + i + (i < tensors ? 0 : tensors)));
}

}  // namespace bw::rule
