#include "explain/timing.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "explain/explanation.h"
#include "explain/spelled.h"
#include "target/target.h"

namespace bw {
namespace {

Figure figure_of(std::vector<double> seconds) {
  std::ranges::sort(seconds);
  const std::size_t n = seconds.size(), middle = n / 2;
  const double median = n % 2 == 1 ? seconds[middle] : (seconds[middle - 1] + seconds[middle]) / 2;
  return {.value = median,
          .interval = Interval{seconds.front(), seconds.back()},
          .n = n,
          .unit = Unit::Seconds,
          .reason = {}};
}

}  // namespace

// `counts` says of a node whether it is part of the sum.
template <class Counts>
Figure VisitedProfiles::sum(Counts counts) const {
  bool shown = false;
  std::vector<double> seconds;
  for (const Profile& profile : visits_) {
    seconds.push_back(0);
    for (const NodeTime& node : profile.nodes)
      if (counts(node)) shown = true, seconds.back() += node.seconds / static_cast<double>(profile.runs);
  }
  if (!shown) return missing_figure(Unit::Seconds, "the runtime shows no such node");
  return figure_of(std::move(seconds));
}

Figure VisitedProfiles::total() const {
  return sum([](const NodeTime&) { return true; });
}

Figure VisitedProfiles::of(const std::vector<std::string>& nodes) const {
  return sum([&](const NodeTime& node) { return std::ranges::find(nodes, node.node) != nodes.end(); });
}

Figure VisitedProfiles::of_kernels(std::span<const std::string_view> kernels) const {
  return sum([&](const NodeTime& node) { return std::ranges::find(kernels, node.kernel) != kernels.end(); });
}

std::string VisitedProfiles::kernel_of(const std::string& node) const {
  for (const Profile& profile : visits_)
    for (const NodeTime& time : profile.nodes)
      if (time.node == node) return time.kernel;
  return "";
}

bool is_integer_kernel(std::string_view kernel) {
  static constexpr std::string_view kWords[] = {"QLinear",        "QGemm",           "Integer",   "NBits",
                                                "BlockQuantized", "DynamicQuantize", "QAttention"};
  return std::ranges::any_of(kWords, [&](std::string_view word) { return kernel.find(word) != kernel.npos; });
}

namespace {

// --- rules of ONNX Runtime's fusion of Q/DQ (onnxruntime/core/optimizer/qdq_transformer/selectors_actions)

struct Site {
  const Graph& graph;
  const Links& links;
  const Node& node;

  const std::vector<Links::Use>& uses() const { return links.uses[static_cast<std::size_t>(node.output(0))]; }
  NodeId maker(ValueId value) const {
    return value == kNoValue ? kNoNode : links.producer[static_cast<std::size_t>(value)];
  }
};

bool has_wide_codes(const Graph& graph, const Node& coder) {
  const ValueId zero_point = coder.input(2);
  const DType codes = zero_point == kNoValue ? DType::UInt8 : graph.value(zero_point).type.dtype;
  return (is_quantize(coder) || is_dequantize(coder)) && info(codes).is_integer && info(codes).bits == 16;
}

std::string wide_codes(const Site& at) {
  for (const ValueId input : at.node.inputs)
    if (const NodeId maker = at.maker(input); maker != kNoNode && has_wide_codes(at.graph, at.graph.node(maker)))
      return "16-bit codes have no integer kernel";
  for (const Links::Use& use : at.uses())
    if (has_wide_codes(at.graph, at.graph.node(use.node))) return "16-bit codes have no integer kernel";
  return "";
}

std::string no_kernel(const Site& at) {
  if (targets().front().support(at.node).integer != IntegerKernel::None) return "";
  return fmt::format("{} has no integer kernel", at.node.op_type);
}

std::string float_input(const Site& at) {
  for (const ValueId input : at.node.inputs) {
    if (input == kNoValue || at.graph.is_constant(input)) continue;
    const NodeId maker = at.maker(input);
    if (maker == kNoNode || !is_dequantize(at.graph.node(maker)))
      return fmt::format("its input '{}' is not codes", at.graph.value(input).name);
  }
  return "";
}

std::string model_output(const Site& at) {
  return at.graph.is_output(at.node.output(0)) ? "its result is an output of the model" : "";
}

std::string float_reader(const Site& at) {
  const auto quantizes = [&](const Links::Use& use) { return is_quantize(at.graph.node(use.node)); };
  const auto reader = std::ranges::find_if_not(at.uses(), quantizes);
  if (reader == at.uses().end()) return "";
  const Node& node = at.graph.node(reader->node);
  return std::ranges::any_of(at.uses(), quantizes)
             ? fmt::format("'{}' ({}) reads its result in float as well", node.name, node.op_type)
             : fmt::format("no QuantizeLinear stands between it and '{}' ({})", node.name, node.op_type);
}

}  // namespace

std::string why_in_float(const Graph& graph, const Node& node) {
  const Links links = link(graph);
  const Site at{graph, links, node};
  const auto is_decoded = [&](ValueId input) {
    const NodeId maker = at.maker(input);
    return maker != kNoNode && is_dequantize(graph.node(maker));
  };
  if (std::ranges::none_of(node.inputs, is_decoded)) return "";
  for (const auto rule : {wide_codes, no_kernel, float_input, model_output, float_reader})
    if (std::string reason = rule(at); !reason.empty()) return reason;
  return "";
}

namespace {

constexpr std::string_view kConversions[] = {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"};

// `file`: of the quantized network, where the rules are those of its runtime; else nullptr.
LayerTime time_of(const ExplainedLayer& layer, const Graph* file, const VisitedProfiles& original,
                  const VisitedProfiles& quantized) {
  LayerTime time{original.of(layer.original_nodes), quantized.of(layer.quantized_nodes), {}, {}};
  time.kernel = quantized.kernel_of(layer.quantized_node);
  if (file == nullptr || time.kernel.empty() || is_integer_kernel(time.kernel)) return time;
  const NodeId node = file->find_node(layer.quantized_node);
  if (node != kNoNode && time.kernel == file->node(node).op_type) time.in_float = why_in_float(*file, file->node(node));
  return time;
}

}  // namespace

void add_times(Explanation& explanation, const LoadedModel& original, const LoadedModel& quantized,
               std::span<const Sample> samples, double seconds, const ExplainOptions& options) {
  const ProfileOptions effort{.threads = options.threads, .seconds = seconds / kVisits};
  std::vector<Profile> of_original, of_quantized;
  for (std::size_t visit = 0; visit < kVisits; ++visit)
    for (const auto& [model, profiles] : {std::pair(&original, &of_original), std::pair(&quantized, &of_quantized)}) {
      Worker worker(options.worker);
      const auto feed = [&, given = false]() mutable -> std::optional<SampleChunk> {
        return std::exchange(given, true) ? std::nullopt : std::optional(pack(samples));
      };
      profiles->push_back(profile_model(worker, {*model->runnable, options.runtime}, model->original, feed, effort));
    }
  const VisitedProfiles first(std::move(of_original)), second(std::move(of_quantized));
  explanation.time = ModelTime{first.total(), second.total(), second.of_kernels(kConversions)};
  const Graph* file = options.runtime == targets().front().runtime ? &quantized.original : nullptr;
  for (ExplainedLayer& layer : explanation.layers) layer.time = time_of(layer, file, first, second);
}

}  // namespace bw
