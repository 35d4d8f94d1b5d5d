#include "run/samples.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/json.h"

namespace bw {
namespace {

// Small samples share a chunk, so that the cost of handing it over is paid once.
constexpr std::uint64_t kChunkBytes = std::uint64_t{1} << 18;
constexpr std::size_t kChunkSamples = 64;
constexpr std::uint64_t kAlignment = 64;

// A sample's tensors as groups of one type, so that packing and unpacking walk the same list.
enum Group { kInputs, kLabels, kPartner, kMask };

using Tensors = std::vector<std::pair<Group, const Tensor*>>;
Tensors tensors_of(const Sample& sample) {
  Tensors all;
  for (const Tensor& tensor : sample.inputs) all.emplace_back(kInputs, &tensor);
  for (const Tensor& tensor : sample.labels) all.emplace_back(kLabels, &tensor);
  for (const Tensor& tensor : sample.partner) all.emplace_back(kPartner, &tensor);
  if (sample.mask) all.emplace_back(kMask, &sample.mask);
  return all;
}

std::uint64_t bytes_of(const Sample& sample) {
  std::uint64_t bytes = 0;
  for (const auto& [group, tensor] : tensors_of(sample)) bytes += tensor->bytes().size();
  return bytes;
}

void put(Sample& sample, int group, Tensor tensor) {
  switch (group) {
    case kInputs:
      sample.inputs.push_back(std::move(tensor));
      return;
    case kLabels:
      sample.labels.push_back(std::move(tensor));
      return;
    case kPartner:
      sample.partner.push_back(std::move(tensor));
      return;
    case kMask:
      sample.mask = std::move(tensor);
      return;
    default:
      throw Error(ErrorKind::Worker, "a sample's tensor of no known group");
  }
}

// The library would cut fractions off and let numbers wrap.
template <class T>
T whole(const Json& json) {
  if (!json.is_number_unsigned() || !std::in_range<T>(json.get<std::uint64_t>()))
    throw Error(ErrorKind::Worker, "an index of samples holds a number that is none of its kind");
  return json.get<T>();
}

Tensor tensor_at(const Json& entry, const SharedBytes& bytes) {
  const int number = whole<int>(entry.at(1));
  if (!is_known_dtype(number) || number == static_cast<int>(DType::String))
    throw Error(ErrorKind::Worker, "a sample's tensor of no type that can be sent");
  const auto dtype = static_cast<DType>(number);
  Shape shape;
  for (const Json& extent : entry.at(2)) shape.push_back(whole<std::int64_t>(extent));
  const auto begin = whole<std::uint64_t>(entry.at(3));
  const std::uint64_t size = byte_size(dtype, element_count(shape));
  if (begin > bytes.bytes().size() || size > bytes.bytes().size() - begin)
    throw Error(ErrorKind::Worker, "a sample's tensor lies outside its memory");
  return Tensor::wrap(dtype, std::move(shape), bytes.bytes().subspan(begin, size), bytes.owner());
}

}  // namespace

SampleChunk pack(std::span<const Sample> samples) {
  static constexpr std::byte kZeros[kAlignment] = {};
  std::vector<std::span<const std::byte>> parts;
  std::uint64_t end = 0;
  Json index = Json::array();
  for (const Sample& sample : samples) {
    Json tensors = Json::array();
    for (const auto& [group, tensor] : tensors_of(sample)) {
      if (tensor->dtype() == DType::String)
        throw Error(InputClass::Unsupported, "a sample's tensor of text cannot be given to a worker", sample.id);
      tensors.push_back({group, static_cast<int>(tensor->dtype()), tensor->shape(), end});
      parts.push_back(tensor->bytes());
      end += tensor->bytes().size();
      const std::uint64_t gap = (kAlignment - end % kAlignment) % kAlignment;
      parts.push_back(std::span(kZeros).first(gap));
      end += gap;
    }
    Json axes = Json::array();  // 0 is none, since the index holds no negative numbers
    for (const int axis : sample.batch_axes) axes.push_back(static_cast<unsigned>(axis - kNoBatch));
    index.push_back({sample.index, sample.id, std::move(tensors), std::move(axes)});
  }
  return {index.dump(-1, ' ', false, Json::error_handler_t::replace), SharedBytes(parts), samples.size()};
}

std::vector<Sample> unpack(const std::string& text, const SharedBytes& bytes) try {
  const Json index = parse_json(text, "samples");
  std::vector<Sample> samples;
  for (const Json& entry : index) {
    Sample sample;
    sample.index = whole<std::size_t>(entry.at(0));
    sample.id = entry.at(1).get<std::string>();
    for (const Json& tensor : entry.at(2)) put(sample, whole<int>(tensor.at(0)), tensor_at(tensor, bytes));
    for (const Json& axis : entry.at(3)) sample.batch_axes.push_back(whole<int>(axis) + kNoBatch);
    samples.push_back(std::move(sample));
  }
  return samples;
} catch (const Json::exception&) {
  throw Error(ErrorKind::Worker, "an index of samples that is not one");
}

SharedSamples::SharedSamples(Split split, std::vector<std::size_t> indices, std::uint64_t budget)
    : split_(std::move(split)), indices_(std::move(indices)), budget_(budget) {}

std::optional<SampleChunk> SharedSamples::pack_next(Stream& stream) const {
  std::vector<Sample> samples;
  std::uint64_t bytes = 0;
  while (samples.size() < kChunkSamples && bytes < kChunkBytes) {
    std::optional<Sample> sample = stream.next();
    if (!sample) break;
    bytes += bytes_of(*sample);
    samples.push_back(std::move(*sample));
  }
  if (samples.empty()) return std::nullopt;
  return pack(samples);
}

void SharedSamples::keep(const SampleChunk& chunk) {
  kept_.push_back(chunk);
  kept_bytes_ += chunk.bytes.bytes().size();
  kept_samples_ += static_cast<std::ptrdiff_t>(chunk.count);
}

SampleFeed SharedSamples::feed() {
  struct Pass {
    std::size_t next = 0;            // among the kept chunks
    std::unique_ptr<Stream> stream;  // of the samples behind them
    bool keeps = true;
  };
  auto pass = std::make_shared<Pass>();
  return [this, pass]() -> std::optional<SampleChunk> {
    if (!pass->stream && pass->next < kept_.size()) return kept_[pass->next++];
    if (!pass->stream)
      pass->stream = std::make_unique<Stream>(split_, std::vector(indices_.begin() + kept_samples_, indices_.end()));
    std::optional<SampleChunk> chunk = pack_next(*pass->stream);
    pass->keeps = pass->keeps && chunk && kept_bytes_ + chunk->bytes.bytes().size() <= budget_;
    if (pass->keeps) keep(*chunk);
    return chunk;
  };
}

}  // namespace bw
