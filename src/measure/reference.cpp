#include "measure/reference.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/bytes.h"

namespace bw {
namespace {

// The smallest stride that leaves at most `most` of `count` and shares no factor with it.
std::size_t stride_for(std::size_t count, std::size_t most) {
  std::size_t stride = std::max<std::size_t>(1, (count + most - 1) / most);
  while (std::gcd(stride, count) > 1 && stride < count) ++stride;
  return stride;
}

template <class T>
std::vector<T> thinned(std::span<const T> all, std::size_t stride) {
  std::vector<T> kept;
  for (std::size_t i = 0; i < all.size(); i += stride) kept.push_back(all[i]);
  return kept;
}

struct Moments {
  double count = 0, sum = 0, squares = 0;
};

void add(std::vector<Moments>& channels, const Reference& sample, const ChannelMap& map) {
  for (std::size_t i = 0; i < sample.elements.size(); ++i) {
    const double x = sample.elements[i];
    if (!std::isfinite(x)) continue;
    const std::size_t channel = map.channel(i * sample.stride);
    if (channel >= channels.size()) channels.resize(channel + 1);
    Moments& moments = channels[channel];
    moments.count += 1;
    moments.sum += x;
    moments.squares += x * x;
  }
}

}  // namespace

ChannelMap::ChannelMap(const Channels& channels, const Shape& shape) : last_(channels.part_count() - 1) {
  const int rank = static_cast<int>(shape.size()), axis = channels.axis < 0 ? channels.axis + rank : channels.axis;
  if (axis >= 0 && axis < rank) {
    extent_ = static_cast<std::size_t>(std::max<std::int64_t>(shape[static_cast<std::size_t>(axis)], 1));
    for (auto i = static_cast<std::size_t>(axis) + 1; i < shape.size(); ++i)
      inner_ *= static_cast<std::size_t>(std::max<std::int64_t>(shape[i], 1));
  }
  for (std::size_t part = 0; part < channels.parts.size(); ++part)
    part_of_.insert(part_of_.end(), static_cast<std::size_t>(channels.parts[part]), part);
}

Reference reference_of(Shape shape, std::span<const float> values, std::span<const std::int64_t> answers,
                       std::size_t most) {
  Reference reference;
  reference.shape = std::move(shape);
  reference.stride = stride_for(values.size(), most);
  reference.answer_stride = stride_for(answers.size(), most);
  reference.elements = thinned(values, reference.stride);
  reference.answers = thinned(answers, reference.answer_stride);
  return reference;
}

std::vector<double> variances_of(std::span<const Reference> samples, const Channels& channels) {
  constexpr double kLeastSpread = 0.01;
  std::vector<Moments> moments;
  std::optional<ChannelMap> map;
  const Shape* shape = nullptr;
  for (const Reference& sample : samples) {
    if (shape == nullptr || *shape != sample.shape) map.emplace(channels, sample.shape);
    shape = &sample.shape;
    add(moments, sample, *map);
  }
  std::vector<Moments> parts(channels.part_count());  // sum: of squares about the channel's mean
  for (std::size_t channel = 0; channel < moments.size(); ++channel) {
    const Moments& of = moments[channel];
    Moments& part = parts.at(map->part(channel));
    part.count += of.count;
    part.squares += of.squares;
    if (of.count > 0) part.sum += std::max(0.0, of.squares - of.sum * of.sum / of.count);
  }
  std::vector<double> variances;
  for (const Moments& part : parts)
    variances.push_back(part.count > 0 ? std::max(part.sum, kLeastSpread * kLeastSpread * part.squares) / part.count
                                       : 0);
  return variances;
}

std::vector<std::byte> to_bytes(std::span<const OutputReference> outputs) {
  ByteWriter out;
  out.put<std::uint64_t>(outputs.size());
  for (const OutputReference& output : outputs) {
    out.put(std::span<const double>(output.variances));
    out.put<std::uint64_t>(output.samples.size());
    for (const Reference& sample : output.samples) {
      out.put(std::span<const std::int64_t>(sample.shape));
      out.put<std::uint64_t>(sample.stride);
      out.put<std::uint64_t>(sample.answer_stride);
      out.put(std::span<const std::int64_t>(sample.answers));
      out.put(std::span<const float>(sample.elements));
    }
  }
  return out.take();
}

std::vector<OutputReference> read_references(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  std::vector<OutputReference> outputs;
  for (auto left = in.get<std::uint64_t>(); left > 0; --left) {
    OutputReference output;
    output.variances = in.array<double>();
    for (auto samples = in.get<std::uint64_t>(); samples > 0; --samples) {
      Reference sample;
      sample.shape = in.array<std::int64_t>();
      sample.stride = std::max<std::size_t>(1, in.get<std::uint64_t>());
      sample.answer_stride = std::max<std::size_t>(1, in.get<std::uint64_t>());
      sample.answers = in.array<std::int64_t>();
      sample.elements = in.array<float>();
      output.samples.push_back(std::move(sample));
    }
    outputs.push_back(std::move(output));
  }
  return outputs;
}

}  // namespace bw
