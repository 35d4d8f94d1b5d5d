// The worker's side of an evaluation (measure/evaluate.h).
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "measure/evaluate.h"
#include "run/feeding.h"
#include "tensor/convert.h"

namespace bw {
namespace {

constexpr std::size_t kReferenceElements = std::size_t{1} << 24;  // of all samples together: 64 MB of floats
constexpr std::size_t kLeastElements = 16;                        // of one output of one sample

// One output of one sample.
struct Output {
  std::vector<float> values;
  std::vector<std::int64_t> answers;
  Shape shape;
};

// The class with the largest score at each position; kNoAnswer where a score is NaN.
std::vector<std::int64_t> classes_along(std::span<const float> values, const Shape& shape, int class_axis) {
  const int rank = static_cast<int>(shape.size()), axis = class_axis < 0 ? class_axis + rank : class_axis;
  if (axis < 0 || axis >= rank || values.empty()) return {};
  const auto extent = static_cast<std::size_t>(shape[static_cast<std::size_t>(axis)]);
  std::size_t inner = 1;
  for (auto i = static_cast<std::size_t>(axis) + 1; i < shape.size(); ++i) inner *= static_cast<std::size_t>(shape[i]);
  std::vector<std::int64_t> classes;
  std::vector<float> scores(extent);
  for (std::size_t outer = 0; outer < values.size(); outer += extent * inner)
    for (std::size_t i = 0; i < inner; ++i) {
      for (std::size_t k = 0; k < extent; ++k) scores[k] = values[outer + k * inner + i];
      const std::size_t first = largest(scores);
      classes.push_back(first < extent ? static_cast<std::int64_t>(first) : kNoAnswer);
    }
  return classes;
}

// An output as it is judged.
struct Judge {
  OutputKind kind = OutputKind::Numbers;
  int class_axis = -1;
  Channels channels;
  std::vector<const Metric*> metrics;
  std::vector<std::vector<Score>> scores;  // by metric, by sample
  std::vector<OutputFaults> faults;        // by sample
  std::optional<OutputReference> given;    // of the float model
  OutputReference kept;

  Judge(const Json& request, std::size_t samples)
      : kind(static_cast<OutputKind>(request.at("kind").get<int>())),
        class_axis(request.at("class_axis").get<int>()),
        channels{request.at("axis").get<int>(), request.at("parts").get<std::vector<std::int64_t>>()},
        faults(samples) {
    for (const Json& name : request.at("metrics")) metrics.push_back(&metric_named(name.get<std::string>()));
    scores.assign(metrics.size(), std::vector<Score>(samples));
  }

  Output output_of(const Tensor& tensor) const {
    Output output{.values = {}, .answers = {}, .shape = tensor.shape()};
    if (kind == OutputKind::Other) return output;
    output.values = to_floats(tensor);
    if (kind == OutputKind::Integers) output.answers = to_int64s(tensor);
    if (kind == OutputKind::Scores) output.answers = classes_along(output.values, output.shape, class_axis);
    return output;
  }

  void add(const Sample& sample, std::size_t position, const Output& output, const Output& partner) {
    std::optional<Original> original;
    if (given) original.emplace(Original{given->samples.at(position), channels, given->variances});
    const Outcome outcome{.sample = sample,
                          .values = output.values,
                          .shape = output.shape,
                          .answers = output.answers,
                          .integers = kind == OutputKind::Integers,
                          .partner = partner.values,
                          .partner_shape = partner.shape,
                          .original = original ? &*original : nullptr};
    for (std::size_t m = 0; m < metrics.size(); ++m) scores[m].at(position) = metrics[m]->score(outcome);
    const auto bad = std::ranges::count_if(output.values, [](float x) { return !std::isfinite(x); });
    faults.at(position) = {.not_finite = static_cast<double>(bad),
                           .elements = static_cast<double>(output.values.size()),
                           .resized = original && !same_size(outcome) ? 1.0 : 0.0};
  }

