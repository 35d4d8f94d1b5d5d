#include "measure/evaluate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/progress.h"
#include "run/feeding.h"
#include "run/runtime.h"
#include "tensor/convert.h"

namespace bw {
namespace {

constexpr std::size_t kReferenceElements = std::size_t{1} << 24;  // of all samples together: 64 MB of floats

// --- inside the worker
// ------------------------------------------------------------------------------------------------

// The first output of one sample as floats.
struct Output {
  std::vector<float> values;
  Shape shape;
};

// Outputs of a group of samples; a group that does not fill the model's batch is filled up with its last sample.
std::vector<Output> outputs_of(Runner& runner, std::vector<Sample> samples, std::size_t batch) {
  const std::size_t wanted = samples.size();
  samples.resize(batch, samples.back());
  const std::vector<Tensor> outputs = runner.run(inputs_of(samples, runner));
  if (outputs.empty() || !outputs[0]) throw Error(InputClass::Unsupported, "the model's first output is not a tensor");
  std::vector<Output> parts;
  for (std::size_t i = 0; i < wanted; ++i) {
    const Tensor part = part_of(outputs[0], i, samples);
    parts.push_back({to_floats(part), part.shape()});
  }
  return parts;
}

std::vector<Output> partners_of(Runner& runner, std::vector<Sample> samples, std::size_t batch) {
  if (samples.front().partner.empty()) return std::vector<Output>(samples.size());
  for (Sample& sample : samples) sample.inputs = sample.partner;
  return outputs_of(runner, std::move(samples), batch);
}

Reference reference_of(const Output& output, std::size_t most) {
  Reference reference;
  const std::size_t width =
      output.shape.empty() ? 1 : static_cast<std::size_t>(std::max<std::int64_t>(output.shape.back(), 1));
  const std::size_t positions = std::min(output.values.size() / width, most);
  for (std::size_t i = 0; i < positions; ++i)
    reference.classes.push_back(static_cast<std::int32_t>(largest(std::span(output.values).subspan(i * width, width))));
  reference.stride = std::max<std::size_t>(1, (output.values.size() + most - 1) / most);
  for (std::size_t i = 0; i < output.values.size(); i += reference.stride)
    reference.elements.push_back(output.values[i]);
  return reference;
}

void write(ByteWriter& out, const std::vector<Reference>& references) {
  out.put(static_cast<std::uint64_t>(references.size()));
  for (const Reference& reference : references) {
    out.put(static_cast<std::uint64_t>(reference.stride));
    out.put(std::span<const std::int32_t>(reference.classes));
    out.put(std::span<const float>(reference.elements));
  }
}

std::vector<Reference> read_references(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  std::vector<Reference> references;
  for (auto left = in.get<std::uint64_t>(); left > 0; --left) {
    Reference reference;
    reference.stride = std::max<std::size_t>(1, in.get<std::uint64_t>());
    reference.classes = in.array<std::int32_t>();
    reference.elements = in.array<float>();
    references.push_back(std::move(reference));
  }
  return references;
}

struct Scoring {
  std::vector<const Metric*> metrics;
  std::vector<std::vector<Score>> scores;  // by metric, by sample
  std::vector<Reference> given, kept;
  std::size_t kept_elements = 0;  // of one sample; 0: none is kept

