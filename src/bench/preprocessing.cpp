#include "bench/preprocessing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "base/error.h"
#include "data/spec.h"
#include "measure/evaluate.h"
#include "tensor/convert.h"

namespace bw {
namespace {

constexpr std::size_t kSamples = 200, kLeastSamples = 32;
constexpr double kSeconds = 20;  // that all tries together may take, roughly

// --- the usual ways to make a picture
// -----------------------------------------------------------------------------------------------

struct Usual {
  std::string_view says;
  double top;                     // what the brightest pixel becomes
  std::vector<double> mean, std;  // of red, green and blue, or of all alike
};

const std::vector<Usual>& usual_ways() {
  static const std::vector<Usual> kWays{
      {"from 0 to 1", 1, {}, {}},
      {"from -1 to 1", 1, {0.5}, {0.5}},
      {"less ImageNet's mean, over its deviation", 1, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}},
      {"from 0 to 255", 255, {}, {}},
      {"from 0 to 255 less ImageNet's mean", 255, {123.675, 116.28, 103.53}, {}},
  };
  return kWays;
}

// The only input that is a picture of floats.
std::optional<std::size_t> picture_input(const Dataset& dataset, const Sample& sample) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < dataset.inputs().size(); ++i) {
    const Shape& shape = sample.inputs[i].shape();
    const bool picture = info(dataset.inputs()[i].dtype).is_float && (shape.size() == 3 || shape.size() == 2) &&
                         shape.back() > 0 && element_count(shape) >= 64;
    if (picture && found) return std::nullopt;
    if (picture) found = i;
  }
  return found;
}

// What the brightest pixel is before scale, mean and deviation; nothing when the numbers are no pixels.
std::optional<double> brightest(const Dataset& dataset, std::size_t input) {
  InputSpec spec = dataset.input_specs()[input];
  if (!spec.color.empty()) return 255;  // an image file
  std::vector<InputSpec> raw = dataset.input_specs();
  raw[input].scale.reset();
  raw[input].mean.clear();
  raw[input].std.clear();
  const Split split = dataset.with_inputs(std::move(raw)).evaluation();
  float least = INFINITY, most = -INFINITY;
  for (std::size_t i = 0; i < std::min<std::size_t>(split.size(), 16); ++i)
    for (const float x : to_floats(split.get(i).inputs[input])) {
      least = std::min(least, x);
      most = std::max(most, x);
    }
  if (least < 0 || most <= 0 || most > 255) return std::nullopt;
  return most > 1 ? 255 : 1;
}

Scale scale_of(double bright, double top) {
  return bright >= top ? Scale{1, bright / top} : Scale{top / bright, 1};
}

// The spec changed to one of the usual ways; nothing where it does not apply.
std::optional<InputSpec> changed(InputSpec spec, const Usual& way, double bright, bool bgr, const Shape& shape) {
  const bool colours = spec.color == "RGB" || spec.color == "BGR", file = !spec.color.empty();
  const bool first = shape.size() == 3 && shape.front() == 3, last = shape.size() == 3 && shape.back() == 3;
  if (bgr && !colours) return std::nullopt;
  if (way.mean.size() == 3 && !(file ? colours : first || last)) return std::nullopt;
  spec.scale = scale_of(bright, way.top);
  spec.mean = way.mean;
  spec.std = way.std;
  if (way.mean.size() == 3 && spec.layout.empty()) spec.layout = first ? "NCHW" : "NHWC";
  if (!bgr) {
    if (colours) spec.color = "RGB";
    return spec;
  }
  spec.color = "BGR";
  std::ranges::reverse(spec.mean);
  std::ranges::reverse(spec.std);
  return spec;
}

// --- running the float model
// --------------------------------------------------------------------------------------------------------

class Tries {
 public:
  Tries(const LoadedModel& model, const Dataset& dataset, const MeasureOptions& options)
      : model_(model),
        dataset_(dataset),
        options_(options),
        worker_(options.worker),
        outputs_(judged_outputs(model.prepared, dataset)) {
    for (JudgedOutput& output : outputs_) {
      if (output.kind == OutputKind::Scores && !output.metrics.empty() && !at_) at_ = &output - outputs_.data();
      output.metrics.clear();
    }
    indices_ = choose(dataset.evaluation(), std::min(kSamples, dataset.evaluation().size()), options.seed);
  }

  bool can_run() const { return at_.has_value() && !dataset_.evaluation().classes().empty(); }

