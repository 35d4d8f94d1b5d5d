#include "bench/proven.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/random.h"
#include "format/format.h"
#include "tensor/convert.h"

namespace bw {
namespace {

constexpr int kMostRounds = 12;

// --- which nodes a runtime's refusal is about
// -----------------------------------------------------------------------------

// Whether the words name something: in quotes or in parentheses, as runtimes write names.
bool names(std::string_view words, std::string_view name) {
  constexpr std::string_view kAround = "'\"()";
  if (name.empty()) return false;
  for (std::size_t at = words.find(name); at != words.npos; at = words.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if (at > 0 && end < words.size() && kAround.find(words[at - 1]) != kAround.npos &&
        kAround.find(words[end]) != kAround.npos)
      return true;
  }
  return false;
}

bool says(std::string_view words, std::string_view word) {
  const auto letter = [&](std::size_t i) {
    return i < words.size() && std::isalnum(static_cast<unsigned char>(words[i]));
  };
  for (std::size_t at = words.find(word); at != words.npos; at = words.find(word, at + 1))
    if ((at == 0 || !letter(at - 1)) && !letter(at + word.size())) return true;
  return false;
}

using Names = std::set<std::string>;

Names changed_nodes(const Plan& plan) {
  Names changed;
  for (const auto& [name, decision] : plan.nodes)
    if (decision.changes()) changed.insert(name);
  return changed;
}

// A node that lowering or applying put in stands for those around it.
void add_neighbours(const Graph& graph, const Node& node, const Names& changed, Names& found) {
  const auto touches = [&](const std::vector<ValueId>& a, const std::vector<ValueId>& b) {
    return std::ranges::any_of(a, [&](ValueId id) { return id != kNoValue && std::ranges::find(b, id) != b.end(); });
  };
  for (const Node& other : graph.nodes)
    if (changed.contains(other.name) && (touches(node.outputs, other.inputs) || touches(other.outputs, node.inputs)))
      found.insert(other.name);
}

// The changed nodes that the runtime's words are about: those named, else those around a named node of the file, else
// all of an operator that is named.
Names culprits(std::string_view words, const Candidate& candidate, const Graph& graph) {
  const Names changed = changed_nodes(candidate.plan);
  Names found;
  for (const std::string& name : changed)
    if (names(words, name)) found.insert(name);
  if (!found.empty()) return found;
  for (const Node& node : candidate.artifact.graph.nodes)
    if (names(words, node.name)) add_neighbours(candidate.artifact.graph, node, changed, found);
  if (!found.empty()) return found;
  for (const Node& node : graph.nodes)
    if (changed.contains(node.name) && says(words, node.op_type)) found.insert(node.name);
  return found;
}

// When a second node of an operator is refused, the others would be too.
void add_refused(const Names& found, const std::string& why, const Graph& graph, Task& task) {
  std::map<std::string, int> refused_of;
  for (const Node& node : graph.nodes) refused_of[node.op_type] += task.refused.contains(node.name);
  for (const Node& node : graph.nodes) {
    const bool named = found.contains(node.name);
    const bool alike = refused_of[node.op_type] > 0 && std::ranges::any_of(graph.nodes, [&](const Node& other) {
                         return found.contains(other.name) && other.op_type == node.op_type;
                       });
    if (named || alike) task.refused.emplace(node.name, why);
  }
}

void note_refused(const Task& task, Plan& plan) {
  for (const auto& [node, why] : task.refused)
    plan.notes.push_back(fmt::format("'{}' stays in float, since the runtime refused it: {}", node, why));
}

// The file goes by another name while it is tried.
std::string with_name(std::string words, const fs::path& from, const fs::path& to) {
  const std::string temporary = from.string();
  for (std::size_t at = words.find(temporary); at != words.npos; at = words.find(temporary))
    words.replace(at, temporary.size(), to.string());
  return words;
}

// The runtime does not take the file, and says why.
struct Refusal : Error {
  explicit Refusal(const std::string& said)
      : Error(ErrorKind::Quantization, "the runtime refuses the file: " + said, {},
              "Keep the node that it names in float (keep_float), or try another method"),
        words(said) {}
  std::string words;
};

bool is_refusal(const Error& error) {
  return error.kind() == ErrorKind::Input || error.kind() == ErrorKind::HardwareCompatibility;
}

// --- samples without data
// ---------------------------------------------------------------------------------------------------

// What a free extent becomes: enough for a picture to pass a network's reductions, short for all else.
constexpr std::int64_t kFreePixels = 64, kFreeLength = 16;

std::optional<Tensor> made_up(const InputSignature& input, Random& random) {
  if (input.shape.empty() || input.dtype == DType::String || input.dtype == DType::Undefined) return {};
  Shape shape;
  for (std::size_t i = 0; i < input.shape.size(); ++i)
    if (static_cast<int>(i) != input.batch_axis)
      shape.push_back(input.shape[i].known() ? input.shape[i].value
                                             : (input.shape.size() == 4 ? kFreePixels : kFreeLength));
  if (element_count(shape) > std::uint64_t{1} << 28) return {};
  const bool real = info(input.dtype).is_float;
  std::vector<float> values(element_count(shape), 1.0f);
  if (real) std::ranges::generate(values, [&] { return static_cast<float>(random.uniform()); });
  return cast(Tensor::of<float>(shape, values), input.dtype);
}

}  // namespace

Trial::Trial(Deployment original, std::vector<Sample> samples, const WorkerOptions& worker)
    : original_(std::move(original)), samples_(std::move(samples)), worker_(worker) {
  if (samples_.empty()) not_run_ = "there is no sample to run";
}

SampleFeed Trial::feed() const {
  return [this, given = false]() mutable -> std::optional<SampleChunk> {
    if (given || samples_.empty()) return std::nullopt;
    given = true;
    return pack(samples_);
  };
}

const ModelOutputs* Trial::original_outputs() {
  if (!outputs_ && not_run_.empty()) try {
      outputs_ = outputs_of_model(worker_, original_, feed());
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Interrupted) throw;
      not_run_ = fmt::format("the float model does not run on the samples ({})", error.message());
      samples_.clear();
    }
  return outputs_ ? &*outputs_ : nullptr;
}

