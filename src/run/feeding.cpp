#include "run/feeding.h"

#include <algorithm>
#include <optional>

#include "base/error.h"

namespace bw {
namespace {

int batch_axis(const Sample& sample, std::size_t input) {
  return input < sample.batch_axes.size() ? sample.batch_axes[input] : 0;
}

Shape with_batch(const Shape& shape, int axis, std::int64_t batch) {
  Shape result = shape;
  if (axis != kNoBatch) result.insert(result.begin() + std::min<std::ptrdiff_t>(axis, std::ssize(shape)), batch);
  return result;
}

// Copies `parts`, each of the same size, so that they alternate every `run` bytes: along an axis, `run` is the size of
// what lies behind it.
void interleave(std::span<const std::span<const std::byte>> parts, std::size_t run, std::span<std::byte> out) {
  for (std::size_t at = 0; at < parts[0].size(); at += run)
    for (const auto& part : parts) {
      std::copy_n(part.begin() + static_cast<std::ptrdiff_t>(at), run, out.begin());
      out = out.subspan(run);
    }
}

std::size_t bytes_behind(const Shape& shape, std::size_t axis, std::size_t bytes) {
  std::size_t before = 1;
  for (std::size_t i = 0; i < axis; ++i) before *= static_cast<std::size_t>(shape[i]);
  return bytes / before;
}

Tensor same_for_all(std::span<const Sample> samples, std::size_t input) {
  const Tensor& first = samples[0].inputs[input];
  for (const Sample& sample : samples)
    if (sample.inputs[input] != first)
      throw Error(InputClass::Data,
                  "differs from the samples before it in an input without a batch axis, and the model takes a fixed "
                  "number of samples a run",
                  sample.id);
  return first;
}

Tensor stack(std::span<const Sample> samples, std::size_t input) {
  const Tensor& first = samples[0].inputs[input];
  const int axis = batch_axis(samples[0], input);
  if (axis == kNoBatch) return same_for_all(samples, input);
  const Shape shape = with_batch(first.shape(), axis, static_cast<std::int64_t>(samples.size()));
  if (samples.size() == 1) return first.reshaped(shape);
  std::vector<std::span<const std::byte>> parts;
  for (const Sample& sample : samples) {
    const Tensor& tensor = sample.inputs[input];
    if (tensor.shape() != first.shape() || tensor.dtype() != first.dtype())
      throw Error(InputClass::Data, "has another shape than the samples before it, and the model takes a fixed batch",
                  sample.id);
    parts.push_back(tensor.bytes());
  }
  const std::size_t run = bytes_behind(first.shape(), static_cast<std::size_t>(axis), first.bytes().size());
  return Tensor::make(first.dtype(), shape, [&](std::span<std::byte> raw) {
    if (!raw.empty()) interleave(parts, run, raw);
  });
}

// With samples along another axis than the first, an output's own axis is known only when one alone is as long.
void require_clear_outputs(const Runner& runner, std::int64_t batch) {
  for (const Port& port : runner.outputs()) {
    const auto shape = port.type.static_shape();
    if (shape && std::count(shape->begin(), shape->end(), batch) != 1)
      throw Error(InputClass::Unsupported,
                  "is " + to_string(port.type) + ": nothing tells which axis counts the " + std::to_string(batch) +
                      " samples of a run",
                  "output \"" + port.name + "\"", "Export the model with a batch of one, or a free batch axis");
  }
}

std::optional<std::size_t> counting_axis(const Shape& shape, std::span<const Sample> samples) {
  const auto batch = std::ssize(samples);
  const auto found = std::find(shape.begin(), shape.end(), batch);
  if (found == shape.end()) return std::nullopt;
  if (batch_comes_first(samples[0])) return found == shape.begin() ? std::optional<std::size_t>(0) : std::nullopt;
  if (std::find(found + 1, shape.end(), batch) != shape.end()) return std::nullopt;
  return static_cast<std::size_t>(found - shape.begin());
}

}  // namespace

bool batch_comes_first(const Sample& sample) {
  return std::ranges::none_of(sample.batch_axes, [](int axis) { return axis > 0; });
}

std::size_t batch_of(const Runner& runner, const Sample& first) {
  std::int64_t batch = 0;
  for (std::size_t i = 0; i < runner.inputs().size(); ++i) {
    const auto& shape = runner.inputs()[i].type.shape;
    const int axis = batch_axis(first, i);
    if (axis == kNoBatch || !shape || static_cast<std::size_t>(axis) >= shape->size()) continue;
    const Dim& dim = (*shape)[static_cast<std::size_t>(axis)];
    if (!dim.known()) continue;
    if (batch != 0 && dim.value != batch)
      throw Error(InputClass::Unsupported,
                  "takes " + std::to_string(dim.value) + " samples a run, another input takes " + std::to_string(batch),
                  "input \"" + runner.inputs()[i].name + "\"",
                  "Say in dataset.yaml which axis counts them (inputs: {NAME: {batch_axis: 1}}), or that none does "
                  "(none)");
    batch = std::max<std::int64_t>(dim.value, 1);
  }
  if (batch > 1 && !batch_comes_first(first)) require_clear_outputs(runner, batch);
  return static_cast<std::size_t>(std::max<std::int64_t>(batch, 1));
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

Tensor part_of(const Tensor& value, std::size_t index, std::span<const Sample> samples) {
  if (samples.size() == 1 || value.size() == 0) return value;
  const std::optional<std::size_t> axis = counting_axis(value.shape(), samples);
  if (!axis) return value;
  Shape shape = value.shape();
  shape[*axis] = 1;
  const std::size_t batch = samples.size(), bytes = value.bytes().size() / batch;
  if (*axis == 0)
    return Tensor::wrap(value.dtype(), std::move(shape), value.bytes().subspan(index * bytes, bytes), value.owner());
  const std::size_t run = bytes_behind(value.shape(), *axis, value.bytes().size()) / batch;
  return Tensor::make(value.dtype(), std::move(shape), [&](std::span<std::byte> out) {
    for (std::size_t at = 0; at < out.size(); at += run)
      std::copy_n(value.bytes().begin() + static_cast<std::ptrdiff_t>((at / run * batch + index) * run), run,
                  out.begin() + static_cast<std::ptrdiff_t>(at));
  });
}

}  // namespace bw
