// docs/dataset.md: the reference of dataset.yaml, from the reader's own tables.
#include <string>

#include "data/sources/source.h"
#include "data/spec.h"

namespace bw {
namespace {

constexpr std::string_view kHead = R"(# dataset.yaml

What a person says about a dataset. A folder that holds a file of this name is read as it says; any other file that ends
in `.yaml` can be given with `--data` as well. All but `version` may be left out: what is not said is guessed from the
files and the model, and every guess is printed (`bitwright data check DATA --model MODEL.onnx` shows them, with a few
samples as the model will see them).

```yaml
version: 1
task: classification
source: {kind: images, path: val, labels: labels.tsv}
inputs:
  image: {from: image, resize_short: 256, crop: 224, layout: NCHW, color: RGB, scale: 1/255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}
  state: {from: zeros}
label: {from: label, classes: [cat, dog]}
splits: {calibration: {path: train}, evaluation: {path: val}}
metrics: [top1, top5]
outputs: {boxes: {metric: mae}, scores: {metric: top1}}
```

Only plain mappings, lists and values are read; anchors, aliases and tags are refused. A state that a model gives out is
not carried from one sample to the next: each sample begins with what the description says (`from: zeros`, or a column).

This page is what `bitwright data keys` prints.
)";

struct Section {
  std::string_view where, title;
};
constexpr Section kSections[] = {
    {"", "The file"},
    {"source", "`source`"},
    {"inputs.NAME", "`inputs`: each input of the model by its name"},
    {"label", "`label`"},
    {"splits.NAME", "`splits`: each part of the data by its name"},
    {"outputs.NAME", "`outputs`: each output of the model by its name"},
};

}  // namespace

std::string dataset_page() {
  const std::vector<DatasetKey> keys = dataset_keys();
  std::string page(kHead);
  for (const Section& section : kSections) {
    page += "\n## " + std::string(section.title) + "\n\n| key | value | when left out | meaning |\n|---|---|---|---|\n";
    for (const DatasetKey& key : keys)
      if (key.where == section.where)
        page += "| `" + std::string(key.name) + "` | " + std::string(key.type) + " | " + std::string(key.standard) +
                " | " + std::string(key.says) + " |\n";
  }
  page += "\n## Kinds of sources\n\n| kind | what it reads |\n|---|---|\n";
  for (const SourceKind* kind : source_kinds())
    page += "| `" + std::string(kind->name) + "` | " + std::string(kind->says) + " |\n";
  return page;
}

}  // namespace bw
