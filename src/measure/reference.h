// What is kept of a float model's outputs for other models to be compared with: thinned out evenly, in one block of
// memory that every worker maps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "run/frame.h"
#include "tensor/tensor.h"

namespace bw {

// Which elements of an output belong together.
struct Channels {
  int axis = -1;                    // of the channels, with the batch axis counted; below 0: from the end
  std::vector<std::int64_t> parts;  // how many channels each piece of the output's concatenation has; empty: one piece

  std::size_t part_count() const { return parts.empty() ? 1 : parts.size(); }
};

// Finds the channel and the part of an element of an output of one shape.
class ChannelMap {
 public:
  ChannelMap(const Channels& channels, const Shape& shape);
  std::size_t channel(std::size_t element) const { return element / inner_ % extent_; }
  std::size_t part(std::size_t channel) const { return channel < part_of_.size() ? part_of_[channel] : last_; }

 private:
  std::size_t inner_ = 1, extent_ = 1, last_ = 0;
  std::vector<std::size_t> part_of_;  // by channel
};

// One output of one sample. Its elements are every `stride`-th, its answers every `answer_stride`-th; neither stride
// shares a factor with the number there is, so that no channel is left out.
struct Reference {
  Shape shape;
  std::vector<std::int64_t>
      answers;  // classes, or the elements of an output of integers; kNoAnswer where NaN gave none
  std::vector<float> elements;
  std::size_t stride = 1, answer_stride = 1;
};
inline constexpr std::int64_t kNoAnswer = std::numeric_limits<std::int64_t>::min();

Reference reference_of(Shape shape, std::span<const float> values, std::span<const std::int64_t> answers,
                       std::size_t most);

// One output of all samples.
struct OutputReference {
  std::vector<Reference> samples;
  // By part: the variance of the elements about their channel's mean, over all samples; at least (1 % of their size)^2,
  // so that a part that hardly moves is not judged by less.
  std::vector<double> variances;
};
std::vector<double> variances_of(std::span<const Reference> samples, const Channels& channels);

// By output, to bytes and back. Error(format) for bytes that are no references.
std::vector<std::byte> to_bytes(std::span<const OutputReference> outputs);
std::vector<OutputReference> read_references(std::span<const std::byte> bytes);

}  // namespace bw
