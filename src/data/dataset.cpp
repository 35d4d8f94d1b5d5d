#include "data/dataset.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/names.h"
#include "base/random.h"
#include "data/discover.h"
#include "data/feed.h"
#include "data/paths.h"
#include "data/resolve.h"
#include "data/sample.h"

namespace bw {

struct Split::State {
  std::string name, path, part;
  std::shared_ptr<const SampleMaker> maker;
  std::vector<std::size_t> rows;  // of the source; empty: all of them
  std::vector<std::int64_t> classes;

  std::size_t size() const { return rows.empty() ? maker->source().size() : rows.size(); }
  std::size_t row(std::size_t index) const { return rows.empty() ? index : rows[index]; }
};

struct Dataset::State {
  std::string name;
  fs::path root;
  DatasetSpec spec;
  std::vector<InputSignature> inputs;
  std::vector<std::string> split_names, guesses;
  std::vector<double> pads;
  std::shared_ptr<const TextEncoder> encoder;
  std::optional<std::int64_t> classes;
  std::shared_ptr<const Split::State> calibration, evaluation;
  std::uint64_t seed = 0;
};

namespace {

constexpr std::array<std::string_view, 11> kCalibrationOrder{
    "calibration", "calib", "train", "training", "dev", "val", "valid", "validation", "all", "data", "test"};
constexpr std::array<std::string_view, 9> kEvaluationOrder{"evaluation", "eval",  "test",       "testing", "t10k",
                                                           "val",        "valid", "validation", "dev"};
constexpr std::size_t kMostToCalibrate = 1000;
constexpr std::uint64_t kHashWhole = std::uint64_t{1} << 26, kHashEnd = std::uint64_t{1} << 20;
constexpr std::size_t kHashFiles = 16;

// Opens sources and makes samples, while a Dataset::State is being built and later for its other splits.
class Opener {
 public:
  explicit Opener(const Dataset::State& state) : state_(state) {}

  std::shared_ptr<const Source> source(const SplitSpec& split) const {
    const SourceSpec& spec = state_.spec.source;
    SourceRequest request;
    request.root = state_.root;
    request.path = beneath(state_.root, split.path.empty() ? spec.path : split.path, "split \"" + split.name + "\"");
    request.labels = split.labels.empty() ? spec.labels : split.labels;
    request.part = split.part;
    request.classes = state_.classes;
    request.spec = spec;
    request.encoder = state_.encoder;
    return source_kind(spec.kind, "source").open(request);
  }

  Split::State split(const SplitSpec& split, std::shared_ptr<const Source> opened) const {
    Split::State result;
    result.name = split.name;
    result.part = split.part;
    result.path = split.path.empty() ? state_.spec.source.path : split.path;
    result.maker = std::make_shared<SampleMaker>(state_.spec, state_.inputs, std::move(opened), state_.encoder);
    if (state_.spec.task == TaskKind::Classification) result.classes = classes(*result.maker);
    return result;
  }

 private:
  std::vector<std::int64_t> classes(const SampleMaker& maker) const {
    const std::size_t named = state_.spec.label.classes.size();
    const std::int64_t count =
        state_.classes.value_or(named > 0 ? static_cast<std::int64_t>(named) : std::int64_t{1} << 31);
    std::vector<std::int64_t> classes;
    for (std::size_t i = 0; i < maker.source().size(); ++i) {
      const Tensor label = maker.label(i);
      for (std::int64_t value : label.data<std::int64_t>())
        if (value < 0 || value >= count)
          throw Error(InputClass::Data,
                      "the label is " + std::to_string(value) + ", outside the " + std::to_string(count) + " classes",
                      maker.source().id(i),
                      "Check that the labels belong to this model; where they count from another number than 0, say it "
                      "in dataset.yaml: label: {first: 1}");
      if (label.rank() == 0) classes.push_back(label.data<std::int64_t>()[0]);
    }
    return classes;
  }