  // The class that the model names for each sample; kNoAnswer where it names none.
  std::vector<std::int64_t> answers(const Dataset& dataset) {
    SharedSamples samples(dataset.evaluation(), indices_);
    const Evaluation evaluation =
        evaluate_model(worker_, {*model_.runnable, options_.runtimes.front()}, samples,
                       {.threads = options_.threads, .outputs = outputs_, .keep_reference = true});
    sample_seconds_ = evaluation.seconds / static_cast<double>(indices_.size());
    std::vector<std::int64_t> classes;
    const std::vector<OutputReference> references = read_references(evaluation.reference.bytes());
    for (const Reference& sample : references.at(static_cast<std::size_t>(*at_)).samples)
      classes.push_back(sample.answers.size() == 1 ? sample.answers[0] : kNoAnswer);
    return classes;
  }

  std::vector<std::int64_t> labels() const {
    std::vector<std::int64_t> labels;
    for (const std::size_t index : indices_) labels.push_back(dataset_.evaluation().classes()[index]);
    return labels;
  }

  // So few samples that `count` more tries end in time.
  void limit_to(std::size_t count) {
    const double enough = kSeconds / (sample_seconds_ * static_cast<double>(std::max<std::size_t>(count, 1)));
    indices_.resize(std::clamp(static_cast<std::size_t>(std::min(enough, 1e6)),
                               std::min(kLeastSamples, indices_.size()), indices_.size()));
  }

 private:
  const LoadedModel& model_;
  const Dataset& dataset_;
  const MeasureOptions& options_;
  Worker worker_;
  std::vector<JudgedOutput> outputs_;
  std::optional<std::ptrdiff_t> at_;  // the output of the classes
  std::vector<std::size_t> indices_;
  double sample_seconds_ = 0;
};

struct Way {
  std::string says;  // "" as it is
  std::vector<InputSpec> inputs;
  std::size_t input = 0;
};

std::vector<Way> ways(const Dataset& dataset) {
  std::vector<Way> list{{.says = "", .inputs = dataset.input_specs()}};
  const Sample sample = dataset.evaluation().get(0);
  const std::optional<std::size_t> input = picture_input(dataset, sample);
  if (!input) return list;
  const std::optional<double> bright = brightest(dataset, *input);
  if (!bright) return list;
  for (const bool bgr : {false, true})
    for (const Usual& usual : usual_ways()) {
      const auto spec = changed(dataset.input_specs()[*input], usual, *bright, bgr, sample.inputs[*input].shape());
      if (!spec) continue;
      list.push_back({.says = fmt::format("{}{}", usual.says, bgr ? ", blue first" : ""),
                      .inputs = dataset.input_specs(),
                      .input = *input});
      list.back().inputs[*input] = *spec;
    }
  return list;
}

// --- in words
// -------------------------------------------------------------------------------------------------------

std::string line_of(const InputSpec& spec) {
  const Scale scale = spec.scale.value_or(Scale{});
  std::string text = scale.divisor == 1 ? fmt::format("scale: {}", scale.factor)
                                        : fmt::format("scale: {}/{}", scale.factor, scale.divisor);
  const auto add = [&](const char* name, const std::vector<double>& list) {
    if (!list.empty())
      text += list.size() == 1 ? fmt::format(", {}: {}", name, list[0])
                               : fmt::format(", {}: [{}]", name, fmt::join(list, ", "));
  };
  add("mean", spec.mean);
  add("std", spec.std);
  if (!spec.color.empty()) text += fmt::format(", color: {}", spec.color);
  if (spec.color.empty() && !spec.layout.empty()) text += fmt::format(", layout: {}", spec.layout);
  return fmt::format("`inputs: {{{}: {{{}}}}}`", spec.name, text);
}

std::string renamed(const std::vector<std::int64_t>& labels) {
  constexpr std::size_t kShown = 8;
  std::string text;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < labels.size() && shown < kShown; ++i)
    if (labels[i] != kNoAnswer) {
      text += fmt::format("{}{} is {}", shown > 0 ? ", " : "", i, labels[i]);
      ++shown;
    }
  return text;
}

// The number of the first class as the labels have it now.
std::int64_t first_class(const Dataset& dataset) {
  const Json description = dataset.description()["description"];
  return description.contains("label") ? description["label"].value("first", std::int64_t{0}) : 0;
}

