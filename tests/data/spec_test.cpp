#include "data/spec.h"

#include "archive/make.h"
#include "data/yaml.h"

using namespace bw;
using namespace bw::test;

TEST_CASE("a whole dataset.yaml is read") {
  const DatasetSpec spec = parse_spec(R"(version: 1
task: classification
root: ../data
source: {kind: images, path: val, labels: labels.tsv}
inputs:
  image: {from: image, resize_short: 256, crop: 224, layout: NCHW, color: RGB, scale: 1/255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}
  other: {resize: [10, 20], scale: 0.5, pad: 3, max_length: 7}
label: {from: folder, classes: [cat, "dog"]}
trim: mask
splits: {calibration: {path: train}, evaluation: val}
metrics: [top1, top5]
outputs: {boxes: {metric: mae}, scores: {metric: top1}}
)",
                                      "d.yaml");
  CHECK(spec.task == TaskKind::Classification);
  CHECK(spec.source.labels == "labels.tsv");
  REQUIRE(spec.inputs.size() == 2);
  CHECK(*spec.inputs[0].crop == Size{224, 224});
  CHECK(spec.inputs[0].scale->divisor == 255);
  CHECK(spec.inputs[0].mean[2] == 0.406);
  CHECK(*spec.inputs[1].resize == Size{10, 20});
  CHECK(spec.inputs[1].scale->factor == 0.5);
  CHECK(spec.label.classes == std::vector<std::string>{"cat", "dog"});
  CHECK(spec.splits[1].path == "val");
  CHECK(spec.metrics.size() == 2);
  REQUIRE(spec.outputs.size() == 2);
  CHECK(spec.outputs[0].output == "boxes");
  CHECK(spec.outputs[1].metric == "top1");
}

TEST_CASE("mistakes in dataset.yaml are named with line and column") {
  struct Case {
    InputClass input_class;
    const char* fragment;
    std::string text;
  };
  const std::vector<Case> cases{
      {InputClass::Format, "d.yaml:1:1: has no version", "task: outputs\n"},
      {InputClass::Unsupported, "d.yaml:1:10: is version 2 of dataset.yaml", "version: 2\n"},
      {InputClass::Format, "unknown key \"sorce\". Did you mean 'source'? There are: version, task",
       "version: 1\nsorce: {kind: npz}\n"},
      {InputClass::Format, "d.yaml:2:27: unknown key \"paht\". Did you mean 'path'?",
       "version: 1\nsource: {kind: npz, paht: x}\n"},
      {InputClass::Format, "unknown task \"classify\". There are: classification", "version: 1\ntask: classify\n"},
      {InputClass::Format, "must lie between 1 and 65536, not be 0", "version: 1\ninputs: {x: {crop: 0}}\n"},
      {InputClass::Format, "must be a whole number, not \"2.5\"", "version: 1\ninputs: {x: {resize_short: 2.5}}\n"},
      {InputClass::Format, "must be a finite number, not \".nan\"", "version: 1\ninputs: {x: {mean: .nan}}\n"},
      {InputClass::Format, "must be a finite number, not \"1e999\"", "version: 1\ninputs: {x: {mean: 1e999}}\n"},
      {InputClass::Format, "a fraction like 1/255, not \"1/0\"", "version: 1\ninputs: {x: {scale: 1/0}}\n"},
      {InputClass::Format, "std must be above 0", "version: 1\ninputs: {x: {std: [1, 0, 1]}}\n"},
      {InputClass::Format, "\"CHW\" is not known here. Did you mean 'NCHW'? There are: NCHW, NHWC",
       "version: 1\ninputs: {x: {layout: CHW}}\n"},
      {InputClass::Format, "both resize and resize_short", "version: 1\ninputs: {x: {resize: 1, resize_short: 2}}\n"},
      {InputClass::Format, "classes must be a list", "version: 1\nlabel: {classes: 1000}\n"},
      {InputClass::Format, "names no metric for output \"y\"", "version: 1\noutputs: {y: {}}\n"},
      {InputClass::Format, "must be a mapping", "version: 1\noutputs: {y: mae}\n"},
      {InputClass::Format, "'bitwright data keys' explains every key", "version: 1\ninputs: {x: {zzzzzz: 1}}\n"},
      {InputClass::Format, "must lie between 0 and 7", "version: 1\ninputs: {x: {batch_axis: 8}}\n"},
      {InputClass::Format, "must be a list of sizes", "version: 1\ninputs: {x: {shape: 8}}\n"},
      {InputClass::Format, "must be true or false", "version: 1\nlabel: {one_hot: 1}\n"},
      {InputClass::Format, "the key \"task\" stands here twice", "version: 1\ntask: outputs\ntask: regression\n"},
      {InputClass::Format, "has an anchor", "version: 1\nsource: &a {kind: npz}\n"},
      {InputClass::Format, "", "version: 1\nsource: *a\n"},
      {InputClass::Format, "merges another mapping", "version: 1\nsource:\n  <<: {kind: npz}\n"},
      {InputClass::Format, "has a tag", "version: 1\nsource: !!python/object {kind: npz}\n"},
      {InputClass::Format, "more than one document", "version: 1\n---\nversion: 1\n"},
      {InputClass::Format, "not valid YAML", "version: 1\nsource: {kind: npz\n"},
      {InputClass::Format, "is empty", ""},
      {InputClass::Format, "must be a mapping", "version: 1\nsource: npz\n"},
      {InputClass::Format, "has no version", "- a\n- b\n"},
      {InputClass::Format, "not UTF-8", "version: 1\ntask: \xFF\n"},
      {InputClass::Format, "not UTF-8", std::string("\xFF\xFEv\0e\0", 6)},
      {InputClass::Limit, "nested more than 64 deep", "version: 1\nsource: " + std::string(100'000, '[')},
      {InputClass::Limit, "nested more than 64 deep", "version: 1\nsource: " + std::string(100'000, '{')},
      {InputClass::Limit, "bytes (limit: 1048576)", "version: 1\n#" + std::string(1 << 20, ' ')},
  };
  for (const Case& one : cases) {
    CAPTURE(one.fragment, one.text.substr(0, 80));
    refuses(one.input_class, one.fragment, [&] { parse_spec(one.text, "d.yaml"); });
  }
}

TEST_CASE("blocks nested by indentation are limited too") {
  std::string text = "version: 1\nsource:\n";
  for (int depth = 1; depth < 200; ++depth) text += std::string(static_cast<std::size_t>(depth), ' ') + "a:\n";
  refuses(InputClass::Limit, "nested more than 64 deep", [&] { parse_spec(text, "d.yaml"); });
  std::string dashes = "version: 1\nsource: \n ";
  for (int depth = 0; depth < 100'000; ++depth) dashes += "- ";
  refuses(InputClass::Limit, "nested more than 64 deep", [&] { parse_spec(dashes, "d.yaml"); });
}