  const Dataset::State& state_;
};

const SplitSpec* find_split(const DatasetSpec& spec, std::string_view name) {
  for (const SplitSpec& split : spec.splits)
    if (split.name == name) return &split;
  return nullptr;
}

const SplitSpec& named_split(const DatasetSpec& spec, std::string_view name) {
  return entry_named("split", name, spec.splits);
}

// The split asked for, or the first of `order` that is there and is not `other`; nullptr when there is none.
const SplitSpec* pick(const DatasetSpec& spec, const std::string& asked, std::span<const std::string_view> order,
                      const SplitSpec* other) {
  if (!asked.empty()) return &named_split(spec, asked);
  for (std::string_view name : order)
    if (const SplitSpec* found = find_split(spec, name); found && found != other) return found;
  return nullptr;
}

std::shared_ptr<const TextEncoder> open_encoder(Dataset::State& state) {
  SourceSpec& source = state.spec.source;
  if (source.kind != kTable.name && source.kind != kCorpus.name) return nullptr;
  if (source.tokenizer.empty() && source.vocabulary.empty()) {
    const bool json = fs::exists(state.root / "tokenizer.json"), words = fs::exists(state.root / "vocab.txt");
    if (json)
      source.tokenizer = "tokenizer.json";
    else if (words)
      source.vocabulary = "vocab.txt";
    if (json || words) state.guesses.push_back("texts are encoded by " + source.tokenizer + source.vocabulary);
  }
  const auto inside = [&](const std::string& path) { return beneath(state.root, path, "source"); };
  if (!source.tokenizer.empty()) return open_tokenizer(inside(source.tokenizer));
  if (!source.vocabulary.empty()) return open_vocabulary(inside(source.vocabulary));
  return nullptr;
}

// One file serves both: the seed draws a fifth of its samples (at most 1,000) for calibration.
void share(Split::State& calibration, Split::State& evaluation, Dataset::State& state) {
  const std::size_t count = evaluation.maker->source().size(), take = std::min((count + 4) / 5, kMostToCalibrate);
  if (count < 2)
    throw Error(InputClass::Data, "one sample cannot both calibrate and evaluate", evaluation.path,
                "Give more samples");
  Random random(state.seed);
  std::vector<std::size_t> drawn = sample_without_replacement(count, take, random);
  std::sort(drawn.begin(), drawn.end());
  for (std::size_t i = 0; i < count; ++i)
    (std::binary_search(drawn.begin(), drawn.end(), i) ? calibration : evaluation).rows.push_back(i);
  for (Split::State* split : {&calibration, &evaluation}) {
    std::vector<std::int64_t> classes;
    for (std::size_t row : split->rows)
      if (!split->classes.empty()) classes.push_back(split->classes[row]);
    split->classes = std::move(classes);
  }
  state.guesses.push_back("one set of samples (" + (evaluation.path.empty() ? state.root.string() : evaluation.path) +
                          ") serves both: " + std::to_string(take) + " of its " + std::to_string(count) +
                          " samples, drawn with seed " + std::to_string(state.seed) +
                          ", calibrate, the others evaluate");
}

// Class names of all splits in one numbering: sorted, unless the description gives them.
void unite_classes(Dataset::State& state, std::initializer_list<const Source*> sources) {
  DatasetSpec& spec = state.spec;
  if (!spec.label.classes.empty()) return;
  std::set<std::string> names;
  for (const Source* source : sources)
    for (const std::string& name : source->classes()) names.insert(name);
  spec.label.classes.assign(names.begin(), names.end());
  const auto count = static_cast<std::int64_t>(names.size());
  if (count == 0 || spec.task != TaskKind::Classification || state.classes.value_or(count) <= count) return;
  state.guesses.push_back("the data names " + std::to_string(count) + " classes, the model tells " +
                          std::to_string(*state.classes) + " apart: the names are taken for its first ones, sorted (" +
                          spec.label.classes.front() +
                          " is 0); if that is not so, list all its classes in "
                          "dataset.yaml: label: {classes: [...]}");
}

bool same_place(const Dataset::State& state, const SplitSpec& a, const SplitSpec& b) {
  const auto place = [&](const SplitSpec& split) {
    return fs::canonical(beneath(state.root, split.path.empty() ? state.spec.source.path : split.path, "split"));
  };
  return place(a) == place(b) && a.labels == b.labels && a.part == b.part;
}

struct Choice {
  SplitSpec calibration, evaluation;
};

Choice choose_splits(const Dataset::State& state, const OpenOptions& options) {
  const DatasetSpec& spec = state.spec;
  const SplitSpec* evaluation = pick(spec, options.evaluation, kEvaluationOrder, nullptr);
  const SplitSpec* calibration = pick(spec, options.calibration, kCalibrationOrder, evaluation);
  if (evaluation == nullptr)
    evaluation = calibration ? calibration : spec.splits.size() == 1 ? &spec.splits.front() : nullptr;
  if (evaluation == nullptr)
    throw Error(InputClass::Data, "none of the splits has a name that says what it is for", state.name,
                "Say in dataset.yaml: splits: {calibration: {path: ...}, evaluation: {path: ...}}");
  return {calibration ? *calibration : *evaluation, *evaluation};
}

void open_splits(Dataset::State& state, const OpenOptions& options, bool has_model) {
  const Choice choice = choose_splits(state, options);
  const bool shared = same_place(state, choice.calibration, choice.evaluation);
  const Opener opener(state);
  const std::shared_ptr<const Source> source = opener.source(choice.evaluation);
  const std::shared_ptr<const Source> other = shared ? source : opener.source(choice.calibration);
  for (const Source* one : {source.get(), shared ? nullptr : other.get()})
    if (one != nullptr)
      for (std::string& note : one->notes()) state.guesses.push_back(std::move(note));
  if (!has_model) state.inputs = described_inputs(state.spec, *source);
  std::vector<const Source*> sources{source.get()};
  if (!shared) sources.push_back(other.get());
  state.spec = resolve(state.spec, sources, state.encoder.get(), state.inputs, state.classes, state.guesses);
  unite_classes(state, {source.get(), other.get()});
  Split::State evaluates = opener.split(choice.evaluation, source);
  Split::State calibrates = shared ? evaluates : opener.split(choice.calibration, other);
  if (shared && !options.allow_overlap && !options.only_calibrate) share(calibrates, evaluates, state);
  state.evaluation = std::make_shared<const Split::State>(std::move(evaluates));
  state.calibration = std::make_shared<const Split::State>(std::move(calibrates));
}

// How many classes the first output tells apart: its last axis.
std::optional<std::int64_t> classes_of(std::span<const OutputSignature> outputs) {
  if (outputs.empty() || !outputs[0].shape || outputs[0].shape->size() < 2) return {};
  const Dim& last = outputs[0].shape->back();
  return last.known() ? std::optional(last.value) : std::nullopt;
}

void check_outputs(const DatasetSpec& spec, std::span<const OutputSignature> outputs) {
  std::string names;
  for (const OutputSignature& output : outputs) names += (names.empty() ? "" : ", ") + output.name;
  for (const OutputMetric& said : spec.outputs)
    if (!outputs.empty() && std::none_of(outputs.begin(), outputs.end(),
                                         [&](const OutputSignature& output) { return output.name == said.output; }))
      throw Error(InputClass::Semantic,
                  "the description has an output \"" + said.output + "\", the model has none of that name", "",
                  "The model's outputs: " + names);
}

// Names, sizes and (of a few files) content; of large files the first and last MiB.
std::string fingerprint(const Source& source) {
  Sha256 hash;
  const std::vector<fs::path> files = source.files();
  for (const fs::path& path : files) {
    const std::uint64_t size = fs::file_size(path);
    hash.add(path.filename().string()).add(":" + std::to_string(size) + "\n");
    if (files.size() > kHashFiles) continue;
    const MappedFile file(path);
    const auto bytes = file.bytes();
    if (size <= kHashWhole)
      hash.add(bytes);
    else
      hash.add(bytes.first(kHashEnd)).add(bytes.last(kHashEnd));
  }
  return hash.hex();
}

Json description_of(const Split::State& split) {
  Json json;
  json["split"] = split.name;
  json["path"] = split.path;
  if (!split.part.empty()) json["part"] = split.part;
  json["samples"] = split.size();
  json["of"] = split.maker->source().size();
  json["sha256"] = fingerprint(split.maker->source());
  return json;
}

}  // namespace

Split::Split(std::shared_ptr<const State> state) : state_(std::move(state)) {}
const std::string& Split::name() const {
  return state_->name;
}
std::size_t Split::size() const {
  return state_->size();
}
std::span<const std::int64_t> Split::classes() const {
  return state_->classes;
}
Sample Split::get(std::size_t index) const {
  if (index >= size())
    throw Error(ErrorKind::Internal, "sample " + std::to_string(index) + " of " + std::to_string(size()), name());
  Sample sample = state_->maker->make(state_->row(index));
  sample.index = index;
  return sample;
}

Dataset::Dataset(std::shared_ptr<const State> state) : state_(std::move(state)) {}
const std::string& Dataset::name() const {
  return state_->name;
}
TaskKind Dataset::task() const {
  return *state_->spec.task;
}
const std::vector<std::string>& Dataset::metrics() const {
  return state_->spec.metrics;
}
const std::vector<OutputMetric>& Dataset::outputs() const {
  return state_->spec.outputs;
}
const std::vector<std::string>& Dataset::split_names() const {
  return state_->split_names;
}
const std::vector<std::string>& Dataset::class_names() const {
  return state_->spec.label.classes;
}
const std::vector<std::string>& Dataset::guesses() const {
  return state_->guesses;
}
const std::vector<InputSignature>& Dataset::inputs() const {
  return state_->inputs;
}
const std::vector<double>& Dataset::pads() const {
  return state_->pads;
}
Split Dataset::calibration() const {
  return Split(state_->calibration);
}
Split Dataset::evaluation() const {
  return Split(state_->evaluation);
}

Split Dataset::split(std::string_view name) const {
  const SplitSpec& spec = named_split(state_->spec, name);
  const Opener opener(*state_);
  return Split(std::make_shared<const Split::State>(opener.split(spec, opener.source(spec))));
}

const std::vector<InputSpec>& Dataset::input_specs() const {
  return state_->spec.inputs;
}

Dataset Dataset::with_inputs(std::vector<InputSpec> inputs) const {
  auto state = std::make_shared<State>(*state_);
  state->spec.inputs = std::move(inputs);
  for (std::shared_ptr<const Split::State>* split : {&state->calibration, &state->evaluation}) {
    Split::State remade = **split;
    remade.maker =
        std::make_shared<SampleMaker>(state->spec, state->inputs, remade.maker->shared_source(), state->encoder);
    *split = std::make_shared<const Split::State>(std::move(remade));
  }
  return Dataset(std::move(state));
}

Json Dataset::description() const {
  Json json;
  json["name"] = state_->name;
  json["task"] = name_of(task());
  json["source"] = state_->spec.source.kind;
  json["seed"] = state_->seed;
  json["splits"]["calibration"] = description_of(*state_->calibration);
  json["splits"]["evaluation"] = description_of(*state_->evaluation);
  json["description"] = to_json(state_->spec);
  json["guesses"] = state_->guesses;
  json["sha256"] = sha256(as_bytes(to_line(json)));
  return json;
}

Dataset open_dataset(const fs::path& path, std::optional<std::span<const InputSignature>> model_inputs,
                     const OpenOptions& options) {
  const std::span<const InputSignature> inputs = model_inputs.value_or(std::span<const InputSignature>());
  Found found = discover(path, options.data_root, inputs);
  auto state = std::make_shared<Dataset::State>();
  state->name = std::move(found.name);
  state->root = std::move(found.root);
  state->spec = std::move(found.spec);
  state->guesses = std::move(found.guesses);
  state->inputs.assign(inputs.begin(), inputs.end());
  state->classes = classes_of(options.outputs);
  state->seed = options.seed;
  for (const SplitSpec& split : state->spec.splits) state->split_names.push_back(split.name);
  check_outputs(state->spec, options.outputs);
  state->encoder = open_encoder(*state);
  const Shape row = inputs.empty() ? Shape{} : declared_shape(inputs[0]);
  if (state->spec.source.window == 0 && row.size() == 1 && row[0] > 0) state->spec.source.window = row[0];
  open_splits(*state, options, model_inputs.has_value());
  for (const InputSpec& input : state->spec.inputs) state->pads.push_back(input.pad.value_or(0));
  return Dataset(std::move(state));
}

}  // namespace bw
