// Every decision that makes a candidate differ from the float model, as data: what was changed in the graph, which node
// computes how, which value has which scale and zero point. apply(graph, plan) is a pure function.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "graph/graph.h"
#include "plan/edit.h"
#include "plan/scheme.h"

namespace bw {

// What a node computes in. How its constants are stored is said by their codes.
enum class Precision : std::uint8_t {
  Float32,  // as it was
  Float16,  // inputs, outputs and constants in binary16
  Integer,  // integer operands with scales known beforehand
  Dynamic,  // integer operands, activations' scales found at run time
};
std::string_view name_of(Precision precision);

struct NodePlan {
  Precision compute = Precision::Float32;
  std::string reason;               // why a node that could be quantized stays in float; empty otherwise
  std::map<int, QParams> operands;  // codes of constant inputs (weight, bias), by input position

  bool changes() const { return compute != Precision::Float32 || !operands.empty(); }
};

// What a plan's decisions are about: the graph of the model's file, and how it was prepared.
struct PlanBase {
  std::string graph;                     // content_hash of the graph as the file has it
  bool requantized = false;              // its codes, where it was quantized, were taken back to floats
  std::vector<std::string> preparation;  // passes by name and version, in their order (graph/passes/pass.h)

  bool operator==(const PlanBase&) const = default;
};

// A record of where a plan comes from, that nothing reads back. Times are left to the report: equal decisions give
// equal bytes.
struct Provenance {
  std::string bitwright;  // version
  std::string recipe;
  std::string data_hash;  // of the calibration samples' description; empty when none was used
  std::uint64_t samples = 0;
  std::uint64_t seed = 0;
};

struct Plan {
  static constexpr int kVersion = 2;
  PlanBase base;
  std::string target;                           // whose file it is for
  std::map<std::string, std::string> lowering;  // the target's parameters; left out: their defaults
  std::vector<Edit> edits;                      // of the graph, before all else
  std::map<std::string, NodePlan> nodes;        // by name after the edits; a node that is not listed stays as it was
  std::map<std::string, QParams> values;        // activations, by name after the edits
  std::vector<std::string> notes;               // what the user should know (fallbacks, overflow counts)
  Provenance provenance;
};

// NAME.json with arrays of more than 16 numbers in NAME.npz beside it; both written whole or not at all.
void write_plan(const Plan& plan, const std::filesystem::path& json_path);
// InputError: unknown fields, a newer version, arrays that do not fit.
Plan read_plan(const std::filesystem::path& json_path);

// The graph with the plan's decisions in it, in canonical form: explicit QuantizeLinear / DequantizeLinear around
// integer nodes, DynamicQuantizeLinear for dynamic ones, (blocked) DequantizeLinear before weights, Cast around
// float16. `graph` is prepared as the plan's base says. Error(Quantization) when the plan names what is not there.
Graph apply(const Graph& graph, const Plan& plan);

}  // namespace bw
