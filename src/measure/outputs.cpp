#include "measure/outputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "run/feeding.h"
#include "tensor/convert.h"

namespace bw {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;

// --- inside the worker
// ------------------------------------------------------------------------------------------------

// Outputs cross as samples do: what the model gave for a sample takes the place of its inputs.
Sample outputs_of(Runner& runner, const Sample& sample) {
  const std::vector<Sample> copies(batch_of(runner, sample), sample);
  Sample result;
  result.index = sample.index;
  for (const Tensor& output : runner.run(inputs_of(copies, runner)))
    result.inputs.push_back(output && output.dtype() != DType::String ? part_of(output, 0, copies) : Tensor{});
  return result;
}

std::uint64_t bytes_of(const Sample& sample) {
  std::uint64_t bytes = 0;
  for (const Tensor& tensor : sample.inputs)
    if (tensor) bytes += tensor.bytes().size();
  return bytes;
}

// Tensors that are none take no place in a packed sample: which outputs are there is said apart.
void drop_undefined(Sample& sample, std::vector<std::size_t>& present) {
  std::vector<Tensor> kept;
  present.clear();
  for (std::size_t i = 0; i < sample.inputs.size(); ++i)
    if (sample.inputs[i]) {
      kept.push_back(std::move(sample.inputs[i]));
      present.push_back(i);
    }
  sample.inputs = std::move(kept);
}

JobResult run_outputs(JobContext& context) {
  const Json request = context.request();
  context.stage("load");
  const auto runner = load(deployment_from(request.at("model")));
  context.stage("run");
  std::vector<Sample> results;
  std::vector<std::size_t> present;
  std::uint64_t bytes = 0;
  double seconds = 0;
  for (SampleGroup group = context.next_samples(); !group.samples.empty(); group = context.next_samples()) {
    if (bytes > kMostBytes) continue;  // what is fed has to be taken
    const double begin = seconds_now();
    results.push_back(outputs_of(*runner, group.samples.front()));
    seconds = seconds_now() - begin;
    bytes += bytes_of(results.back());
    drop_undefined(results.back(), present);
  }
  Json names = Json::array();
  for (const Port& port : runner->outputs()) names.push_back(port.name);
  const SampleChunk chunk = pack(results);
  return {to_line({{"names", names}, {"present", present}, {"index", chunk.index}, {"seconds", seconds}}),
          std::string(as_text(chunk.bytes.bytes()))};
}

struct Faults {
  bool nan = false, infinity = false;
};

Faults faults_of(const Tensor& value) {
  Faults faults;
  if (!info(value.dtype()).is_float) return faults;
  for (const float x : to_floats(value)) {
    faults.nan |= std::isnan(x);
    faults.infinity |= std::isinf(x);
  }
  return faults;
}

JobResult run_not_finite(JobContext& context) {
  const Json request = context.request();
  LoadOptions options;
  options.optimize = false;  // every value is computed as it stands in the file
  options.taps = request.at("values").get<std::vector<std::string>>();
  context.stage("load");
  const auto runner = load(deployment_from(request.at("model")), options);
  context.stage("run");
  std::vector<Faults> faults(options.taps.size());
  const TapSink sink = [&](std::size_t tap, const Tensor& value) {
    const Faults found = faults_of(value);
    faults[tap].nan |= found.nan;
    faults[tap].infinity |= found.infinity;
  };
  for (SampleGroup group = context.next_samples(); !group.samples.empty(); group = context.next_samples()) {
    const Sample& sample = group.samples.front();
    runner->run(inputs_of(std::vector(batch_of(*runner, sample), sample), *runner), sink);
  }
  auto first = std::ranges::find_if(faults, &Faults::nan);
  if (first == faults.end()) first = std::ranges::find_if(faults, &Faults::infinity);
  return {to_line({{"first", first == faults.end() ? Json(nullptr) : Json(first - faults.begin())}}), {}};
}

// --- the parent
// -------------------------------------------------------------------------------------------------------

std::vector<Tensor> at_their_places(std::vector<Tensor> tensors, const std::vector<std::size_t>& places,
                                    std::size_t count) {
  std::vector<Tensor> all(count);
  if (tensors.size() != places.size()) throw Error(ErrorKind::Worker, "the worker sent other outputs than it named");
  for (std::size_t i = 0; i < places.size(); ++i) all.at(places[i]) = std::move(tensors[i]);
  return all;
}

void add(OutputChange& change, const std::vector<float>& original, const std::vector<float>& other, double& signal,
         double& noise) {
  for (std::size_t i = 0; i < original.size(); ++i) {
    if (!std::isfinite(original[i])) continue;
    ++change.elements;
    if (!std::isfinite(other[i])) {
      ++change.not_finite;
      continue;
    }
    const double x = original[i], error = static_cast<double>(other[i]) - x;
    signal += x * x;
    noise += error * error;
  }
}

OutputChange change_of(const ModelOutputs& original, const ModelOutputs& other, std::size_t output) {
  OutputChange change{.name = original.names[output]};
  double signal = 0, noise = 0;
  for (std::size_t s = 0; s < std::min(original.samples.size(), other.samples.size()); ++s) {
    const Tensor &a = original.samples[s][output], &b = other.samples[s][output];
    if (!a || !b || !info(a.dtype()).is_float) continue;
    if (a.size() != b.size())
      throw Error(ErrorKind::Quantization,
                  fmt::format("gives {} where the float model gives {}", to_string(b.shape()), to_string(a.shape())),
                  fmt::format("output '{}'", change.name));
    add(change, to_floats(a), to_floats(b), signal, noise);
  }
  change.sqnr = noise == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(signal / noise);
  return change;
}

}  // namespace

ModelOutputs outputs_of_model(Worker& worker, const Deployment& model, SampleFeed feed) {
  const JobResult answer = worker.run({"outputs", to_line({{"model", to_json(model)}}), {}, std::move(feed)});
  ModelOutputs outputs;
  read_result(answer, [&](const Json& json) {
    outputs.names = json.at("names").get<std::vector<std::string>>();
    outputs.seconds = json.at("seconds").get<double>();
    const auto present = json.at("present").get<std::vector<std::size_t>>();
    for (Sample& sample : unpack(json.at("index").get<std::string>(), SharedBytes(as_bytes(answer.blob))))
      outputs.samples.push_back(at_their_places(std::move(sample.inputs), present, outputs.names.size()));
  });
  return outputs;
}

std::optional<std::string> first_not_finite(Worker& worker, const Deployment& model,
                                            const std::vector<std::string>& values, SampleFeed feed) {
  const JobResult answer =
      worker.run({"not-finite", to_line({{"model", to_json(model)}, {"values", values}}), {}, std::move(feed)});
  std::optional<std::string> first;
  read_result(answer, [&](const Json& json) {
    if (!json.at("first").is_null()) first = values.at(json.at("first").get<std::size_t>());
  });
  return first;
}

std::vector<OutputChange> compare_outputs(const ModelOutputs& original, const ModelOutputs& other) {
  if (original.names.size() != other.names.size())
    throw Error(ErrorKind::Quantization,
                fmt::format("the file has {} outputs, the float model {}", other.names.size(), original.names.size()));
  std::vector<OutputChange> changes;
  for (std::size_t i = 0; i < original.names.size(); ++i)
    if (OutputChange change = change_of(original, other, i); change.elements > 0) changes.push_back(std::move(change));
  return changes;
}

Job outputs_job() {
  return {"outputs", run_outputs};
}

Job not_finite_job() {
  return {"not-finite", run_not_finite};
}

}  // namespace bw
