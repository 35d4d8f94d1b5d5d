#include "data/feed.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "archive/npy.h"
#include "base/error.h"
#include "data/image.h"
#include "tensor/convert.h"

namespace bw {
namespace {

// The pixels [H, W, C] as [C, H, W] or [H, W, C], each byte replaced by its channel's value. `order`: which stored
// channel comes out as channel c.
template <bool kChannelsFirst, std::size_t kChannels>
void look_up(std::span<const std::uint8_t> pixels, std::span<float> out, const float* table, const std::size_t* order) {
  const std::size_t count = pixels.size() / kChannels;
  for (std::size_t c = 0; c < kChannels; ++c) {
    const float* values = table + 256 * c;
    const std::uint8_t* from = pixels.data() + order[c];
    float* to = out.data() + (kChannelsFirst ? c * count : c);
    for (std::size_t i = 0; i < count; ++i) to[kChannelsFirst ? i : i * kChannels] = values[from[i * kChannels]];
  }
}

void require_finite(const Tensor& tensor, const std::string& input) {
  if (tensor.dtype() != DType::Float32) return;
  const auto values = tensor.data<float>();
  float sum = 0;  // NaN and infinities stay in a sum of x - x
  for (float value : values) sum += value - value;
  if (sum == 0) return;
  const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  throw Error(InputClass::Data, "is not finite at element " + std::to_string(bad - values.begin()), input,
              "Remove or repair the sample");
}

}  // namespace

Shape declared_shape(const InputSignature& signature) {
  Shape shape;
  for (std::size_t i = 0; i < signature.shape.size(); ++i)
    if (static_cast<int>(i) != signature.batch_axis)
      shape.push_back(signature.shape[i].known() ? signature.shape[i].value : -1);
  return shape;
}

bool fits(const Shape& made, const Shape& declared) {
  return std::equal(made.begin(), made.end(), declared.begin(), declared.end(),
                    [](auto have, auto want) { return want < 0 || have < 0 || have == want; });
}

namespace {

// The shape that the model declares for one channel, [-1], [1, -1], [16000, 1], with its only size that is not 1 made
// `length`; [length] when there is no such size or more than one.
Shape with_length(const Shape& wanted, std::int64_t length) {
  if (std::count_if(wanted.begin(), wanted.end(), [](auto size) { return size != 1; }) != 1) return {length};
  Shape shape = wanted;
  *std::find_if(shape.begin(), shape.end(), [](auto size) { return size != 1; }) = length;
  return shape;
}

Feed::Kind kind_of(Column::Kind kind) {
  switch (kind) {
    case Column::Kind::Image:
      return Feed::Kind::Image;
    case Column::Kind::Sound:
      return Feed::Kind::Sound;
    case Column::Kind::Text:
      return Feed::Kind::Tokens;
    case Column::Kind::Array:
      break;
  }
  return Feed::Kind::Array;
}

}  // namespace

Tensor with_dtype(const Tensor& tensor, DType dtype, const std::string& what) {
  if (tensor.dtype() == dtype) return tensor;
  if (dtype == DType::String || tensor.dtype() == DType::String)
    throw Error(InputClass::Semantic,
                "is " + std::string(name_of(tensor.dtype())) + ", wanted is " + std::string(name_of(dtype)), what);
  Tensor result = cast(tensor, dtype);
  if (info(dtype).is_integer && to_doubles(result) != to_doubles(tensor))
    throw Error(InputClass::Data, "has values that " + std::string(name_of(dtype)) + ", which is wanted, cannot hold",
                what);
  return result;
}

Feed::Feed(InputSpec spec, InputSignature signature, const Source& source)
    : spec_(std::move(spec)), signature_(std::move(signature)) {
  const bool named = find_column(source, spec_.from) != nullptr;
  if (!named && (spec_.from == "zeros" || spec_.from == "constant")) {
    kind_ = Kind::Constant;
    constant_ = made_constant();
    return;
  }
  column_ = column_named(source, spec_.column.empty() ? spec_.from : spec_.column, "input \"" + spec_.name + "\"");
  const Column& column = source.columns()[column_];
  kind_ = kind_of(column.kind);
  if (kind_ == Kind::Sound) check_rate(column);
  if (kind_ != Kind::Image) return;
  check_channels();
  for (std::size_t c = 0; c < channel_count(); ++c)
    for (int byte = 0; byte < 256; ++byte) table_.push_back(affine(static_cast<float>(byte), c));
}

void Feed::check_channels() const {
  for (const std::vector<double>* list : {&spec_.mean, &spec_.std})
    if (list->size() > 1 && list->size() != channel_count())
      throw Error(InputClass::Semantic,
                  "mean or std has " + std::to_string(list->size()) + " numbers for " +
                      std::to_string(channel_count()) + " channels",
                  "input \"" + spec_.name + "\"");
}

void Feed::check_rate(const Column& column) const {
  if (spec_.sample_rate == 0 || spec_.sample_rate == column.sample_rate) return;
  throw Error(InputClass::Unsupported,
              "wants " + std::to_string(spec_.sample_rate) + " frames a second, the sounds have " +
                  std::to_string(column.sample_rate) + ", and nothing is resampled here",
              "input \"" + spec_.name + "\"",
              "Resample the files first: ffmpeg -i IN.wav -ar " + std::to_string(spec_.sample_rate) + " OUT.wav");
}

Tensor Feed::made_constant() const {
  const std::string where = "input \"" + spec_.name + "\"";
  const Shape shape = spec_.shape.empty() ? declared_shape(signature_) : Shape(spec_.shape);
  if (std::find(shape.begin(), shape.end(), -1) != shape.end())
    throw Error(InputClass::Semantic, "the model leaves its shape open: " + to_string(shape), where,
                "Say the shape of one sample in dataset.yaml: inputs: {" + spec_.name + ": {shape: [1, 128]}}");
  const double value = spec_.from == "zeros" ? 0 : spec_.value.value_or(0);
  return fitted(Tensor::fill<double>(shape, [&](std::span<double> out) { std::fill(out.begin(), out.end(), value); }));
}

std::size_t Feed::channel_count() const {
  return spec_.color == "gray" ? 1 : 3;
}

std::int64_t Feed::fixed_length() const {
  const Shape shape = declared_shape(signature_);
  return shape.empty() ? -1 : shape[0];
}

float Feed::affine(float value, std::size_t channel) const {
  const auto pick = [&](const std::vector<double>& list, double otherwise) {
    return static_cast<float>(list.empty() ? otherwise : list.size() == 1 ? list[0] : list.at(channel));
  };
  const Scale scale = spec_.scale.value_or(Scale{});
  value = value * static_cast<float>(scale.factor);
  value = value / static_cast<float>(scale.divisor);
  return (value - pick(spec_.mean, 0)) / pick(spec_.std, 1);
}

Tensor Feed::from_image(const Tensor& image) const {
  try {
    return fitted(coloured(resized(with_channels(image, static_cast<std::int64_t>(channel_count())))));
  } catch (const Error& error) {
    throw error.within("input \"" + spec_.name + "\"");
  }
}

Tensor Feed::resized(const Tensor& image) const {
  const std::int64_t height = image.shape()[0], width = image.shape()[1];
  Tensor result = image;
  if (spec_.resize) result = resize_bilinear(image, spec_.resize->first, spec_.resize->second);
  if (spec_.resize_short) {
    const std::int64_t side = *spec_.resize_short, shorter = std::min(height, width);
    result = resize_bilinear(image, std::max<std::int64_t>(side * height / shorter, 1),
                             std::max<std::int64_t>(side * width / shorter, 1));
  }
  return spec_.crop ? crop_centre(result, spec_.crop->first, spec_.crop->second) : result;
}

Tensor Feed::coloured(const Tensor& pixels) const {
  const std::size_t channels = channel_count();
  const bool first = spec_.layout == "NCHW";
  const std::array<std::size_t, 3> order =
      spec_.color == "BGR" ? std::array<std::size_t, 3>{2, 1, 0} : std::array<std::size_t, 3>{0, 1, 2};
  const Shape& in = pixels.shape();
  const Shape shape = first ? Shape{in[2], in[0], in[1]} : in;
  const auto bytes = pixels.data<std::uint8_t>();
  const auto fill = [&](std::span<float> out) {
    if (channels == 1)
      look_up<true, 1>(bytes, out, table_.data(), order.data());
    else if (first)
      look_up<true, 3>(bytes, out, table_.data(), order.data());
    else
      look_up<false, 3>(bytes, out, table_.data(), order.data());
  };
  return Tensor::fill<float>(shape, fill);
}

// A picture of numbers whose channels stand where the model does not want them.
Tensor Feed::laid_out(const Tensor& picture) const {
  if (spec_.layout.empty() || picture.rank() != 3 || fits(picture.shape(), declared_shape(signature_))) return picture;
  const Shape& in = picture.shape();
  const bool first = spec_.layout == "NCHW";
  Shape out = first ? Shape{in[2], in[0], in[1]} : Shape{in[1], in[2], in[0]};
  if (!fits(out, declared_shape(signature_))) return picture;  // fitted() says what is wrong
  const std::size_t rows = static_cast<std::size_t>(first ? in[0] * in[1] : in[0]), columns = picture.size() / rows;
  const std::size_t bytes = picture.bytes().size() / picture.size();
  return Tensor::make(picture.dtype(), std::move(out), [&](std::span<std::byte> to) {
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c)
        std::copy_n(picture.bytes().data() + (r * columns + c) * bytes, bytes, to.data() + (c * rows + r) * bytes);
  });
}

