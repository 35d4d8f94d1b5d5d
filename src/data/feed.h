// How one input of a model is made from one column of a source: the rules of dataset.yaml's `inputs`, as functions.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "data/encoder.h"
#include "data/sources/source.h"
#include "data/spec.h"
#include "data/trim.h"

namespace bw {

// Shape of one sample as the model declares it: without the batch axis; -1 where it is free.
Shape declared_shape(const InputSignature& signature);
bool fits(const Shape& made, const Shape& declared);  // -1 fits everything, on either side

// The same values in another dtype, as Cast; but integers must keep their value: InputError(data) naming `what`.
Tensor with_dtype(const Tensor& tensor, DType dtype, const std::string& what);

class Feed {
 public:
  enum class Kind { Image, Sound, Array, Tokens, Constant };

  // `spec` is complete (data/resolve.h); `column` is what its `from` (for tokens: its `column`) means in `source`.
  Feed(InputSpec spec, InputSignature signature, const Source& source);

  const InputSpec& spec() const { return spec_; }
  Kind kind() const { return kind_; }
  std::size_t column() const { return column_; }  // not of a constant
  double pad() const { return spec_.pad.value_or(0); }

  // An image, uint8 [H, W, C]: colour, resize, crop, v = (x * scale - mean) / std, layout, the model's dtype and shape.
  Tensor from_image(const Tensor& image) const;
  // Sound, float32 [frames, channels]: the mean of the channels where the model takes one, cut or filled up to the
  // length, scale, mean, std where said, channels where the model wants them, the model's dtype and shape.
  Tensor from_sound(const Tensor& sound) const;
  // A row of numbers: positions outside [first, last) of axis 0 cut off when `keep` is given and the model allows it;
  // then channels moved to where the layout says that the model wants them, scale, mean, std where said; the model's
  // dtype and shape.
  Tensor from_array(const Tensor& row, std::optional<Positions> keep) const;
  // ids, a mask of ones, type ids or the count, by the spec's `from`; cut at max_length or the model's fixed length.
  Tensor from_tokens(const Tokens& tokens) const;

  Tensor constant() const { return constant_; }  // the same for every sample

  // Length that the model fixes for axis 0 of this input; -1 when it is free.
  std::int64_t fixed_length() const;

 private:
  std::size_t channel_count() const;
  Tensor resized(const Tensor& image) const;
  Tensor coloured(const Tensor& pixels) const;
  Tensor laid_out(const Tensor& picture) const;
  Tensor scaled(const Tensor& array) const;
  Tensor fitted(const Tensor& made) const;
  Tensor made_constant() const;
  void check_channels() const;
  void check_rate(const Column& column) const;
  float affine(float value, std::size_t channel) const;

  InputSpec spec_;
  InputSignature signature_;
  Kind kind_;
  std::size_t column_ = 0;
  Tensor constant_;
  std::vector<float> table_;  // images: the value of each byte, channel by channel
};

}  // namespace bw