  void keep(std::size_t position, const Output& output, std::size_t most) {
    const bool numbers = kind == OutputKind::Scores || kind == OutputKind::Numbers;
    kept.samples.at(position) = reference_of(
        output.shape, numbers ? std::span<const float>(output.values) : std::span<const float>(), output.answers, most);
  }
};

struct Evaluator {
  std::vector<Judge> judges;      // by output
  std::size_t kept_elements = 0;  // of one output of one sample; 0: none is kept

  Evaluator(const Json& request, std::span<const SharedBytes> files) {
    const auto samples = request.at("samples").get<std::size_t>();
    for (const Json& output : request.at("outputs")) judges.emplace_back(output, samples);
    if (!files.empty()) give(read_references(files[0].bytes()));
    if (!request.at("keep").get<bool>()) return;
    for (Judge& judge : judges) judge.kept.samples.resize(samples);
    kept_elements = std::max(kReferenceElements / samples / judges.size(), kLeastElements);
  }

  void give(std::vector<OutputReference> references) {
    if (references.size() != judges.size()) throw Error(ErrorKind::Internal, "references of another model's outputs");
    for (std::size_t i = 0; i < judges.size(); ++i) judges[i].given = std::move(references[i]);
  }

  // By sample, by output; a group that does not fill the model's batch is filled up with its last sample.
  std::vector<std::vector<Output>> run(Runner& runner, std::vector<Sample> samples, std::size_t batch) const {
    const std::size_t wanted = samples.size();
    samples.resize(batch, samples.back());
    const std::vector<Tensor> outputs = runner.run(inputs_of(samples, runner));
    if (outputs.size() != judges.size())
      throw Error(ErrorKind::Quantization, "it has " + std::to_string(outputs.size()) +
                                               " outputs, the float model has " + std::to_string(judges.size()));
    std::vector<std::vector<Output>> parts(wanted);
    for (std::size_t i = 0; i < wanted; ++i)
      for (std::size_t k = 0; k < outputs.size(); ++k)
        parts[i].push_back(outputs[k] ? judges[k].output_of(part_of(outputs[k], i, samples)) : Output{});
    return parts;
  }

  std::vector<std::vector<Output>> run_partners(Runner& runner, std::vector<Sample> samples, std::size_t batch) const {
    if (samples.front().partner.empty())
      return std::vector<std::vector<Output>>(samples.size(), std::vector<Output>(judges.size()));
    for (Sample& sample : samples) sample.inputs = sample.partner;
    return run(runner, std::move(samples), batch);
  }

  void add(const SampleGroup& group, Runner& runner, std::size_t batch) {
    const auto outputs = run(runner, group.samples, batch), partners = run_partners(runner, group.samples, batch);
    for (std::size_t i = 0; i < group.samples.size(); ++i)
      for (std::size_t k = 0; k < judges.size(); ++k) {
        judges[k].add(group.samples[i], group.first + i, outputs[i][k], partners[i][k]);
        if (kept_elements > 0) judges[k].keep(group.first + i, outputs[i][k], kept_elements);
      }
  }

  std::vector<std::byte> kept() {
    std::vector<OutputReference> references;
    for (Judge& judge : judges) {
      judge.kept.variances = variances_of(judge.kept.samples, judge.channels);
      references.push_back(std::move(judge.kept));
    }
    return to_bytes(references);
  }
};

JobResult run_evaluate(JobContext& context) {
  const Json request = context.request();
  Evaluator evaluator(request, context.files());
  context.stage("load");
  const auto runner = load(deployment_from(request.at("model")));
  const std::size_t batch = batch_of(*runner, context.peek());
  context.stage("run");
  for_each_group(context, request.at("threads").get<int>(), batch,
                 [&](int, const SampleGroup& group) { evaluator.add(group, *runner, batch); });
  std::string blob;
  const auto append = [&]<class T>(const std::vector<T>& list) { blob += as_text(std::as_bytes(std::span(list))); };
  for (const Judge& judge : evaluator.judges) {
    for (const std::vector<Score>& scores : judge.scores) append(scores);
    append(judge.faults);
  }
  if (evaluator.kept_elements > 0) append(evaluator.kept());
  return {"{}", std::move(blob)};
}

}  // namespace

Job evaluate_job() {
  return {"evaluate", run_evaluate};
}

}  // namespace bw
