#include "run/feeding.h"

#include <algorithm>

#include "base/error.h"

namespace bw {
namespace {

Shape with_batch(const Shape& shape, std::int64_t batch) {
  Shape result{batch};
  result.insert(result.end(), shape.begin(), shape.end());
  return result;
}

Tensor stack(std::span<const Sample> samples, std::size_t input) {
  const Tensor& first = samples[0].inputs[input];
  const Shape shape = with_batch(first.shape(), static_cast<std::int64_t>(samples.size()));
  if (samples.size() == 1) return first.reshaped(shape);
  return Tensor::make(first.dtype(), shape, [&](std::span<std::byte> raw) {
    for (const Sample& sample : samples) {
      const Tensor& tensor = sample.inputs[input];
      if (tensor.shape() != first.shape() || tensor.dtype() != first.dtype())
        throw Error(InputClass::Data, "has another shape than the samples before it, and the model takes a fixed batch",
                    sample.id);
      std::copy(tensor.bytes().begin(), tensor.bytes().end(), raw.begin());
      raw = raw.subspan(tensor.bytes().size());
    }
  });
}

}  // namespace

std::size_t batch_of(const Runner& runner) {
  for (const Port& port : runner.inputs())
    if (port.type.shape && !port.type.shape->empty() && port.type.shape->front().known())
      return static_cast<std::size_t>(std::max<std::int64_t>(port.type.shape->front().value, 1));
  return 1;
}

std::vector<Tensor> inputs_of(std::span<const Sample> samples, const Runner& runner) {
  for (const Sample& sample : samples)
    if (sample.inputs.size() != runner.inputs().size())
      throw Error(InputClass::Data,
                  "has " + std::to_string(sample.inputs.size()) + " inputs, the model takes " +
                      std::to_string(runner.inputs().size()),
                  sample.id);
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < runner.inputs().size(); ++i) inputs.push_back(stack(samples, i));
  return inputs;
}

Tensor part_of(const Tensor& value, std::size_t sample, std::size_t batch) {
  if (batch == 1 || value.rank() == 0 || value.shape()[0] != static_cast<std::int64_t>(batch) || value.size() == 0)
    return value;
  Shape shape = value.shape();
  shape[0] = 1;
  const std::size_t bytes = value.bytes().size() / batch;
  return Tensor::wrap(value.dtype(), std::move(shape), value.bytes().subspan(sample * bytes, bytes), value.owner());
}

}  // namespace bw
