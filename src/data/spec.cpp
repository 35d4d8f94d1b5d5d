#include "data/spec.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/number.h"
#include "data/text.h"
#include "data/yaml.h"

namespace bw {
namespace {

constexpr std::array kTasks{
    std::pair{TaskKind::Classification, std::string_view("classification")},
    std::pair{TaskKind::Regression, std::string_view("regression")},
    std::pair{TaskKind::LanguageModelling, std::string_view("language-modelling")},
    std::pair{TaskKind::EmbeddingSimilarity, std::string_view("embedding-similarity")},
    std::pair{TaskKind::Outputs, std::string_view("outputs")},
};
constexpr std::int64_t kMaxSide = 1 << 16, kMaxLength = 1 << 24;

TaskKind read_task(const Yaml& yaml) {
  std::string names;
  for (const auto& [task, name] : kTasks) {
    if (yaml.text() == name) return task;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  yaml.fail("unknown task \"" + yaml.text() + "\"", "One of: " + names);
}

std::string read_choice(const Yaml& yaml, std::initializer_list<std::string_view> choices) {
  std::string names;
  for (std::string_view choice : choices) {
    if (yaml.text() == choice) return yaml.text();
    names += (names.empty() ? "" : ", ") + std::string(choice);
  }
  yaml.fail("\"" + yaml.text() + "\" is not known here", "One of: " + names);
}

Scale read_scale(const Yaml& yaml) {
  const std::string& text = yaml.text();
  const std::size_t bar = text.find('/');
  Scale scale;
  const bool good = bar == text.npos ? parse_number(std::string_view(text), scale.factor)
                                     : parse_number(std::string_view(text).substr(0, bar), scale.factor) &&
                                           parse_number(std::string_view(text).substr(bar + 1), scale.divisor);
  if (!good || scale.divisor == 0) yaml.fail("scale must be a number or a fraction like 1/255, not \"" + text + "\"");
  return scale;
}

Size read_size(const Yaml& yaml) {
  if (yaml.kind() != Yaml::Kind::Sequence) return {yaml.integer(1, kMaxSide), yaml.integer(1, kMaxSide)};
  if (yaml.items().size() != 2) yaml.fail("must be one number or [height, width]");
  return {yaml.items()[0].integer(1, kMaxSide), yaml.items()[1].integer(1, kMaxSide)};
}

std::vector<double> read_per_channel(const Yaml& yaml) {
  std::vector<double> values = yaml.numbers();
  if (values.empty()) yaml.fail("needs one number, or one a channel");
  return values;
}

// Calls `read` with the value of a key that is there.
template <class Read>
void with(const Yaml& yaml, std::string_view key, const Read& read) {
  if (const Yaml* value = yaml.find(key)) read(*value);
}
void read_text(const Yaml& yaml, std::string_view key, std::string& out) {
  with(yaml, key, [&](const Yaml& value) { out = value.text(); });
}

SourceSpec read_source(const Yaml& yaml) {
  yaml.require_keys({"kind", "path", "labels", "tokenizer", "vocabulary", "columns", "window"});
  SourceSpec source;
  read_text(yaml, "kind", source.kind);
  read_text(yaml, "path", source.path);
  read_text(yaml, "labels", source.labels);
  read_text(yaml, "tokenizer", source.tokenizer);
  read_text(yaml, "vocabulary", source.vocabulary);
  with(yaml, "columns", [&](const Yaml& value) { source.columns = value.texts(); });
  with(yaml, "window", [&](const Yaml& value) { source.window = value.integer(1, kMaxLength); });
  if (!source.tokenizer.empty() && !source.vocabulary.empty())
    yaml.fail("names both a tokenizer and a vocabulary", "Keep one");
  return source;
}

InputSpec read_input(const std::string& name, const Yaml& yaml) {
  yaml.require_keys({"from", "resize_short", "resize", "crop", "layout", "color", "scale", "mean", "std", "column",
                     "max_length", "pad"});
  InputSpec input;
  input.name = name;
  read_text(yaml, "from", input.from);
  with(yaml, "resize_short", [&](const Yaml& value) { input.resize_short = value.integer(1, kMaxSide); });
  with(yaml, "resize", [&](const Yaml& value) { input.resize = read_size(value); });
  with(yaml, "crop", [&](const Yaml& value) { input.crop = read_size(value); });
  with(yaml, "layout", [&](const Yaml& value) { input.layout = read_choice(value, {"NCHW", "NHWC"}); });
  with(yaml, "color", [&](const Yaml& value) { input.color = read_choice(value, {"RGB", "BGR", "gray"}); });
  with(yaml, "scale", [&](const Yaml& value) { input.scale = read_scale(value); });
  with(yaml, "mean", [&](const Yaml& value) { input.mean = read_per_channel(value); });
  with(yaml, "std", [&](const Yaml& value) {
    input.std = read_per_channel(value);
    for (double number : input.std)
      if (number <= 0) value.fail("std must be above 0");
  });
  read_text(yaml, "column", input.column);
  with(yaml, "max_length", [&](const Yaml& value) { input.max_length = value.integer(1, kMaxLength); });
  with(yaml, "pad", [&](const Yaml& value) { input.pad = value.number(); });
  if (input.resize && input.resize_short) yaml.fail("names both resize and resize_short", "Keep one");
  return input;
}

LabelSpec read_label(const Yaml& yaml) {
  yaml.require_keys({"from", "classes"});
  LabelSpec label;
  read_text(yaml, "from", label.from);
  with(yaml, "classes", [&](const Yaml& value) {
    if (value.kind() != Yaml::Kind::Sequence) value.fail("classes must be a list of names");
    label.classes = value.texts();
  });
  return label;
}

SplitSpec read_split(const std::string& name, const Yaml& yaml) {
  if (yaml.kind() == Yaml::Kind::Scalar) return {name, yaml.text(), ""};
  yaml.require_keys({"path", "labels"});
  SplitSpec split{name, "", ""};
  read_text(yaml, "path", split.path);
  read_text(yaml, "labels", split.labels);
  return split;
}

OutputMetric read_output(const std::string& name, const Yaml& yaml) {
  yaml.require_keys({"metric"});
  OutputMetric output{name, ""};
  read_text(yaml, "metric", output.metric);
  if (output.metric.empty()) yaml.fail("names no metric for output \"" + name + "\"", "Write {metric: NAME}");
  return output;
}

void check_version(const Yaml& yaml) {
  const Yaml* version = yaml.kind() == Yaml::Kind::Mapping ? yaml.find("version") : nullptr;
  if (version == nullptr)
    yaml.fail("has no version",
              "Begin a dataset description with \"version: 1\"; to open other data, pass a description of your own "
              "with --data");
  if (version->text() != "1")
    throw Error(InputClass::Unsupported, "is version " + version->text() + " of dataset.yaml", version->place(),
                "This program reads version 1");
}

void put(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}
template <class T>
void put(Json& json, const char* key, const std::vector<T>& values) {
  if (!values.empty()) json[key] = values;
}

Json json_of(const InputSpec& input) {
  Json json = Json::object();
  put(json, "from", input.from);
  put(json, "column", input.column);
  if (input.resize_short) json["resize_short"] = *input.resize_short;
  if (input.resize) json["resize"] = {input.resize->first, input.resize->second};
  if (input.crop) json["crop"] = {input.crop->first, input.crop->second};
  put(json, "layout", input.layout);
  put(json, "color", input.color);
  if (input.scale) json["scale"] = Json{{"factor", input.scale->factor}, {"divisor", input.scale->divisor}};
  put(json, "mean", input.mean);
  put(json, "std", input.std);
  if (input.max_length) json["max_length"] = input.max_length;
  if (input.pad) json["pad"] = *input.pad;
  return json;
}

}  // namespace

std::string_view name_of(TaskKind task) {
  for (const auto& [kind, name] : kTasks)
    if (kind == task) return name;
  throw Error(ErrorKind::Internal, "unknown task");
}

DatasetSpec parse_spec(std::string_view text, std::string_view where) {
  const Yaml yaml = Yaml::parse(text, where);
  check_version(yaml);
  yaml.require_keys({"version", "task", "root", "source", "inputs", "label", "trim", "splits", "metrics", "outputs"});
  DatasetSpec spec;
  with(yaml, "task", [&](const Yaml& value) { spec.task = read_task(value); });
  read_text(yaml, "root", spec.root);
  read_text(yaml, "trim", spec.trim);
  with(yaml, "source", [&](const Yaml& value) { spec.source = read_source(value); });
  with(yaml, "label", [&](const Yaml& value) { spec.label = read_label(value); });
  with(yaml, "metrics", [&](const Yaml& value) { spec.metrics = value.texts(); });
  const auto each = [&](std::string_view key, const auto& add) {
    with(yaml, key, [&](const Yaml& map) {
      if (map.kind() != Yaml::Kind::Mapping) map.fail(std::string(key) + " must be a mapping of names");
      for (std::size_t i = 0; i < map.keys().size(); ++i) add(map.keys()[i], map.items()[i]);
    });
  };
  each("inputs", [&](const std::string& name, const Yaml& value) { spec.inputs.push_back(read_input(name, value)); });
  each("splits", [&](const std::string& name, const Yaml& value) { spec.splits.push_back(read_split(name, value)); });
  each("outputs",
       [&](const std::string& name, const Yaml& value) { spec.outputs.push_back(read_output(name, value)); });
  return spec;
}

Json to_json(const DatasetSpec& spec) {
  Json json = Json::object();
  json["version"] = 1;
  if (spec.task) json["task"] = name_of(*spec.task);
  Json& source = json["source"] = Json::object();
  put(source, "kind", spec.source.kind);
  put(source, "path", spec.source.path);
  put(source, "labels", spec.source.labels);
  put(source, "tokenizer", spec.source.tokenizer);
  put(source, "vocabulary", spec.source.vocabulary);
  put(source, "columns", spec.source.columns);
  if (spec.source.window) source["window"] = spec.source.window;
  for (const InputSpec& input : spec.inputs) json["inputs"][input.name] = json_of(input);
  put(json["label"] = Json::object(), "from", spec.label.from);
  put(json["label"], "classes", spec.label.classes);
  put(json, "trim", spec.trim);
  put(json, "metrics", spec.metrics);
  for (const OutputMetric& output : spec.outputs) json["outputs"][output.output]["metric"] = output.metric;
  return json;
}

}  // namespace bw
