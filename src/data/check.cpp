#include "data/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/hash.h"
#include "tensor/convert.h"

namespace bw {
namespace {

constexpr std::size_t kShownValues = 8;
constexpr std::size_t kPictureWidth = 48;

// Sums over all samples of one input, and channel by channel where that makes sense.
class Sums {
 public:
  explicit Sums(const InputSignature& signature) {
    statistics_.name = signature.name;
    statistics_.dtype = signature.dtype;
  }

  void add(const Tensor& value) {
    widen(value.shape());
    const std::vector<double> elements = to_doubles(value);
    if (elements.empty()) return;
    const std::size_t channels =
        value.rank() == 3 && value.shape()[0] <= 4 ? static_cast<std::size_t>(value.shape()[0]) : 1;
    if (count_ == 0) sums_.resize(channels), squares_.resize(channels), minimum_ = maximum_ = elements[0];
    if (channels != sums_.size()) sums_ = {total(sums_)}, squares_ = {total(squares_)};
    const std::size_t plane = std::max<std::size_t>(elements.size() / sums_.size(), 1);
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const double element = elements[i];
      sums_[sums_.size() == 1 ? 0 : i / plane] += element;
      squares_[sums_.size() == 1 ? 0 : i / plane] += element * element;
      minimum_ = std::min(minimum_, element);
      maximum_ = std::max(maximum_, element);
    }
    count_ += elements.size();
  }

  InputStatistics result() {
    if (count_ == 0) return statistics_;
    const double count = static_cast<double>(count_);
    statistics_.min = minimum_;
    statistics_.max = maximum_;
    statistics_.mean = total(sums_) / count;
    statistics_.std = deviation(total(squares_) / count, statistics_.mean);
    for (std::size_t c = 0; c < sums_.size() && sums_.size() > 1; ++c) {
      const double part = count / static_cast<double>(sums_.size());
      statistics_.channel_mean.push_back(sums_[c] / part);
      statistics_.channel_std.push_back(deviation(squares_[c] / part, sums_[c] / part));
    }
    return statistics_;
  }

 private:
  static double total(const std::vector<double>& parts) {
    double sum = 0;
    for (double part : parts) sum += part;
    return sum;
  }
  static double deviation(double mean_square, double mean) {
    return std::sqrt(std::max(mean_square - mean * mean, 0.0));
  }

  void widen(const Shape& shape) {
    if (statistics_.smallest.size() != shape.size()) statistics_.smallest = statistics_.largest = shape;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      statistics_.smallest[axis] = std::min(statistics_.smallest[axis], shape[axis]);
      statistics_.largest[axis] = std::max(statistics_.largest[axis], shape[axis]);
    }
  }

  InputStatistics statistics_;
  std::vector<double> sums_, squares_;
  double minimum_ = 0, maximum_ = 0;
  std::size_t count_ = 0;
};

std::string label_text(const Tensor& label, const std::vector<std::string>& classes) {
  const std::vector<double> values = to_doubles(label);
  std::string text;
  for (std::size_t i = 0; i < std::min(values.size(), kShownValues); ++i)
    text += fmt::format("{}{:g}", i ? " " : "", values[i]);
  if (values.size() > kShownValues) text += " ...";
  const bool named = values.size() == 1 && values[0] >= 0 && values[0] < static_cast<double>(classes.size());
  return named ? text + " (" + classes[static_cast<std::size_t>(values[0])] + ")" : text;
}

std::string line_of(const InputSignature& signature, const Tensor& value) {
  std::string line = fmt::format("{} {} {}:", signature.name, name_of(value.dtype()), to_string(value.shape()));
  const std::vector<double> values = to_doubles(value);
  for (std::size_t i = 0; i < std::min(values.size(), kShownValues); ++i) line += fmt::format(" {:.4g}", values[i]);
  return values.size() > kShownValues ? line + " ..." : line;
}

// An image [C, H, W] or [H, W, C] as characters from dark to light; "" for anything else.
std::string picture_of(const Tensor& value) {
  if (value.rank() != 3) return {};
  const Shape& shape = value.shape();
  const bool first = shape[0] <= 4;
  if (!first && shape[2] > 4) return {};
  const auto rows = static_cast<std::size_t>(shape[first ? 1 : 0]),
             columns = static_cast<std::size_t>(shape[first ? 2 : 1]);
  const std::vector<double> elements = to_doubles(value);
  const auto [low, high] = std::minmax_element(elements.begin(), elements.end());
  if (elements.empty() || *low == *high) return {};
  const std::size_t channels = elements.size() / (rows * columns);
  constexpr std::string_view kShades = " .:-=+*#%@";
  const std::size_t width = std::min(columns, kPictureWidth),
                    height = std::max<std::size_t>(rows * width / columns / 2, 1);  // characters are tall
  std::string picture;
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      const std::size_t pixel = (y * rows / height) * columns + x * columns / width;
      double sum = 0;
      for (std::size_t c = 0; c < channels; ++c)
        sum += elements[first ? c * rows * columns + pixel : pixel * channels + c];
      const double light = (sum / static_cast<double>(channels) - *low) / (*high - *low);
      picture +=
          kShades[std::min(static_cast<std::size_t>(light * static_cast<double>(kShades.size())), kShades.size() - 1)];
    }
    picture += '\n';
  }
  return picture;
}