Tensor Feed::scaled(const Tensor& array) const {
  if (!spec_.scale && spec_.mean.empty() && spec_.std.empty()) return array;
  std::vector<float> values = to_floats(array);
  const std::size_t channels = std::max(spec_.mean.size(), spec_.std.size());
  const bool first = spec_.layout != "NHWC";
  const std::int64_t axis = array.rank() == 0 ? 1 : first ? array.shape()[0] : array.shape().back();
  if (channels > 1 && axis != static_cast<std::int64_t>(channels))
    throw Error(
        InputClass::Semantic,
        "mean or std has " + std::to_string(channels) + " numbers for an array of shape " + to_string(array.shape()),
        "input \"" + spec_.name + "\"");
  const std::size_t plane = values.size() / std::max<std::size_t>(channels, 1);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = affine(values[i], channels <= 1 ? 0 : first ? i / plane : i % channels);
  return Tensor::of<float>(array.shape(), values);
}

Tensor Feed::from_sound(const Tensor& sound) const {
  const auto stored = sound.data<float>();
  const auto channels = static_cast<std::size_t>(sound.shape()[1]),
             out_channels = spec_.mono.value_or(true) ? 1 : channels,
             frames = static_cast<std::size_t>(sound.shape()[0]),
             length = spec_.length > 0 ? static_cast<std::size_t>(spec_.length) : frames;
  const Shape wanted = declared_shape(signature_);
  const bool last =
      wanted.size() == 2 && wanted[1] == static_cast<std::int64_t>(out_channels) && wanted[0] != wanted[1];
  const auto value_at = [&](std::size_t frame, std::size_t channel) {
    if (frame >= frames) return static_cast<float>(pad());
    if (out_channels == channels) return affine(stored[frame * channels + channel], 0);
    float sum = 0;
    for (std::size_t c = 0; c < channels; ++c) sum += stored[frame * channels + c];
    return affine(sum / static_cast<float>(channels), 0);
  };
  const Tensor made = Tensor::fill<float>({static_cast<std::int64_t>(last ? length : out_channels),
                                           static_cast<std::int64_t>(last ? out_channels : length)},
                                          [&](std::span<float> out) {
                                            for (std::size_t c = 0; c < out_channels; ++c)
                                              for (std::size_t f = 0; f < length; ++f)
                                                out[last ? f * out_channels + c : c * length + f] = value_at(f, c);
                                          });
  return fitted(out_channels == 1 ? made.reshaped(with_length(wanted, static_cast<std::int64_t>(length))) : made);
}

