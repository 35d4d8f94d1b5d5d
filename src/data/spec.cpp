#include "data/spec.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/names.h"
#include "base/number.h"
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
constexpr std::int64_t kMaxSide = 1 << 16, kMaxLength = 1 << 24, kMaxRate = 1 << 20, kMaxAxis = 7;

TaskKind read_task(const Yaml& yaml) {
  std::vector<std::string_view> known;
  for (const auto& [task, name] : kTasks) {
    if (yaml.text() == name) return task;
    known.push_back(name);
  }
  yaml.fail("unknown task \"" + yaml.text() + "\"", known_names(yaml.text(), known));
}

std::string read_choice(const Yaml& yaml, std::initializer_list<std::string_view> choices) {
  if (std::ranges::find(choices, yaml.text()) != choices.end()) return yaml.text();
  yaml.fail("\"" + yaml.text() + "\" is not known here", known_names(yaml.text(), choices));
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

std::vector<double> read_deviations(const Yaml& yaml) {
  std::vector<double> values = read_per_channel(yaml);
  for (double number : values)
    if (number <= 0) yaml.fail("std must be above 0");
  return values;
}

int read_axis(const Yaml& yaml) {
  if (yaml.text() == "none") return kNoBatch;
  return static_cast<int>(yaml.integer(0, kMaxAxis));
}

std::vector<std::int64_t> read_shape(const Yaml& yaml) {
  if (yaml.kind() != Yaml::Kind::Sequence) yaml.fail("must be a list of sizes, [1, 128]");
  std::vector<std::int64_t> shape;
  for (const Yaml& item : yaml.items()) shape.push_back(item.integer(1, kMaxLength));
  return shape;
}

std::vector<std::string> read_classes(const Yaml& yaml) {
  if (yaml.kind() != Yaml::Kind::Sequence) yaml.fail("classes must be a list of names");
  return yaml.texts();
}

// A key of a mapping that is read into a T. These tables are the whole truth about dataset.yaml: what is known, what it
// means, how it is read.
template <class T>
struct Key {
  std::string_view name, type, standard, says;
  void (*read)(T& into, const Yaml& value);
};

template <class T, std::size_t kCount>
void read_keys(const Yaml& yaml, const Key<T> (&keys)[kCount], T& into) {
  std::vector<std::string_view> names;
  for (const Key<T>& key : keys) names.push_back(key.name);
  yaml.require_keys(names);
  for (const Key<T>& key : keys)
    if (const Yaml* value = yaml.find(key.name)) key.read(into, *value);
}

constexpr Key<SourceSpec> kSourceKeys[] = {
    {"kind", "name", "guessed from the files", "what the files are: one of the kinds of sources",
     [](SourceSpec& source, const Yaml& yaml) { source.kind = yaml.text(); }},
    {"path", "path", "root itself", "file or folder of the data, beneath `root`",
     [](SourceSpec& source, const Yaml& yaml) { source.path = yaml.text(); }},
    {"labels", "path", "class folders, or what lies beside",
     "images, audio, idx: the file that holds the labels (a name and a label a line; for idx, an idx file)",
     [](SourceSpec& source, const Yaml& yaml) { source.labels = yaml.text(); }},
    {"tokenizer", "path", "tokenizer.json in root", "texts: the tokenizer.json that encodes them",
     [](SourceSpec& source, const Yaml& yaml) { source.tokenizer = yaml.text(); }},
    {"vocabulary", "path", "vocab.txt in root", "texts: a list of words, one a line, instead of a tokenizer",
     [](SourceSpec& source, const Yaml& yaml) { source.vocabulary = yaml.text(); }},
    {"columns", "list of names", "the file's first line", "text: names of the table's columns",
     [](SourceSpec& source, const Yaml& yaml) { source.columns = yaml.texts(); }},
    {"window", "integer", "as the model demands, else 128", "corpus: tokens a sample",
     [](SourceSpec& source, const Yaml& yaml) { source.window = yaml.integer(1, kMaxLength); }},
};

constexpr Key<InputSpec> kInputKeys[] = {
    {"from", "name", "the column of the input's name, or the only one that fits",
     "what the input is made of: a column of the data; of a text `input_ids`, `attention_mask`, `token_type_ids` or "
     "`lengths`; `zeros`; `constant`",
     [](InputSpec& input, const Yaml& yaml) { input.from = yaml.text(); }},
    {"value", "number", "0", "the value of `from: constant`",
     [](InputSpec& input, const Yaml& yaml) { input.value = yaml.number(); }},
    {"shape", "list of integers", "as the model demands",
     "shape of `zeros` or a `constant` for one sample, without the batch axis",
     [](InputSpec& input, const Yaml& yaml) { input.shape = read_shape(yaml); }},
    {"batch_axis", "integer or none", "found in the model's shapes and nodes",
     "which axis of the input counts the samples; `none`: the input has no such axis and is fed as it is",
     [](InputSpec& input, const Yaml& yaml) { input.batch_axis = read_axis(yaml); }},
    {"resize_short", "integer", "8/7 of the model's size; nothing where the images have it",
     "images: resize so that the shorter side has this many pixels",
     [](InputSpec& input, const Yaml& yaml) { input.resize_short = yaml.integer(1, kMaxSide); }},
    {"resize", "integer or [height, width]", "see resize_short",
     "images: resize to this size, whatever the proportions",
     [](InputSpec& input, const Yaml& yaml) { input.resize = read_size(yaml); }},
    {"crop", "integer or [height, width]", "the model's size",
     "images: cut this size out of the middle, after resizing",
     [](InputSpec& input, const Yaml& yaml) { input.crop = read_size(yaml); }},
    {"layout", "NCHW or NHWC", "by the model's shape", "pictures: where the model wants the channels",
     [](InputSpec& input, const Yaml& yaml) { input.layout = read_choice(yaml, {"NCHW", "NHWC"}); }},
    {"color", "RGB, BGR or gray", "RGB; gray for one channel", "images: the order of the channels",
     [](InputSpec& input, const Yaml& yaml) { input.color = read_choice(yaml, {"RGB", "BGR", "gray"}); }},
    {"scale", "number or fraction", "images: 1/255 for float inputs; else 1",
     "each value is multiplied by it: v = (x * scale - mean) / std",
     [](InputSpec& input, const Yaml& yaml) { input.scale = read_scale(yaml); }},
    {"mean", "number, or one a channel", "0", "subtracted after scaling",
     [](InputSpec& input, const Yaml& yaml) { input.mean = read_per_channel(yaml); }},
    {"std", "number, or one a channel", "1", "what remains is divided by it",
     [](InputSpec& input, const Yaml& yaml) { input.std = read_deviations(yaml); }},
    {"sample_rate", "integer", "as the files have it",
     "sound: frames a second that the model wants; files of another rate are refused, nothing is resampled",
     [](InputSpec& input, const Yaml& yaml) { input.sample_rate = yaml.integer(1, kMaxRate); }},
    {"mono", "true or false", "true where the model takes one channel", "sound: take the mean of the channels",
     [](InputSpec& input, const Yaml& yaml) { input.mono = yaml.boolean(); }},
    {"length", "integer", "as the model demands",
     "sound: frames a sample; what is longer is cut at its end, what is shorter is filled up with `pad`",
     [](InputSpec& input, const Yaml& yaml) { input.length = yaml.integer(1, kMaxLength); }},
    {"column", "name", "the first text", "texts: which column is encoded",
     [](InputSpec& input, const Yaml& yaml) { input.column = yaml.text(); }},
    {"max_length", "integer", "as the model demands", "texts: tokens beyond are cut off",
     [](InputSpec& input, const Yaml& yaml) { input.max_length = yaml.integer(1, kMaxLength); }},
    {"pad", "number", "the tokenizer's [PAD] or <pad>, else 0", "what short texts, rows and sounds are filled up with",
     [](InputSpec& input, const Yaml& yaml) { input.pad = yaml.number(); }},
};

constexpr Key<LabelSpec> kLabelKeys[] = {
    {"from", "name", "the column called label, y, target, ...", "the column that holds the labels",
     [](LabelSpec& label, const Yaml& yaml) { label.from = yaml.text(); }},
    {"classes", "list of names", "the names found, sorted", "names of the classes in the order of the model's outputs",
     [](LabelSpec& label, const Yaml& yaml) { label.classes = read_classes(yaml); }},
    {"first", "integer", "0", "the number that the labels give the first class: 1 where they run from 1 to N",
     [](LabelSpec& label, const Yaml& yaml) { label.first = yaml.integer(-kMaxLength, kMaxLength); }},
    {"one_hot", "true or false", "by the labels' shape and values",
     "a label is a row of zeros with a 1 at the place of its class",
     [](LabelSpec& label, const Yaml& yaml) { label.one_hot = yaml.boolean(); }},
};

constexpr Key<SplitSpec> kSplitKeys[] = {
    {"path", "path", "the source's", "file or folder of the split, beneath `root`; `NAME: PATH` is short for it",
     [](SplitSpec& split, const Yaml& yaml) { split.path = yaml.text(); }},
    {"labels", "path", "the source's", "the file that holds the split's labels",
     [](SplitSpec& split, const Yaml& yaml) { split.labels = yaml.text(); }},
    {"part", "word", "all arrays", "npz, npy: take the arrays whose names end or begin with it: x_train, y_train",
     [](SplitSpec& split, const Yaml& yaml) { split.part = yaml.text(); }},
};

constexpr Key<OutputMetric> kOutputKeys[] = {
    {"metric", "name", "must be said", "the metric that this output is judged by",
     [](OutputMetric& output, const Yaml& yaml) { output.metric = yaml.text(); }},
};

InputSpec read_input(const std::string& name, const Yaml& yaml) {
  InputSpec input;
  input.name = name;
  read_keys(yaml, kInputKeys, input);
  if (input.resize && input.resize_short) yaml.fail("names both resize and resize_short", "Keep one");
  return input;
}

SplitSpec read_split(const std::string& name, const Yaml& yaml) {
  if (yaml.kind() == Yaml::Kind::Scalar) return {name, yaml.text()};
  SplitSpec split{name, ""};
  read_keys(yaml, kSplitKeys, split);
  return split;
}

OutputMetric read_output(const std::string& name, const Yaml& yaml) {
  OutputMetric output{name, ""};
  read_keys(yaml, kOutputKeys, output);
  if (output.metric.empty()) yaml.fail("names no metric for output \"" + name + "\"", "Write {metric: NAME}");
  return output;
}

SourceSpec read_source(const Yaml& yaml) {
  SourceSpec source;
  read_keys(yaml, kSourceKeys, source);
  if (!source.tokenizer.empty() && !source.vocabulary.empty())
    yaml.fail("names both a tokenizer and a vocabulary", "Keep one");
  return source;
}

// A mapping of names that the user chooses: read(name, value) for each.
template <class T>
std::vector<T> read_named(const Yaml& yaml, std::string_view what, T (*read)(const std::string&, const Yaml&)) {
  if (yaml.kind() != Yaml::Kind::Mapping) yaml.fail(std::string(what) + " must be a mapping of names");
  std::vector<T> all;
  for (std::size_t i = 0; i < yaml.keys().size(); ++i) all.push_back(read(yaml.keys()[i], yaml.items()[i]));
  return all;
}

constexpr Key<DatasetSpec> kTopKeys[] = {
    {"version", "1", "must be said", "of this file's format", [](DatasetSpec&, const Yaml&) {}},
    {"task", "name", "by the labels",
     "what the labels are: `classification`, `regression`, `language-modelling`, `embedding-similarity`, or `outputs` "
     "(none: a candidate's outputs are held against the float model's)",
     [](DatasetSpec& spec, const Yaml& yaml) { spec.task = read_task(yaml); }},
    {"root", "path", "the folder of this file", "folder that all paths are relative to; ${NAME} is the environment's",
     [](DatasetSpec& spec, const Yaml& yaml) { spec.root = yaml.text(); }},
    {"source", "mapping", "guessed", "what the data is and where it lies",
     [](DatasetSpec& spec, const Yaml& yaml) { spec.source = read_source(yaml); }},
    {"inputs", "mapping", "guessed", "how each input of the model is made, by the input's name",
     [](DatasetSpec& spec, const Yaml& yaml) { spec.inputs = read_named(yaml, "inputs", read_input); }},
    {"label", "mapping", "guessed", "where the right answers stand",
     [](DatasetSpec& spec, const Yaml& yaml) { read_keys(yaml, kLabelKeys, spec.label); }},
    {"trim", "name or none", "attention_mask, mask, lengths or length where every row is padded at its end only",
     "column that says how long each row is (a mask of 0 and 1, or a number): padding beyond it is cut off; `none`: "
     "rows are fed as they are",
     [](DatasetSpec& spec, const Yaml& yaml) { spec.trim = yaml.text(); }},
    {"splits", "mapping", "by the names of files and folders",
     "parts of the data by name; `calibration` and `evaluation`, or train, val, test, ...",
     [](DatasetSpec& spec, const Yaml& yaml) { spec.splits = read_named(yaml, "splits", read_split); }},
    {"metrics", "list of names", "the task's usual ones", "what accuracy is measured by",
     [](DatasetSpec& spec, const Yaml& yaml) { spec.metrics = yaml.texts(); }},
    {"outputs", "mapping", "none", "outputs of the model that have metrics of their own, by the output's name",
     [](DatasetSpec& spec, const Yaml& yaml) { spec.outputs = read_named(yaml, "outputs", read_output); }},
};

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

template <class T, std::size_t kCount>
void list_keys(std::vector<DatasetKey>& all, std::string_view where, const Key<T> (&keys)[kCount]) {
  for (const Key<T>& key : keys) all.push_back({where, key.name, key.type, key.says, key.standard});
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
  DatasetSpec spec;
  read_keys(yaml, kTopKeys, spec);
  return spec;
}

std::vector<DatasetKey> dataset_keys() {
  std::vector<DatasetKey> all;
  list_keys(all, "", kTopKeys);
  list_keys(all, "source", kSourceKeys);
  list_keys(all, "inputs.NAME", kInputKeys);
  list_keys(all, "label", kLabelKeys);
  list_keys(all, "splits.NAME", kSplitKeys);
  list_keys(all, "outputs.NAME", kOutputKeys);
  return all;
}

}  // namespace bw