std::string hash_of(const Sample& sample) {
  Sha256 hash;
  for (const Tensor& input : sample.inputs) hash.add(input.bytes()).add(to_string(input.shape()));
  return hash.hex();
}

SampleView view_of(const Sample& sample, const Dataset& dataset) {
  SampleView view;
  view.id = sample.id;
  if (!sample.labels.empty()) view.label = label_text(sample.labels[0], dataset.class_names());
  for (std::size_t i = 0; i < sample.inputs.size(); ++i) {
    view.inputs.push_back(line_of(dataset.inputs()[i], sample.inputs[i]));
    if (view.picture.empty()) view.picture = picture_of(sample.inputs[i]);
  }
  return view;
}

// Decodes samples spread over the split and hands each to `use`.
template <class Use>
void for_some(const Split& split, std::size_t limit, const Use& use) {
  Stream stream(split, choose(split, limit, 0));
  while (const std::optional<Sample> sample = stream.next()) use(*sample);
}

}  // namespace

DataCheck check_dataset(const Dataset& dataset, std::size_t show, std::size_t limit) {
  DataCheck check;
  check.guesses = dataset.guesses();
  const Split calibration = dataset.calibration(), evaluation = dataset.evaluation();
  check.calibration_samples = calibration.size();
  check.evaluation_samples = evaluation.size();
  std::vector<Sums> sums(dataset.inputs().begin(), dataset.inputs().end());
  std::set<std::string> calibrating;
  for_some(calibration, limit, [&](const Sample& sample) {
    calibrating.insert(hash_of(sample));
    ++check.seen;
  });
  for_some(evaluation, limit, [&](const Sample& sample) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i].add(sample.inputs[i]);
    check.repeated += calibrating.count(hash_of(sample));
    if (check.samples.size() < show) check.samples.push_back(view_of(sample, dataset));
    ++check.seen;
  });
  for (Sums& sum : sums) check.inputs.push_back(sum.result());
  for (std::int64_t label : evaluation.classes())
    ++check.labels[label_text(Tensor::scalar(label), dataset.class_names())];
  return check;
}

std::string to_text(const DataCheck& check) {
  std::string text = fmt::format("calibration: {} samples, evaluation: {} samples, {} looked at\n",
                                 check.calibration_samples, check.evaluation_samples, check.seen);
  for (const InputStatistics& input : check.inputs) {
    text += fmt::format("\ninput {}: {} {}", input.name, name_of(input.dtype), to_string(input.smallest));
    if (input.smallest != input.largest) text += " to " + to_string(input.largest);
    text += fmt::format("\n  min {:.6g}  max {:.6g}  mean {:.6g}  std {:.6g}\n", input.min, input.max, input.mean,
                        input.std);
    for (std::size_t c = 0; c < input.channel_mean.size(); ++c)
      text += fmt::format("  channel {}: mean {:.6g}  std {:.6g}\n", c, input.channel_mean[c], input.channel_std[c]);
  }
  if (!check.labels.empty()) text += fmt::format("\n{} classes in the evaluation samples:\n", check.labels.size());
  for (const auto& [label, count] : check.labels) text += fmt::format("  {}: {}\n", label, count);
  for (const SampleView& sample : check.samples) {
    text += fmt::format("\nsample {}{}{}\n", sample.id, sample.label.empty() ? "" : ", label ", sample.label);
    for (const std::string& line : sample.inputs) text += "  " + line + "\n";
    text += sample.picture;
  }
  if (check.repeated > 0)
    text += fmt::format("\n{} evaluation samples also stand in the calibration set\n", check.repeated);
  if (!check.guesses.empty()) text += "\nguessed:\n";
  for (const std::string& guess : check.guesses) text += "  - " + guess + "\n";
  return text;
}

Json to_json(const DataCheck& check) {
  Json json;
  json["calibration_samples"] = check.calibration_samples;
  json["evaluation_samples"] = check.evaluation_samples;
  json["seen"] = check.seen;
  json["repeated"] = check.repeated;
  for (const InputStatistics& input : check.inputs)
    json["inputs"].push_back(Json{{"name", input.name},
                                  {"dtype", name_of(input.dtype)},
                                  {"smallest", input.smallest},
                                  {"largest", input.largest},
                                  {"min", input.min},
                                  {"max", input.max},
                                  {"mean", input.mean},
                                  {"std", input.std},
                                  {"channel_mean", input.channel_mean},
                                  {"channel_std", input.channel_std}});
  json["labels"] = check.labels;
  for (const SampleView& sample : check.samples)
    json["samples"].push_back(
        Json{{"id", sample.id}, {"label", sample.label}, {"inputs", sample.inputs}, {"picture", sample.picture}});
  json["guesses"] = check.guesses;
  return json;
}

}  // namespace bw
