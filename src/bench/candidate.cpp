#include "bench/candidate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/machine.h"
#include "base/version.h"
#include "graph/ops/op.h"
#include "graph/twins.h"
#include "graph/verify.h"
#include "method/coding_error.h"
#include "method/fit.h"
#include "model/bodies.h"

namespace bw {
namespace {

void count_layers(const Graph& graph, Candidate& candidate) {
  for (const Node& node : graph.nodes) {
    const auto found = candidate.plan.nodes.find(node.name);
    const bool changed = found != candidate.plan.nodes.end() && found->second.changes();
    if (is_layer(graph, node)) {
      ++candidate.layers_total;
      candidate.layers_quantized += changed;
    }
    if (!changed && found != candidate.plan.nodes.end() && !found->second.reason.empty())
      candidate.float_nodes.push_back({node.name, node.op_type, found->second.reason});
  }
}

// How a node reads one of its constants: "float16", "u4 blocks of 32", with the bits of a number.
struct Reading {
  std::string node, form;
  int bits;
};

Reading reading_of(const Node& node, std::size_t position, const Plan& plan) {
  const auto found = plan.nodes.find(node.name);
  if (found == plan.nodes.end()) return {node.name, "float32", 32};
  if (const auto operand = found->second.operands.find(static_cast<int>(position));
      operand != found->second.operands.end()) {
    Scheme scheme = operand->second.scheme;
    scheme.axis = 0;  // a transposed reading has another
    return {node.name, to_string(scheme), info(scheme.code).bits};
  }
  return found->second.compute == Precision::Float16 ? Reading{node.name, "float16", 16}
                                                     : Reading{node.name, "float32", 32};
}

// Numbers that several nodes read, in forms that cannot share one store.
void note_stored_twice(const Graph& graph, Plan& plan) {
  constexpr std::size_t kLeastBytes = 4096;
  const std::map<ValueId, Twin> same = twins(graph, kLeastBytes);
  std::map<ValueId, std::vector<Reading>> readings;
  for (const Node& node : graph.nodes)
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      if (id == kNoValue || !graph.is_constant(id) || graph.value(id).initializer.bytes().size() < kLeastBytes)
        continue;
      readings[same.contains(id) ? same.at(id).of : id].push_back(reading_of(node, i, plan));
    }
  for (const auto& [id, all] : readings) {
    const auto other = std::ranges::find_if(all, [&](const Reading& r) { return r.form != all.front().form; });
    if (other == all.end()) continue;
    const std::uint64_t bits = static_cast<std::uint64_t>(std::min(other->bits, all.front().bits));
    plan.notes.push_back(
        fmt::format("'{}' is stored once as {} for '{}' and once as {} for '{}': {} bytes more than if "
                    "they shared it",
                    graph.value(id).name, all.front().form, all.front().node, other->form, other->node,
                    graph.value(id).initializer.size() * bits / 8));
  }
}

}  // namespace

Task task_for(const LoadedModel& model, const Target& target, std::uint64_t seed) {
  return {.graph = model.prepared,
          .target = target,
          .seed = seed,
          .pairs_saturate = target.pairs_saturate(machine()),
          .stored = &model.original,
          .base = model.base};
}

std::string candidate_name(const Recipe& recipe) {
  constexpr std::size_t kLongest = 80, kKept = 60, kDigits = 8;  // a folder's name may have 255 bytes
  std::string name;
  for (const char c : to_string(recipe)) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '.' || c == '-' || c == '_';
    if (plain)
      name += c;
    else if (c == '%')
      name += "pc";
    else if (c != ')')
      name += '-';
  }
  if (name.size() <= kLongest) return name;
  return name.substr(0, kKept) + "-" + sha256(as_bytes(to_string(recipe))).substr(0, kDigits);
}

Candidate make_candidate(const Task& task, const Recipe& recipe) {
  const double start = seconds_now();
  Candidate candidate;
  candidate.name = candidate_name(recipe);
  candidate.recipe = recipe;
  candidate.plan = decide(resolve(recipe), task);
  candidate.plan.provenance.bitwright = kVersion;
  candidate.plan.provenance.recipe = to_string(recipe);
  candidate.plan.provenance.seed = task.seed;
  const Graph decided = edited(task.graph, candidate.plan.edits);
  count_layers(decided, candidate);
  require_change(candidate.plan, decided);
  if (const std::string bodies = to_sentence(weights_in_bodies(decided)); !bodies.empty())
    candidate.plan.notes.push_back(bodies);
  note_stored_twice(decided, candidate.plan);
  if (const auto error = coding_error(decided, candidate.plan, task.calibrator))
    candidate.plan.notes.push_back(to_sentence(*error));
  candidate.artifact = built(task.graph, candidate.plan);
  verify(candidate.artifact.graph);
  candidate.seconds = seconds_now() - start;
  return candidate;
}

ArtifactFile described(const std::vector<fs::path>& files, const fs::path& root) {
  ArtifactFile artifact;
  for (const fs::path& file : files) {
    const fs::path whole = fs::absolute(file).lexically_normal();
    artifact.files.push_back({.path = whole.lexically_relative(fs::absolute(root).lexically_normal()).generic_string(),
                              .bytes = fs::file_size(file),
                              .sha256 = sha256_of_file(file)});
    artifact.bytes += artifact.files.back().bytes;
  }
  artifact.path = artifact.files.front().path;
  artifact.sha256 = artifact.files.front().sha256;
  return artifact;
}

}  // namespace bw
