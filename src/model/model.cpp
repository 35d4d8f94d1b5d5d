#include "model/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "format/onnx/onnx.h"
#include "graph/passes/dequantize.h"
#include "graph/passes/pass.h"
#include "run/runtime.h"

namespace bw {
namespace {

// A NaN among the weights makes every figure meaningless; infinities are how masks are written.
void refuse_nan(const Graph& graph) {
  for (const Value& value : graph.values) {
    if (value.initializer.dtype() != DType::Float32) continue;
    const std::span<const float> x = value.initializer.data<float>();
    const auto nan = std::find_if(x.begin(), x.end(), [](float v) { return std::isnan(v); });
    if (nan != x.end())
      throw Error(InputClass::Semantic, fmt::format("the element at index {} is not a number (NaN)", nan - x.begin()),
                  fmt::format("tensor '{}'", value.name), "Export the model again from weights that are finite");
  }
}

// A name for a file in a folder of its own, which goes with the name.
std::shared_ptr<const fs::path> temporary_file(const std::string& name) {
  struct Place {
    TemporaryFolder folder{"a copy of the model"};
    fs::path file;
  };
  const auto place = std::make_shared<Place>();
  place->file = place->folder.path() / name;
  return {place, &place->file};
}

// The model in versions of ONNX that the runtime takes; where that is another one, what runs in its place.
Graph bring_down(LoadedModel& model, const Runtime& runtime) {
  const std::int64_t ir = model.original.ir_version, opset = model.original.opset();
  if (ir <= runtime.newest_ir_version && opset <= runtime.newest_opset) return model.original;
  const std::string newer =
      fmt::format("IR version {} and opset {} are newer than {} {} takes ({} and {})", ir, opset, runtime.name,
                  runtime.version(), runtime.newest_ir_version, runtime.newest_opset);
  Graph graph = model.original;
  try {
    if (opset > runtime.newest_opset) graph = onnx::convert_opset(onnx::inline_functions(graph), runtime.newest_opset);
  } catch (const Error& error) {
    throw Error(InputClass::Unsupported, fmt::format("{}, and it cannot be converted: {}", newer, error.message()), "",
                "Export the model with an older opset");
  }
  graph.ir_version = std::min(ir, runtime.newest_ir_version);
  model.runnable = temporary_file(model.path.filename().string());
  format_of(model.path).write(graph, *model.runnable, {});
  model.notes.push_back(
      fmt::format("{}: a copy with {} and {} is measured in its place", newer, graph.ir_version, graph.opset()));
  return graph;
}

void note_defaults(LoadedModel& model) {
  std::string names;
  for (const ValueId id : model.original.inputs)
    if (const Value& input = model.original.value(id); input.initializer.defined() || input.sparse_initializer)
      names += fmt::format("{}'{}'", names.empty() ? "" : ", ", input.name);
  if (!names.empty() && model.original.ir_version >= 4)
    model.notes.push_back(
        fmt::format("inputs with a default are constants in what is made of the model: {:.200}", names));
}

}  // namespace

Graph prepared(const Graph& original, std::span<const Pass> chosen) {
  // Scales by channel came to QuantizeLinear with opset 13.
  constexpr std::int64_t kLeastOpset = 13;
  Graph graph = onnx::inline_functions(original);
  if (graph.opset() != 0 && graph.opset() < kLeastOpset) graph = onnx::convert_opset(graph, kLeastOpset);
  onnx::infer_types(graph);
  prepare(graph, chosen);
  onnx::infer_types(graph);
  return graph;
}

Dataset open_data_for(const LoadedModel& model, const fs::path& data, OpenOptions options) {
  options.outputs = output_signatures(model.original);
  return open_dataset(data, input_signatures(model.original), options);
}

namespace {

// What the onnx library does before the passes; another number when it gives other graphs.
constexpr std::string_view kOpening[] = {"inline-functions 1", "raise-opset 1", "infer-types 1"};

std::vector<std::string> recorded_with_opening(std::span<const Pass> passes) {
  std::vector<std::string> record(std::begin(kOpening), std::end(kOpening));
  std::ranges::move(recorded(passes), std::back_inserter(record));
  return record;
}

std::vector<Pass> replayed_after_opening(std::span<const std::string> record) {
  for (std::size_t i = 0; i < std::size(kOpening); ++i)
    if (i >= record.size() || record[i] != kOpening[i])
      throw Error(ErrorKind::Quantization,
                  fmt::format("the plan was made with the preparation '{}', which this program does not have",
                              i < record.size() ? record[i] : "without " + std::string(kOpening[i])),
                  "", "Apply it with the bitwright that made it, or make a new plan with 'bitwright quantize'");
  return replayed(record.subspan(std::size(kOpening)));
}

// From the graph as it was read to what methods decide about.
void take_in(LoadedModel& model, const IntakeOptions& options) {
  refuse_nan(model.original);
  model.prepared = model.original;
  if (!options.read.verify || (options.preparation && options.preparation->empty())) return;
  onnx::infer_types(model.original);
  note_defaults(model);
  const std::vector<Pass> passes = options.preparation ? replayed_after_opening(*options.preparation)
                                                       : std::vector<Pass>(bw::passes().begin(), bw::passes().end());
  model.base.preparation = recorded_with_opening(passes);
  model.prepared = prepared(bring_down(model, runtime_named(options.runtime)), passes);
  if (!options.requantize) return;
  if (!dequantize(model.prepared))
    throw Error(ErrorKind::Quantization, "the model has no quantized weights or activations to take back", "",
                "Leave --requantize out");
  model.prepared = prepared(model.prepared, passes);
}

}  // namespace

LoadedModel load_model(const fs::path& path, const IntakeOptions& options) {
  LoadedModel model;
  model.path = path;
  model.name = path.stem().string();
  ReadOptions read = options.read;
  read.note = [&](std::string note) { model.notes.push_back(std::move(note)); };
  model.original = read_model(path, read);
  model.base = {.graph = content_hash(model.original), .requantized = options.requantize, .preparation = {}};
  const std::vector<fs::path> files = files_of(path);
  model.kept = keep(files);
  model.bytes = total_bytes(files);
  model.sha256 = sha256_of_file(files.front());
  model.runnable = std::make_shared<const fs::path>(path);
  try {
    take_in(model, options);
  } catch (const Error& error) {
    throw error.within(path.string());
  }
  return model;
}

LoadedModel load_model_for(const fs::path& path, const PlanBase& base) {
  LoadedModel model = load_model(path, {.read = {}, .requantize = base.requantized, .preparation = base.preparation});
  if (model.base.graph != base.graph)
    throw Error(ErrorKind::Quantization,
                fmt::format("the plan was made for a graph with hash {:.12}, this one has {:.12}", base.graph,
                            model.base.graph),
                path.string(), "Apply it to the model it was made from, or make a new plan with 'bitwright quantize'");
  return model;
}

Error about(const LoadedModel& model, const Error& error) {
  return error.where().empty() ? error.within(model.path.string()) : error;
}

}  // namespace bw
