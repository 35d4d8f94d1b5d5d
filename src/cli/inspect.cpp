// bitwright inspect: what a model is, and what could be done with it.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/json.h"
#include "bench/candidate.h"
#include "cli/catalog.h"
#include "cli/data_flags.h"
#include "cli/output.h"
#include "graph/ops/op.h"
#include "graph/text.h"
#include "method/fit.h"
#include "model/architecture.h"
#include "model/bodies.h"
#include "model/model.h"
#include "model/quantized.h"
#include "report/figure_text.h"

namespace bw {
namespace {

constexpr Positional kPositionals[] = {{.name = "MODEL", .says = "ONNX model", .many = false, .optional = false}};
constexpr Parameter kFlags[] = {
    kTargetFlag,
    {.name = "nodes",
     .type = Parameter::Type::Flag,
     .standard = "no",
     .says = "list every node of the prepared graph",
     .heading = kResultHeading},
    {.name = "text",
     .type = Parameter::Type::Flag,
     .standard = "no",
     .says = "print the prepared graph in text form",
     .heading = kResultHeading},
};

Json ports(const Graph& graph, const std::vector<ValueId>& ids) {
  Json list = Json::array();
  for (const ValueId id : ids)
    list.push_back({{"name", graph.value(id).name}, {"type", to_string(graph.value(id).type)}});
  return list;
}

// What an input seems to take, by its type and shape alone.
std::string kind_of(const InputSignature& input) {
  const auto channels = [&](std::size_t axis) {
    const std::int64_t count = input.shape[axis].value;
    return count == 1 || count == 3 || count == 4;
  };
  if (input.dtype == DType::String) return "texts";
  if (input.dtype == DType::Bool) return "yes or no";
  if (!info(input.dtype).is_float) return input.shape.size() == 2 ? "token numbers or a mask" : "whole numbers";
  if (input.shape.size() == 4 && input.batch_axis == 0 && channels(1)) return "pictures, NCHW";
  if (input.shape.size() == 4 && input.batch_axis == 0 && channels(3)) return "pictures, NHWC";
  return "numbers";
}

// The inputs that have to be fed, each with what it seems to take and the axis that counts the samples.
Json inputs_of(const Graph& graph) {
  std::vector<InputSignature> signatures;
  try {
    signatures = input_signatures(graph);
  } catch (const Error&) {  // sequences, maps, unknown ranks: shown by their types
    return ports(graph, graph.inputs);
  }
  Json list = Json::array();
  for (const InputSignature& input : signatures) {
    const Json axis = input.batch_axis == kNoBatch ? Json(nullptr) : Json(input.batch_axis);
    list.push_back({{"name", input.name},
                    {"type", to_string(ValueType::tensor(input.dtype, input.shape))},
                    {"kind", kind_of(input)},
                    {"batch_axis", axis}});
  }
  return list;
}

Json files_of(const fs::path& path) {
  Json list = Json::array();
  for (const fs::path& file : format_of(path).files(path))
    list.push_back(
        {{"path", file.lexically_relative(path.parent_path()).generic_string()}, {"bytes", fs::file_size(file)}});
  return list;
}

Json quantized_json(const std::vector<QuantizedNodes>& all) {
  Json list = Json::array();
  for (const QuantizedNodes& nodes : all)
    list.push_back({{"form", nodes.form}, {"operator", nodes.op}, {"nodes", nodes.names}});
  return list;
}

std::vector<std::string> notes_of(const LoadedModel& model) {
  std::vector<std::string> notes = model.notes;
  if (const auto parts = quantized_nodes(model.prepared); !parts.empty())
    notes.push_back("the model is quantized already, " + to_sentence(parts));
  if (std::string bodies = to_sentence(weights_in_bodies(model.prepared)); !bodies.empty())
    notes.push_back(std::move(bodies));
  return notes;
}

Json summary(const LoadedModel& model, const Target& target) {
  const Architecture architecture = bw::architecture(model.prepared);
  const std::vector<RecipeFit> all = fits(task_for(model, target, 0));
  std::map<std::string, int> operators;
  for (const Node& node : model.prepared.nodes) ++operators[node.op_type];
  Json misfits = Json::array(), fitting = Json::array();
  std::map<std::string, bool> compatibility;
  for (const RecipeFit& one : all) {
    compatibility[std::string(one.group)] |= one.fit.reason.empty();
    if (one.fit.reason.empty())
      fitting.push_back({{"recipe", one.recipe},
                         {"layers", one.fit.taken},
                         {"layers_total", one.fit.layers},
                         {"work_in_integers", one.fit.work},
                         {"weights_in_fewer_bits", one.fit.weights}});
    else
      misfits.push_back({{"recipe", one.recipe}, {"reason", one.fit.reason}});
  }
  return {{"name", model.name},
          {"path", model.path.string()},
          {"bytes", model.bytes},
          {"files", files_of(model.path)},
          {"sha256", model.sha256},
          {"content_hash", content_hash(model.prepared)},
          {"opset", model.original.opset()},
          {"nodes", model.original.nodes.size()},
          {"prepared_nodes", model.prepared.nodes.size()},
          {"parameters", architecture.parameters},
          {"architecture_type", architecture.type},
          {"quantization_compatibility", compatibility},
          {"recommended_methods", recommended(all)},
          {"inputs", inputs_of(model.original)},
          {"outputs", ports(model.original, model.original.outputs)},
          {"operators", operators},
          {"quantized", quantized_json(quantized_nodes(model.prepared))},
          {"notes", notes_of(model)},
          {"fits", fitting},
          {"misfits", misfits}};
}

void print_nodes(const Graph& graph) {
  for (const Node& node : graph.nodes)
    put("{:<18} {:<48} {}\n", node.op_type, node.name,
        node.output(0) == kNoValue ? "" : to_string(graph.value(node.output(0)).type));
}

std::string bytes_text(const Json& bytes) {
  return figure_text(exact_figure(bytes.get<double>(), Unit::Bytes));
}

// A reason that several recipes share is one line.
void print_misfits(const Json& misfits) {
  std::map<std::string, std::string> recipes;
  for (const Json& misfit : misfits) {
    std::string& list = recipes[misfit["reason"].get<std::string>()];
    list += (list.empty() ? "" : ", ") + misfit["recipe"].get<std::string>();
  }
  for (const auto& [reason, list] : recipes) put("  not {}: {}\n", list, reason);
}

// Only where there is more than the model's own.
void print_files(const Json& files) {
  constexpr std::size_t kMost = 4;
  if (files.size() < 2) return;
  std::string text;
  for (std::size_t i = 0; i < std::min(files.size(), kMost); ++i)
    text += fmt::format("{} {} ({})", i == 0 ? "" : ",", files[i]["path"].get<std::string>(),
                        bytes_text(files[i]["bytes"]));
  put("files   {}{}\n", text, files.size() > kMost ? fmt::format(" and {} more", files.size() - kMost) : "");
}

std::string use_of(const Json& port) {
  if (!port.contains("kind")) return "";
  const std::string kind = port["kind"].get<std::string>();
  if (port["batch_axis"].is_null()) return fmt::format(": {}, the same for all samples or one run a sample", kind);
  return port["batch_axis"] == 0 ? fmt::format(": {}", kind)
                                 : fmt::format(": {}, samples along axis {}", kind, port["batch_axis"].get<int>());
}

// Best first, with what each takes.
void print_recommended(const Json& s) {
  put("methods that fit:{}\n", s["recommended_methods"].empty() ? " none" : "");
  for (const Json& recipe : s["recommended_methods"])
    for (const Json& fit : s["fits"])
      if (fit["recipe"] == recipe)
        put("  {:<30} {} of {} layers, {:.0f} % of the work in integers, {:.0f} % of the weights in fewer bits\n",
            recipe.get<std::string>(), fit["layers"].get<int>(), fit["layers_total"].get<int>(),
            100 * fit["work_in_integers"].get<double>(), 100 * fit["weights_in_fewer_bits"].get<double>());
}

void print_for_people(const Json& s) {
  put("{}: {}, opset {}, {} nodes ({} after preparation), {} parameters, {}\n", s["name"].get<std::string>(),
      s["architecture_type"].get<std::string>(), s["opset"].get<int>(), s["nodes"].get<int>(),
      s["prepared_nodes"].get<int>(), s["parameters"].get<std::uint64_t>(), bytes_text(s["bytes"]));
  print_files(s["files"]);
  for (const char* side : {"inputs", "outputs"})
    for (const Json& port : s[side])
      put("{:<8} {} {}{}\n", side, port["name"].get<std::string>(), port["type"].get<std::string>(), use_of(port));
  put("operators");
  for (const auto& [op, count] : s["operators"].items()) put(" {}x{}", op, count.get<int>());
  put("\n");
  for (const Json& note : s["notes"]) put("note: {}\n", note.get<std::string>());
  print_recommended(s);
  print_misfits(s["misfits"]);
  if (!s["recommended_methods"].empty()) put("next: bitwright bench {} --data FOLDER\n", s["path"].get<std::string>());
}

int run(const Invocation& invocation) {
  const LoadedModel model = load_model(invocation.the("MODEL"));
  const Json json = summary(model, target_named(invocation.flags.text("target")));
  if (invocation.json)
    put(to_text(json));
  else if (invocation.flags.flag("text"))
    put(print(model.prepared));
  else
    print_for_people(json);
  if (invocation.flags.flag("nodes") && !invocation.json) print_nodes(model.prepared);
  return 0;
}

}  // namespace

Command inspect_command() {
  return {.name = "inspect",
          .says = "what a model is, and which methods fit it",
          .positionals = kPositionals,
          .flags = kFlags,
          .run = run,
          .example = "bitwright inspect MODEL.onnx"};
}

}  // namespace bw