std::string sentence(const Dataset& dataset, const Way& way, const Fit& fit, double before, std::size_t samples) {
  std::string what, lines;
  if (!way.says.empty()) {
    what = fmt::format("with the pixels of input '{}' {}", way.inputs[way.input].name, way.says);
    lines = line_of(way.inputs[way.input]);
  }
  const std::string joined = what.empty() ? "" : " and ";
  if (fit.offset != 0) {
    const std::int64_t first = first_class(dataset) - fit.offset;
    what += fmt::format("{}with labels whose first class is {}", joined, first);
    lines += fmt::format("{}`label: {{first: {}}}`", lines.empty() ? "" : " and ", first);
  }
  if (!fit.renamed.empty())
    what += fmt::format("{}with its classes in another order than the labels (class {})", joined, renamed(fit.renamed));
  std::string text = fmt::format("{} it is right on {:.1f} % of {} samples instead of {:.1f} %", what, 100 * fit.right,
                                 samples, 100 * before);
  return lines.empty() ? text : text + ". Write into dataset.yaml: " + lines;
}

// --- answers beside labels
// -------------------------------------------------------------------------------------------------------

using Numbers = std::vector<std::int64_t>;

double share_of(const Numbers& answers, const Numbers& labels, std::int64_t offset) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += answers[i] != kNoAnswer && answers[i] - offset == labels[i];
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

// By class of the model: the label that it mostly fits among the first half; empty when two fit one.
Numbers one_to_one(const Numbers& answers, const Numbers& labels) {
  std::map<std::int64_t, std::map<std::int64_t, int>> counts;
  for (std::size_t i = 0; i < labels.size() / 2; ++i)
    if (answers[i] >= 0) ++counts[answers[i]][labels[i]];
  Numbers names;
  std::set<std::int64_t> taken;
  for (const auto& [answer, fits] : counts) {
    const auto most = std::ranges::max_element(fits, {}, [](const auto& entry) { return entry.second; });
    if (!taken.insert(most->first).second) return {};
    names.resize(static_cast<std::size_t>(answer) + 1, kNoAnswer);
    names.back() = most->first;
  }
  return names;
}

double share_of(const Numbers& answers, const Numbers& labels, const Numbers& names) {
  std::size_t right = 0, count = 0;
  for (std::size_t i = labels.size() / 2; i < labels.size(); ++i, ++count) {
    const auto answer = static_cast<std::size_t>(answers[i]);
    right += answers[i] >= 0 && answer < names.size() && names[answer] == labels[i];
  }
  return count > 0 ? static_cast<double>(right) / static_cast<double>(count) : 0;
}

}  // namespace

Fit best_fit(const Numbers& answers, const Numbers& labels) {
  Fit best{.right = share_of(answers, labels, 0), .offset = 0, .renamed = {}};
  for (const std::int64_t offset : {1, -1})
    if (const double right = share_of(answers, labels, offset); right > best.right)
      best = {.right = right, .offset = offset, .renamed = {}};
  const Numbers names = one_to_one(answers, labels);
  if (const double right = share_of(answers, labels, names); !names.empty() && right > 1.25 * best.right)
    best = {.right = right, .offset = 0, .renamed = names};
  return best;
}

bool beyond_chance(double right, const Numbers& labels) {
  std::map<std::int64_t, double> counts;
  for (const std::int64_t label : labels) counts[label] += 1;
  double most = 0;
  for (const auto& [label, count] : counts) most = std::max(most, count);
  const auto n = static_cast<double>(labels.size());
  const double chance = counts.size() > 1 ? most / n : 0.5;
  return right > chance + 4 * std::sqrt(chance * (1 - chance) / n);
}

std::vector<std::string> better_preprocessing(const LoadedModel& model, const Dataset& dataset,
                                              const MeasureOptions& options) {
  Tries tries(model, dataset, options);
  if (!tries.can_run()) return {};
  const std::vector<Way> all = ways(dataset);
  const Way* best_way = nullptr;
  Fit best;
  double before = 0;
  for (const Way& way : all) {
    const bool as_it_is = &way == &all.front();
    const Numbers answers = tries.answers(as_it_is ? dataset : dataset.with_inputs(way.inputs));
    const Fit fit = best_fit(answers, tries.labels());
    if (as_it_is) {
      before = share_of(answers, tries.labels(), 0);
      if (beyond_chance(before, tries.labels())) return {};  // fewer samples said otherwise
      tries.limit_to(all.size() - 1);
    }
    if (fit.right > best.right && beyond_chance(fit.right, tries.labels())) {
      best = fit;
      best_way = &way;
    }
  }
  if (best_way == nullptr) return {};
  return {sentence(dataset, *best_way, best, before, tries.labels().size())};
}

}  // namespace bw
