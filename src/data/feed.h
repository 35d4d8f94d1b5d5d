// How one input of a model is made from one column of a source: the rules of dataset.yaml's `inputs`, as functions.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "data/encoder.h"
#include "data/sources/source.h"
#include "data/spec.h"

namespace bw {

using Positions = std::pair<std::size_t, std::size_t>;  // [first, last) along a sample's first axis

// The same values in another dtype, as Cast; but integers must keep their value: InputError(data) naming `what`.
Tensor with_dtype(const Tensor& tensor, DType dtype, const std::string& what);

class Feed {
 public:
  enum class Kind { Image, Array, Tokens };

  // `spec` is complete (data/resolve.h); `column` is what its `from` (for tokens: its `column`) means in `source`.
  Feed(InputSpec spec, InputSignature signature, const Source& source);

  const InputSpec& spec() const { return spec_; }
  Kind kind() const { return kind_; }
  std::size_t column() const { return column_; }
  double pad() const { return spec_.pad.value_or(0); }

  // An image, uint8 [H, W, C]: colour, resize, crop, v = (x * scale - mean) / std, layout, the model's dtype and shape.
  Tensor from_image(const Tensor& image) const;
  // A row of numbers: positions outside [first, last) of axis 0 cut off when `keep` is given and the model allows it;
  // then channels moved to where the layout says that the model wants them, scale, mean, std where said; the model's
  // dtype and shape.
  Tensor from_array(const Tensor& row, std::optional<Positions> keep) const;
  // ids, a mask of ones, type ids or the count, by the spec's `from`; cut at max_length or the model's fixed length.
  Tensor from_tokens(const Tokens& tokens) const;

  // Length that the model fixes for axis 0 of this input; -1 when it is free.
  std::int64_t fixed_length() const;

 private:
  std::size_t channel_count() const;
  Tensor resized(const Tensor& image) const;
  Tensor coloured(const Tensor& pixels) const;
  Tensor laid_out(const Tensor& picture) const;
  Tensor scaled(const Tensor& array) const;
  Tensor fitted(const Tensor& made) const;
  float affine(float value, std::size_t channel) const;

  InputSpec spec_;
  InputSignature signature_;
  Kind kind_;
  std::size_t column_ = 0;
  std::vector<float> table_;  // images: the value of each byte, channel by channel
};

}  // namespace bw
