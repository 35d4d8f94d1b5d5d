// dataset.yaml, version 1: what a person says about a dataset. Whatever is left out is guessed (data/resolve.h).
//
//   version: 1
//   task: classification            # regression, language-modelling, embedding-similarity, outputs
//   root: ${BITWRIGHT_ZOO}/data/x   # folder of the paths below; default: the folder of this file
//   source: {kind: images, path: val, labels: labels.tsv}
//   inputs:
//     image: {from: image, resize_short: 256, crop: 224, layout: NCHW, color: RGB, scale: 1/255, mean: [..], std: [..]}
//   label: {from: folder, classes: [cat, dog]}
//   trim: attention_mask            # a column that says how long each sample is: a mask of 0 and 1, or a length
//   splits: {calibration: {path: train}, evaluation: {path: val, labels: val.tsv}}
//   metrics: [top1, top5]
//   outputs: {boxes: {metric: mae}, scores: {metric: top1}}   # by which metric each output is judged
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
  std::string labels;                 // images, idx: the file that holds the labels
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
  // images: v = (x * scale - mean) / std in float32, after resize, crop and colour
  std::optional<std::int64_t> resize_short;  // the shorter side; the longer one is cut to whole pixels
  std::optional<Size> resize, crop;
  std::string layout, color;  // NCHW or NHWC; RGB, BGR or gray; "" is guessed
  std::optional<Scale> scale;
  std::vector<double> mean, std;  // one number, or one a channel
  // texts
  std::string column;           // which text; "" is the first
  std::int64_t max_length = 0;  // tokens beyond are cut off; 0: only as the model demands
  std::optional<double> pad;
};

struct LabelSpec {
  std::string from;
  std::vector<std::string> classes;  // names in the order of their numbers
};

struct SplitSpec {
  std::string name, path, labels;
};

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

}  // namespace bw
