#include "run/deployment.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"

namespace bw {
namespace {

using Layout = std::vector<std::size_t>;

Json to_json(const std::vector<PortPlace>& places) {
  Json list = Json::array();
  for (const PortPlace& place : places) list.push_back({place.name, place.position, place.layout});
  return list;
}

std::vector<PortPlace> places_from(const Json& json) {
  std::vector<PortPlace> places;
  for (const Json& place : json)
    places.push_back({place.at(0).get<std::string>(), place.at(1).get<std::size_t>(), place.at(2).get<Layout>()});
  return places;
}

Layout inverse(const Layout& layout) {
  Layout result(layout.size());
  for (std::size_t i = 0; i < layout.size(); ++i) result[layout[i]] = i;
  return result;
}

// The tensor whose axis i is the given one's axis layout[i]; the same one for an empty layout.
Tensor laid_out(const Tensor& tensor, const Layout& layout) {
  if (layout.empty() || !tensor) return tensor;
  if (tensor.dtype() == DType::String || info(tensor.dtype()).bits % 8 != 0)
    throw Error(ErrorKind::Internal, fmt::format("{} cannot be laid out anew", name_of(tensor.dtype())));
  const Shape& from = tensor.shape();
  const std::size_t rank = layout.size(), size = byte_size(tensor.dtype(), 1);
  Shape shape(rank);
  std::vector<std::size_t> strides(rank, 1), steps(rank);  // of the given tensor, in elements; of each axis of the new
  for (std::size_t i = rank; i-- > 1;) strides[i - 1] = strides[i] * static_cast<std::size_t>(from[i]);
  for (std::size_t i = 0; i < rank; ++i) {
    shape[i] = from[layout[i]];
    steps[i] = strides[layout[i]];
  }
  return Tensor::make(tensor.dtype(), shape, [&](std::span<std::byte> out) {
    Layout at(rank, 0);
    std::size_t source = 0;
    for (; !out.empty(); out = out.subspan(size)) {
      std::ranges::copy(tensor.bytes().subspan(source * size, size), out.begin());
      for (std::size_t i = rank; i-- > 0;) {
        source += steps[i];
        if (++at[i] < static_cast<std::size_t>(shape[i])) break;
        source -= steps[i] * at[i];
        at[i] = 0;
      }
    }
  });
}

// The file's port as the graph has it.
Port bound(const std::vector<Port>& ports, const PortPlace& place, const char* what) {
  const bool there = place.position < ports.size() && ports[place.position].name == place.name;
  const auto& dims = there ? ports[place.position].type.shape : std::nullopt;
  if (!there || (!place.layout.empty() && (!dims || dims->size() != place.layout.size())))
    throw Error(ErrorKind::Internal,
                fmt::format("the file has no such {} at position {}, in such a layout", what, place.position),
                fmt::format("'{}'", place.name));
  Port port = ports[place.position];
  for (std::size_t i = 0; i < place.layout.size(); ++i) (*port.type.shape)[place.layout[i]] = (*dims)[i];
  return port;
}

std::vector<Port> bound(const std::vector<Port>& ports, const std::vector<PortPlace>& places, const char* what) {
  if (places.empty()) return ports;
  if (places.size() != ports.size())
    throw Error(ErrorKind::Internal,
                fmt::format("the file has {} {}s, {} are named", ports.size(), what, places.size()));
  std::vector<Port> result;
  for (const PortPlace& place : places) result.push_back(bound(ports, place, what));
  return result;
}

}  // namespace

Json to_json(const Deployment& deployment) {
  return {{"file", deployment.file.string()},
          {"runtime", deployment.runtime},
          {"inputs", to_json(deployment.ports.inputs)},
          {"outputs", to_json(deployment.ports.outputs)}};
}

Deployment deployment_from(const Json& json) {
  return {json.at("file").get<std::string>(),
          json.at("runtime").get<std::string>(),
          {places_from(json.at("inputs")), places_from(json.at("outputs"))}};
}

BoundRunner::BoundRunner(std::unique_ptr<Runner> runner, Ports ports)
    : runner_(std::move(runner)),
      ports_(std::move(ports)),
      inputs_(bound(runner_->inputs(), ports_.inputs, "input")),
      outputs_(bound(runner_->outputs(), ports_.outputs, "output")) {}

std::vector<Tensor> BoundRunner::as_in_file(std::span<const Tensor> inputs) const {
  std::vector<Tensor> result(inputs.begin(), inputs.end());
  if (ports_.inputs.size() != inputs.size()) return result;  // as they stand, or for the runtime to refuse
  for (std::size_t i = 0; i < inputs.size(); ++i)
    result[ports_.inputs[i].position] = laid_out(inputs[i], ports_.inputs[i].layout);
  return result;
}

std::vector<Tensor> BoundRunner::run(std::span<const Tensor> inputs, const TapSink& sink, ElementOrder order) {
  std::vector<Tensor> outputs = runner_->run(as_in_file(inputs), sink, order);
  if (ports_.outputs.empty()) return outputs;
  std::vector<Tensor> result;
  for (const PortPlace& place : ports_.outputs)
    result.push_back(laid_out(outputs.at(place.position), inverse(place.layout)));
  return result;
}

std::unique_ptr<BoundRunner> load(const Deployment& deployment, const LoadOptions& options) {
  return std::make_unique<BoundRunner>(available_runtime(deployment.runtime).load({deployment.file}, options),
                                       deployment.ports);
}

}  // namespace bw
