// A dataset: samples ready for a model's inputs. What each input is made of stands in a dataset.yaml (data/spec.h);
// what is not said there is guessed from the files and the model's inputs, and every guess is kept as a sentence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "graph/graph.h"
#include "tensor/tensor.h"

namespace bw {

// What the labels are, and so which metrics make sense.
enum class TaskKind {
  Classification,       // label: int64 [], the class; or int64 [S], a class for each position
  Regression,           // label: float32, any shape
  LanguageModelling,    // label: int64 [S], the next token at each position
  EmbeddingSimilarity,  // two texts a sample (inputs, partner); label: float32 [], how alike they are
  Outputs,              // no labels: agreement and SQNR against the float model, or the user's own evaluation command
};
std::string_view name_of(TaskKind task);  // "classification", "language-modelling", ... as dataset.yaml spells them

inline constexpr int kNoBatch = -1;

// One input of a model.
struct InputSignature {
  std::string name;
  DType dtype = DType::Undefined;
  std::vector<Dim> shape;
  int batch_axis = 0;  // which axis counts the samples; kNoBatch: none, the input is fed as it is, one run a sample
};
// The inputs that a caller must feed: those without an initializer. The axis that counts the samples is the second one
// of what a recurrent node reads; else that of the symbol that begins the inputs (or, behind a fixed first axis, is
// called like a batch or begins the outputs); else the first. Scalars have none, and fixed shapes beside inputs that
// count the samples by a free axis. Error(unsupported): not a tensor, or of unknown rank.
std::vector<InputSignature> input_signatures(const Graph& graph);

// One output of a model. `shape` is nullopt where the rank is unknown, dtype Undefined where it is no tensor.
struct OutputSignature {
  std::string name;
  DType dtype = DType::Undefined;
  std::optional<std::vector<Dim>> shape;
};
std::vector<OutputSignature> output_signatures(const Graph& graph);

// By which metric one output of a model is judged, as dataset.yaml says it.
struct OutputMetric {
  std::string output, metric;
};

struct Sample {
  std::size_t index = 0;        // in its split
  std::string id;               // file name or "test.npz[17]", for messages
  std::vector<Tensor> inputs;   // in the order of the model's inputs, without the batch axis, each at its own length:
                                // positions that a mask or a length marks as padding are cut off
  std::vector<int> batch_axes;  // by input, as in InputSignature; empty: 0 for all
  std::vector<Tensor> labels;   // empty when the dataset has none, else one tensor
  std::vector<Tensor> partner;  // inputs of the second text of a pair (embedding similarity), else empty
  Tensor mask;                  // bool [S], false where padded: only when the model's fixed length forced padding
};

// A list of samples. Copies are cheap and share everything.
class Split {
 public:
  struct State;
  explicit Split(std::shared_ptr<const State> state);

  const std::string& name() const;  // "calib"
  std::size_t size() const;         // > 0
  // Decodes and transforms sample `index` (< size()). Thread safe; equal for equal index. Errors name the sample and
  // file.
  Sample get(std::size_t index) const;
  // The class of each sample; empty unless the task is classification with one class a sample.
  std::span<const std::int64_t> classes() const;

 private:
  std::shared_ptr<const State> state_;
};

struct InputSpec;  // data/spec.h

struct OpenOptions {
  std::string calibration = {}, evaluation = {};  // names of splits; "" takes the dataset's own choice
  std::filesystem::path data_root = {};  // folder that the paths in dataset.yaml are relative to; "" takes its `root`,
                                         // else the folder that it lies in
  std::uint64_t seed = 0;                // splits one file between calibration and evaluation
  bool allow_overlap = false;            // let both draw from the same samples
  bool only_calibrate = false;           // nothing is evaluated: all samples of one file may calibrate
  // Of the model; empty: not known. The first says how many classes there are (its last axis): labels outside are
  // refused.
  std::vector<OutputSignature> outputs = {};
};

class Dataset {
 public:
  struct State;
  explicit Dataset(std::shared_ptr<const State> state);

  const std::string& name() const;  // the folder's or file's name
  TaskKind task() const;
  const std::vector<std::string>& metrics() const;  // names, "top1"; the task's usual ones when not said
  // The model's outputs that the description names, in its order, each with a metric of its own; empty when it names
  // none.
  const std::vector<OutputMetric>& outputs() const;
  const std::vector<std::string>& split_names() const;  // every split that is there
  const std::vector<std::string>& class_names() const;  // empty when unknown
  const std::vector<std::string>& guesses() const;      // everything that was guessed, one sentence each
  const std::vector<InputSignature>& inputs() const;
  const std::vector<double>& pads() const;  // by input: the value that padding has (collate)

  // Disjoint samples unless allow_overlap or only_calibrate: where one file serves both, a fifth of it (at most 1,000
  // samples, drawn by the seed) calibrates.
  Split calibration() const;
  Split evaluation() const;
  Split split(std::string_view name) const;  // any split, whole

  // How each input is made, with what was guessed; and the same samples with inputs made in another way. Errors: those
  // of making them so.
  const std::vector<InputSpec>& input_specs() const;
  Dataset with_inputs(std::vector<InputSpec> inputs) const;

  // For provenance: source kind, task, splits with path, count and sha256, how each input is made, sha256 of it all.
  Json description() const;

 private:
  std::shared_ptr<const State> state_;
};

// `path`: a folder, a dataset.yaml (any name ending in .yaml or .yml), or one data file (npz, tar, tsv, csv, txt, idx).
// Without a model (nullopt) samples are made for the inputs that the description names.
// Errors: InputError of the class that fits, naming file and line, sample or array.
Dataset open_dataset(const std::filesystem::path& path, std::optional<std::span<const InputSignature>> model_inputs,
                     const OpenOptions& options = {});

// `count` different samples of a split (all, when it has fewer), in a random order that depends on the seed alone; a
// smaller count gives a prefix. Balanced: classes take turns as long as they have samples (the split must have
// classes()).
std::vector<std::size_t> choose(const Split& split, std::size_t count, std::uint64_t seed, bool balanced = false);

// Samples put together along a new first axis.
struct Batch {
  std::vector<Tensor> inputs;  // in the model's order, with the batch axis
  Tensor mask;                 // bool [B, S], false where padded; undefined when nothing was padded
};
enum class Padding { Refuse, Longest };
// Lengths may differ only with Padding::Longest: axis 0 of each sample's input is then filled up with the input's pad
// value. Error(Internal): no samples, or shapes that cannot be stacked.
Batch collate(std::span<const Sample> samples, std::span<const double> pads, Padding padding = Padding::Refuse);

// Decodes samples ahead on threads of its own and hands them out in order; at most `window` decoded samples are held.
class Stream {
 public:
  Stream(Split split, std::vector<std::size_t> indices, int threads = 2, std::size_t window = 8);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  std::optional<Sample> next();  // nullopt after the last; rethrows the error of the sample whose turn it is

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bw