void Trial::require_finite(const std::vector<OutputChange>& changes, const Deployment& model, const Graph& graph) {
  const auto bad = std::ranges::find_if(changes, [](const OutputChange& change) { return change.not_finite > 0; });
  if (bad == changes.end()) return;
  const std::string first = first_not_finite_node(worker_, model, graph, feed());
  throw Error(ErrorKind::Quantization,
              fmt::format("{} of {} elements of output '{}' are not finite where the float model's are{}",
                          bad->not_finite, bad->elements, bad->name, first),
              {}, first.empty() ? "" : "Keep that node, or its operator, in float (keep_float)");
}

double Trial::sample_seconds() {
  const ModelOutputs* outputs = original_outputs();
  return outputs ? outputs->seconds : 0;
}

Tried Trial::operator()(const fs::path& file, const Graph& graph, const Ports& ports) {
  const Deployment model{file, original_.runtime, ports};
  const ModelOutputs* original = original_outputs();
  const ModelOutputs own = outputs_of_model(worker_, model, feed());
  if (!original) return {.samples = 0, .outputs = {}, .not_run = not_run_};
  Tried tried{.samples = own.samples.size(), .outputs = compare_outputs(*original, own), .not_run = {}};
  require_finite(tried.outputs, model, graph);
  return tried;
}

std::string first_not_finite_node(Worker& worker, const Deployment& model, const Graph& graph, SampleFeed feed) {
  std::vector<std::string> values;
  for (const Node& node : graph.nodes)
    for (const ValueId id : node.outputs)
      if (id != kNoValue && graph.value(id).type.is_tensor() && info(graph.value(id).type.dtype).is_float)
        values.push_back(graph.value(id).name);
  const auto value = first_not_finite(worker, model, values, std::move(feed));
  if (!value) return "";
  for (const Node& node : graph.nodes)
    if (std::ranges::any_of(node.outputs, [&](ValueId id) { return id != kNoValue && graph.value(id).name == *value; }))
      return fmt::format("; node '{}' ({}) is the first to give such", node.name, node.op_type);
  return "";
}

Written write_proven(const Artifact& artifact, const fs::path& file, Trial& trial) {
  Written result;
  const auto proof = [&](const fs::path& written) {
    try {
      result.tried = trial(written, artifact.graph, artifact.ports);
    } catch (const Error& error) {
      if (is_refusal(error)) throw Refusal(with_name(error.message(), written, file));
      throw;
    }
  };
  result.files = format_named(artifact.format).write(artifact.graph, file, proof);
  return result;
}

Proven make_proven(Task task, const Recipe& recipe, const fs::path& file, Trial& trial) {
  for (int round = 0;; ++round) {
    Proven proven{make_candidate(task, recipe), {}};
    try {
      proven.written = write_proven(proven.candidate.artifact, file, trial);
      note_refused(task, proven.candidate.plan);
      return proven;
    } catch (const Refusal& refusal) {
      const Names found = culprits(refusal.words, proven.candidate, task.graph);
      if (found.empty() || round == kMostRounds) throw;
      add_refused(found, refusal.words, task.graph, task);
    }
  }
}

std::vector<Sample> first_samples(const Split& split) {
  constexpr std::size_t kSamples = 3;
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < std::min(kSamples, split.size()); ++i) samples.push_back(split.get(i));
  return samples;
}

std::vector<Sample> made_up_samples(const std::vector<InputSignature>& inputs) {
  Random random(1);
  Sample sample;
  sample.id = "a made-up sample";
  for (const InputSignature& input : inputs) {
    std::optional<Tensor> tensor = made_up(input, random);
    if (!tensor) return {};
    sample.inputs.push_back(std::move(*tensor));
    sample.batch_axes.push_back(input.batch_axis);
  }
  return {std::move(sample)};
}

std::vector<Sample> made_up_samples(const Graph& model) try {
  return made_up_samples(input_signatures(model));
} catch (const Error&) {
  return {};
}

}  // namespace bw
