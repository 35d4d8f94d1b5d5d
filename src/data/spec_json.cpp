// The description as it was understood, for reports.
#include <nlohmann/json.hpp>

#include "data/spec.h"

namespace bw {
namespace {

void put(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}
template <class T>
void put(Json& json, const char* key, const std::vector<T>& values) {
  if (!values.empty()) json[key] = values;
}
template <class T>
void put(Json& json, const char* key, const std::optional<T>& value) {
  if (value) json[key] = *value;
}
void put(Json& json, const char* key, std::int64_t number) {
  if (number != 0) json[key] = number;
}
void put(Json& json, const char* key, const std::optional<Size>& size) {
  if (size) json[key] = {size->first, size->second};
}

Json json_of(const InputSpec& input) {
  Json json = Json::object();
  put(json, "from", input.from);
  put(json, "column", input.column);
  if (input.batch_axis) json["batch_axis"] = *input.batch_axis == kNoBatch ? Json("none") : Json(*input.batch_axis);
  put(json, "value", input.value);
  put(json, "shape", input.shape);
  put(json, "resize_short", input.resize_short);
  put(json, "resize", input.resize);
  put(json, "crop", input.crop);
  put(json, "layout", input.layout);
  put(json, "color", input.color);
  if (input.scale) json["scale"] = Json{{"factor", input.scale->factor}, {"divisor", input.scale->divisor}};
  put(json, "mean", input.mean);
  put(json, "std", input.std);
  put(json, "sample_rate", input.sample_rate);
  put(json, "mono", input.mono);
  put(json, "length", input.length);
  put(json, "max_length", input.max_length);
  put(json, "pad", input.pad);
  return json;
}

Json json_of(const SourceSpec& source) {
  Json json = Json::object();
  put(json, "kind", source.kind);
  put(json, "path", source.path);
  put(json, "labels", source.labels);
  put(json, "tokenizer", source.tokenizer);
  put(json, "vocabulary", source.vocabulary);
  put(json, "columns", source.columns);
  put(json, "window", source.window);
  return json;
}

Json json_of(const LabelSpec& label) {
  Json json = Json::object();
  put(json, "from", label.from);
  put(json, "classes", label.classes);
  put(json, "first", label.first);
  put(json, "one_hot", label.one_hot);
  return json;
}

}  // namespace

Json to_json(const DatasetSpec& spec) {
  Json json = Json::object();
  json["version"] = 1;
  if (spec.task) json["task"] = name_of(*spec.task);
  json["source"] = json_of(spec.source);
  for (const InputSpec& input : spec.inputs) json["inputs"][input.name] = json_of(input);
  json["label"] = json_of(spec.label);
  put(json, "trim", spec.trim);
  put(json, "metrics", spec.metrics);
  for (const OutputMetric& output : spec.outputs) json["outputs"][output.output]["metric"] = output.metric;
  return json;
}

}  // namespace bw