Tensor Feed::from_array(const Tensor& row, std::optional<Positions> keep) const {
  Tensor result = row;
  const bool sequence = row.rank() > 0 && fixed_length() < 0;
  if (keep && sequence && keep->second > static_cast<std::size_t>(row.shape()[0]))
    throw Error(InputClass::Data,
                "is " + to_string(row.shape()) + ", shorter than the length of " + std::to_string(keep->second) +
                    " that the data says",
                "input \"" + spec_.name + "\"");
  if (keep && sequence) result = rows_of(row, keep->first, keep->second);
  require_finite(result, "input \"" + spec_.name + "\"");
  return fitted(scaled(laid_out(result)));
}

Tensor Feed::from_tokens(const Tokens& tokens) const {
  const std::int64_t fixed = spec_.from == "lengths" ? -1 : fixed_length(),
                     most = spec_.max_length > 0 ? spec_.max_length : fixed;
  auto count = static_cast<std::int64_t>(tokens.ids.size());
  if (most > 0) count = std::min(count, most);
  if (count == 0) throw Error(InputClass::Data, "the text gives no tokens", "input \"" + spec_.name + "\"");
  if (spec_.from == "lengths") return fitted(Tensor::scalar(count));
  std::vector<std::int64_t> values(static_cast<std::size_t>(count), 1);  // attention_mask
  if (spec_.from == "input_ids") std::copy_n(tokens.ids.begin(), count, values.begin());
  if (spec_.from == "token_type_ids") std::copy_n(tokens.type_ids.begin(), count, values.begin());
  if (fixed > count) values.resize(static_cast<std::size_t>(fixed), static_cast<std::int64_t>(pad()));
  return fitted(Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
}

Tensor Feed::fitted(const Tensor& made) const {
  const Shape wanted = declared_shape(signature_);
  Tensor result = with_dtype(made, signature_.dtype, "input \"" + spec_.name + "\"");
  if (fits(result.shape(), wanted)) return result;
  // The same elements in a shape that the model spells differently: [28, 28, 1] for [784] or [1, 28, 28].
  const bool whole = std::none_of(wanted.begin(), wanted.end(), [](auto dim) { return dim < 0; });
  if (whole && element_count(wanted) == result.size() && (result.rank() != wanted.size() || spec_.color == "gray"))
    return result.reshaped(wanted);
  throw Error(InputClass::Semantic,
              "is " + to_string(result.shape()) + " for a sample, the model wants " + to_string(wanted),
              "input \"" + spec_.name + "\"",
              "Say in dataset.yaml how it is made: resize, crop, layout, max_length, length; or which axis of the "
              "model's input counts the samples: batch_axis");
}

}  // namespace bw