  void add(const Sample& sample, std::size_t position, const Output& output, const Output& partner) {
    const Reference* reference = given.empty() ? nullptr : &given.at(position);
    const Outcome outcome{sample, output.values, output.shape, partner.values, partner.shape, reference};
    for (std::size_t m = 0; m < metrics.size(); ++m) scores[m].at(position) = metrics[m]->score(outcome);
    if (kept_elements > 0) kept.at(position) = reference_of(output, kept_elements);
  }
};

Scoring scoring_of(const Json& request, std::span<const SharedBytes> files) {
  Scoring scoring;
  const auto samples = request.at("samples").get<std::size_t>();
  if (!files.empty()) scoring.given = read_references(files[0].bytes());
  for (const Json& name : request.at("metrics")) scoring.metrics.push_back(&metric_named(name.get<std::string>()));
  scoring.scores.assign(scoring.metrics.size(), std::vector<Score>(samples));
  if (!request.at("keep").get<bool>()) return scoring;
  scoring.kept.resize(samples);
  scoring.kept_elements = std::max<std::size_t>(kReferenceElements / samples, 16);
  return scoring;
}

JobResult run_evaluate(JobContext& context) {
  const Json request = context.request();
  Scoring scoring = scoring_of(request, context.files());
  context.stage("load");
  const auto runner =
      runtime_named(request.at("runtime").get<std::string>()).load({request.at("model").get<std::string>(), {}}, {});
  const std::size_t batch = batch_of(*runner, context.peek());
  context.stage("run");
  for_each_group(context, request.at("threads").get<int>(), batch, [&](int, const SampleGroup& group) {
    const std::vector<Output> outputs = outputs_of(*runner, group.samples, batch),
                              partners = partners_of(*runner, group.samples, batch);
    for (std::size_t i = 0; i < group.samples.size(); ++i)
      scoring.add(group.samples[i], group.first + i, outputs[i], partners[i]);
  });
  ByteWriter out;
  for (const std::vector<Score>& scores : scoring.scores)
    for (const Score& score : scores)
      for (const double number : score) out.put(number);
  write(out, scoring.kept);
  const std::vector<std::byte> bytes = out.take();
  return {"{}", std::string(as_text(bytes))};
}

// --- the parent
// -------------------------------------------------------------------------------------------------------

std::vector<std::string> usable(const std::vector<std::string>& names, bool reference) {
  std::vector<std::string> list;
  for (const std::string& name : names)
    if (reference || !metric_named(name).needs_reference) list.push_back(name);
  return list;
}

std::vector<std::uint32_t> everything(std::size_t count) {
  std::vector<std::uint32_t> picks(count);
  std::iota(picks.begin(), picks.end(), 0u);
  return picks;
}

bool one_answer_each(const Metric& metric, const std::vector<Score>& scores) {
  return metric.hit_or_miss &&
         std::all_of(scores.begin(), scores.end(), [](const Score& score) { return score[1] == 1; });
}

McNemarTest mcnemar_of(const std::vector<Score>& original, const std::vector<Score>& quantized) {
  std::uint64_t b = 0, c = 0;
  for (std::size_t i = 0; i < original.size(); ++i) {
    b += original[i][0] > quantized[i][0];
    c += original[i][0] < quantized[i][0];
  }
  return mcnemar(b, c);
}

}  // namespace

Evaluation evaluate_model(Worker& worker, const std::filesystem::path& model, SharedSamples& samples,
                          const EvaluateOptions& options, const SharedBytes& reference) {
  const double begin = seconds_now();
  if (samples.size() == 0) throw Error(InputClass::Data, "there are no samples to evaluate with");
  const bool has_reference = !reference.bytes().empty();
  const std::vector<std::string> names = usable(options.metrics, has_reference);
  JobRequest request{"evaluate",
                     to_line({{"model", model.string()},
                              {"samples", samples.size()},
                              {"metrics", names},
                              {"threads", options.threads},
                              {"keep", options.keep_reference},
                              {"runtime", options.runtime}}),
                     {},
                     samples.feed()};
  if (has_reference) request.files.push_back(reference);
  request.silence = options.silence;
  const JobResult answer = worker.run(request);
  Evaluation evaluation;
  evaluation.samples = samples.size();
  const std::span<const std::byte> bytes = as_bytes(answer.blob);
  const std::size_t each = samples.size() * sizeof(Score);
  if (bytes.size() < names.size() * each)
    throw Error(ErrorKind::Worker, "the worker sent fewer scores than there are samples");
  for (std::size_t m = 0; m < names.size(); ++m) {
    std::vector<Score>& scores = evaluation.scores[names[m]];
    scores.resize(samples.size());
    std::memcpy(scores.data(), bytes.data() + m * each, each);
  }
  if (options.keep_reference) evaluation.reference = SharedBytes(bytes.subspan(names.size() * each));
  evaluation.seconds = seconds_now() - begin;
  return evaluation;
}

Figure metric_figure(const Metric& metric, const std::vector<Score>& scores, std::uint64_t seed) {
  if (one_answer_each(metric, scores)) {
    double hits = 0;
    for (const Score& score : scores) hits += score[0];
    return share_figure(static_cast<std::uint64_t>(hits), scores.size());
  }
  const auto value = [&](std::span<const std::uint32_t> picks) { return metric.aggregate(scores, picks); };
  return {value(everything(scores.size())), bootstrap(scores.size(), seed, value), scores.size(), metric.unit, {}};
}

MetricChange compare(const Metric& metric, const std::vector<Score>& original, const std::vector<Score>& quantized,
                     std::uint64_t seed) {
  if (original.size() != quantized.size() || original.empty())
    throw Error(ErrorKind::Internal, "scores of different samples cannot be compared");
  MetricChange result;
  result.original = metric_figure(metric, original, seed);
  result.quantized = metric_figure(metric, quantized, seed);
  const auto difference = [&](std::span<const std::uint32_t> picks) {
    return metric.aggregate(quantized, picks) - metric.aggregate(original, picks);
  };
  const double middle = difference(everything(original.size()));
  const Interval interval = bootstrap(original.size(), seed, difference);
  result.difference = {middle, interval, original.size(), metric.unit, {}};
  constexpr double kMargin = 0.003;
  const double scale = metric.relative ? std::abs(*result.original.value) : 1;
  result.verdict = verdict_of_difference(interval, metric.direction, kMargin * scale);
  result.at_least_as_good = at_least_as_good(middle, interval, metric.direction, scale);
  if (one_answer_each(metric, original) && one_answer_each(metric, quantized))
    result.mcnemar = mcnemar_of(original, quantized);
  return result;
}

Job evaluate_job() {
  return {"evaluate", run_evaluate};
}

}  // namespace bw
