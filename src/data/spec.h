// dataset.yaml, version 1: what a person says about a dataset. Whatever is left out is guessed (data/resolve.h).
// Every key with its meaning: dataset_keys(), printed by `bitwright data keys`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"

namespace bw {

struct SourceSpec {
  std::string kind;                   // a name of the source catalog (sources/source.h); "" is guessed
  std::string path;                   // beneath root; "" is root itself
  std::string labels;                 // images, audio, idx: the file that holds the labels
  std::string tokenizer, vocabulary;  // text, corpus: tokenizer.json, or a list of words
  std::vector<std::string> columns;   // text: names of the columns where the file's first line does not say them
  std::int64_t window = 0;            // corpus: tokens a sample; 0: as long as the model's input, else 128
};

// v * factor / divisor. Written as a number (factor) or as a fraction "1/255"; each step is rounded to float32, as
// NumPy does it: x * (1/255) and x / 255 differ in the last bit, so both can be said.
struct Scale {
  double factor = 1, divisor = 1;
};

using Size = std::pair<std::int64_t, std::int64_t>;  // height, width

struct InputSpec {
  std::string name, from;
  std::optional<int> batch_axis;  // kNoBatch: none
  // from: constant; from: zeros
  std::optional<double> value;
  std::vector<std::int64_t> shape;  // of one sample, where the model leaves it free
  // images: v = (x * scale - mean) / std in float32, after resize, crop and colour
  std::optional<std::int64_t> resize_short;  // the shorter side; the longer one is cut to whole pixels
  std::optional<Size> resize, crop;
  std::string layout, color;  // NCHW or NHWC; RGB, BGR or gray; "" is guessed
  std::optional<Scale> scale;
  std::vector<double> mean, std;  // one number, or one a channel
  // sound
  std::int64_t sample_rate = 0;  // 0: as the files have it
  std::optional<bool> mono;      // the mean of the channels
  std::int64_t length = 0;       // frames: more are cut off, fewer filled up; 0: only as the model demands
  // texts
  std::string column;           // which text; "" is the first
  std::int64_t max_length = 0;  // tokens beyond are cut off; 0: only as the model demands
  std::optional<double> pad;
};

struct LabelSpec {
  std::string from;
  std::vector<std::string> classes;  // names in the order of their numbers
  std::int64_t first = 0;            // the number of the first class
  std::optional<bool> one_hot;
};

struct SplitSpec {
  std::string name, path, labels = {};
  std::string part = {};  // arrays whose names begin or end with this word: x_train, y_train; "" is all
};

inline constexpr std::string_view kTrimNone = "none";  // as `trim`: rows are fed as they are

struct DatasetSpec {
  std::optional<TaskKind> task;
  std::string root, trim;
  SourceSpec source;
  std::vector<InputSpec> inputs;
  LabelSpec label;
  std::vector<SplitSpec> splits;
  std::vector<std::string> metrics;
  std::vector<OutputMetric> outputs;
};

// InputError: format (unknown keys, wrong types, with line and column), unsupported (another version).
DatasetSpec parse_spec(std::string_view yaml, std::string_view where);
Json to_json(const DatasetSpec& spec);

// One key of dataset.yaml, as the reader knows it.
struct DatasetKey {
  std::string_view where;  // the mapping that holds it: "", "source", "inputs.NAME", ...
  std::string_view name, type, says;
  std::string_view standard;  // what holds when it is left out
};
std::vector<DatasetKey> dataset_keys();

// The reference page of dataset.yaml in Markdown: an example, every key, every kind of source.
std::string dataset_page();

}  // namespace bw
