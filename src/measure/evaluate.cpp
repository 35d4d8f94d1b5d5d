#include "measure/evaluate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace bw {
namespace {

// Which metrics score an output; those that compare with the float model only where there is something of it.
std::vector<std::string> metrics_of(const JudgedOutput& output, bool reference) {
  std::vector<std::string> names = output.metrics;
  if (reference)
    for (std::string& name : output.comparisons()) names.push_back(std::move(name));
  return names;
}

Json request_of(const JudgedOutput& output, bool reference) {
  return {{"kind", static_cast<int>(output.kind)},
          {"class_axis", output.class_axis},
          {"axis", output.channels.axis},
          {"parts", output.channels.parts},
          {"metrics", metrics_of(output, reference)}};
}

// Lists of plain numbers, one behind the other.
class Blob {
 public:
  explicit Blob(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  std::vector<T> take(std::size_t count) {
    if (bytes_.size() < count * sizeof(T))
      throw Error(ErrorKind::Worker, "the worker sent fewer scores than there are samples");
    std::vector<T> list(count);
    std::memcpy(list.data(), bytes_.data(), count * sizeof(T));
    bytes_.remove_prefix(count * sizeof(T));
    return list;
  }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
};

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

Evaluation evaluate_model(Worker& worker, const Deployment& model, SharedSamples& samples,
                          const EvaluateOptions& options, const SharedBytes& reference) {
  const double begin = seconds_now();
  if (samples.size() == 0) throw Error(InputClass::Data, "there are no samples to evaluate with");
  const bool has_reference = !reference.bytes().empty();
  Json outputs = Json::array();
  for (const JudgedOutput& output : options.outputs) outputs.push_back(request_of(output, has_reference));
  JobRequest request{"evaluate",
                     to_line({{"model", to_json(model)},
                              {"samples", samples.size()},
                              {"outputs", outputs},
                              {"threads", options.threads},
                              {"keep", options.keep_reference}}),
                     {},
                     samples.feed()};
  if (has_reference) request.files.push_back(reference);
  const JobResult answer = worker.run(request);
  Evaluation evaluation;
  evaluation.samples = samples.size();
  Blob blob(answer.blob);
  for (const JudgedOutput& output : options.outputs) {
    OutputScores& scored = evaluation.outputs.emplace_back();
    for (const std::string& metric : metrics_of(output, has_reference))
      scored.scores[metric] = blob.take<Score>(samples.size());
    scored.faults = blob.take<OutputFaults>(samples.size());
  }
  if (options.keep_reference) evaluation.reference = SharedBytes(as_bytes(blob.rest()));
  evaluation.seconds = seconds_now() - begin;
  return evaluation;
}

double leading_share(const OutputReference& reference) {
  std::map<std::int64_t, double> counts;
  double all = 0, most = 0;
  for (const Reference& sample : reference.samples)
    for (const std::int64_t answer : sample.answers) {
      most = std::max(most, counts[answer] += 1);
      all += 1;
    }
  return all > 0 ? most / all : 0;
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

}  // namespace bw
