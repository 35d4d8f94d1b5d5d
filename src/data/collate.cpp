#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "data/dataset.h"
#include "tensor/convert.h"

namespace bw {
namespace {

[[noreturn]] void refuse(const Sample& sample, std::size_t input) {
  throw Error(ErrorKind::Internal,
              "input " + std::to_string(input) + " of shape " + to_string(sample.inputs[input].shape()) +
                  " cannot be stacked with the others",
              sample.id);
}

// The shape that holds all: equal but for axis 0, which may be the longest.
Shape common_shape(std::span<const Sample> samples, std::size_t input, Padding padding) {
  Shape shape = samples[0].inputs[input].shape();
  for (const Sample& sample : samples) {
    const Shape& other = sample.inputs[input].shape();
    if (other.size() != shape.size() ||
        (!shape.empty() && !std::equal(shape.begin() + 1, shape.end(), other.begin() + 1)))
      refuse(sample, input);
    if (!shape.empty() && other[0] != shape[0] && padding == Padding::Refuse) refuse(sample, input);
    if (!shape.empty()) shape[0] = std::max(shape[0], other[0]);
  }
  return shape;
}

Tensor stack(std::span<const Sample> samples, std::size_t input, double pad, Padding padding) {
  Shape shape = common_shape(samples, input, padding);
  shape.insert(shape.begin(), static_cast<std::int64_t>(samples.size()));
  const DType dtype = samples[0].inputs[input].dtype();
  const Tensor filler = cast(Tensor::scalar(pad), dtype);
  return Tensor::make(dtype, shape, [&](std::span<std::byte> out) {
    const std::size_t row = out.size() / samples.size(), width = filler.bytes().size();
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const auto from = samples[i].inputs[input].bytes();
      std::memcpy(out.data() + i * row, from.data(), from.size());
      for (std::size_t at = from.size(); at < row; at += width)
        std::memcpy(out.data() + i * row + at, filler.bytes().data(), width);
    }
  });
}

// Length of each sample along the axis that was padded; empty when nothing was.
std::vector<std::size_t> lengths(std::span<const Sample> samples, std::size_t& longest) {
  for (std::size_t input = 0; input < samples[0].inputs.size(); ++input) {
    std::vector<std::size_t> lengths;
    for (const Sample& sample : samples)
      lengths.push_back(sample.inputs[input].rank() == 0 ? 0
                                                         : static_cast<std::size_t>(sample.inputs[input].shape()[0]));
    longest = *std::max_element(lengths.begin(), lengths.end());
    if (std::any_of(lengths.begin(), lengths.end(), [&](std::size_t length) { return length != longest; }))
      return lengths;
  }
  return {};
}

Tensor mask_of(std::span<const Sample> samples) {
  std::size_t longest = 0;
  const std::vector<std::size_t> real = lengths(samples, longest);
  const auto masked =
      std::find_if(samples.begin(), samples.end(), [](const Sample& sample) { return sample.mask.defined(); });
  if (real.empty() && masked == samples.end()) return {};
  if (real.empty()) longest = masked->mask.size();
  const auto batch = static_cast<std::int64_t>(samples.size());
  return Tensor::fill<bool>({batch, static_cast<std::int64_t>(longest)}, [&](std::span<bool> out) {
    for (std::size_t i = 0; i < samples.size(); ++i)
      for (std::size_t s = 0; s < longest; ++s)
        out[i * longest + s] = samples[i].mask ? samples[i].mask.data<bool>()[s] : real.empty() || s < real[i];
  });
}

}  // namespace

Batch collate(std::span<const Sample> samples, std::span<const double> pads, Padding padding) {
  if (samples.empty()) throw Error(ErrorKind::Internal, "a batch needs samples");
  Batch batch;
  for (std::size_t input = 0; input < samples[0].inputs.size(); ++input)
    batch.inputs.push_back(stack(samples, input, input < pads.size() ? pads[input] : 0, padding));
  batch.mask = mask_of(samples);
  return batch;
}

}  // namespace bw
