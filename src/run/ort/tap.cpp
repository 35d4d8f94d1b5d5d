#include "run/ort/tap.h"

#include <onnxruntime/onnxruntime_cxx_api.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "run/ort/value.h"
#include "run/wire.h"

namespace bw::ort {
namespace {

using namespace wire;

// --- the model
// --------------------------------------------------------------------------------------------------------

std::string tap_node(std::size_t index, const std::string& value) {
  using namespace node_field;
  const std::string attribute = bytes_field(attribute_field::kName, "index") +
                                number_field(attribute_field::kInt, index) +
                                number_field(attribute_field::kType, attribute_field::kTypeInt);
  return bytes_field(kInput, value) + bytes_field(kOutput, "bitwright_tap_" + std::to_string(index)) +
         bytes_field(kOpType, "Tap") + bytes_field(kDomain, kTapDomain) + bytes_field(kAttribute, attribute);
}

struct NodeView {
  std::string_view encoded, op_type, domain;
  std::vector<std::string_view> inputs, outputs;
  std::map<std::string_view, std::uint64_t> numbers;  // attributes that are integers
};

std::pair<std::string_view, std::uint64_t> number_of(std::string_view attribute) {
  std::pair<std::string_view, std::uint64_t> number;
  for (const Field& field : fields_of(attribute)) {
    if (field.number == attribute_field::kName) number.first = field.bytes;
    if (field.number == attribute_field::kInt) number.second = field.value;
  }
  return number;
}

NodeView node_of(const Field& node) {
  NodeView view;
  view.encoded = node.encoded;
  for (const Field& field : fields_of(node.bytes)) {
    switch (field.number) {
      case node_field::kInput:
        view.inputs.push_back(field.bytes);
        break;
      case node_field::kOutput:
        view.outputs.push_back(field.bytes);
        break;
      case node_field::kOpType:
        view.op_type = field.bytes;
        break;
      case node_field::kDomain:
        view.domain = field.bytes;
        break;
      case node_field::kAttribute:
        view.numbers.insert(number_of(field.bytes));
        break;
      default:  // of no account here
        break;
    }
  }
  return view;
}

bool is_tap(const NodeView& node) {
  return node.op_type == "Tap" && node.domain == kTapDomain;
}

// Blocks are filled up to a multiple of 8 or 16 channels, by processor: then they hold elements of no value.
bool fills_its_blocks(const NodeView& reorder) {
  constexpr std::uint64_t kLargestBlock = 16;
  const auto channels = reorder.numbers.find("channels"), last = reorder.numbers.find("channels_last");
  return channels != reorder.numbers.end() && channels->second % kLargestBlock == 0 &&
         (last == reorder.numbers.end() || last->second == 0);
}

// The blocks of each value that a ReorderOutput puts into the plain order.
using Blocks = std::map<std::string_view, const NodeView*>;
Blocks blocks_in(std::span<const NodeView> nodes) {
  Blocks blocks;
  for (const NodeView& node : nodes)
    if (node.op_type == "ReorderOutput" && node.inputs.size() == 1 && node.outputs.size() == 1 &&
        fills_its_blocks(node))
      blocks.emplace(node.outputs[0], &node);
  return blocks;
}

std::string_view name_of_port(std::string_view port) {
  for (const Field& field : fields_of(port))
    if (field.number == port_field::kName) return field.bytes;
  return {};
}

// A graph taken apart.
struct GraphView {
  std::vector<NodeView> nodes;
  std::set<std::string_view> read;  // values that others than Taps read
  std::string rest;                 // all but the nodes

  explicit GraphView(std::string_view graph) {
    for (const Field& field : fields_of(graph)) {
      if (field.number == graph_field::kNode)
        nodes.push_back(node_of(field));
      else
        rest += field.encoded;
      if (field.number == graph_field::kOutput) read.insert(name_of_port(field.bytes));
    }
    for (const NodeView& node : nodes)
      if (!is_tap(node)) read.insert(node.inputs.begin(), node.inputs.end());
  }
};

// The Taps stand at the end, in reverse order again; ReorderOutputs that only Taps read go when these read the blocks.
std::string with_taps_on(const Blocks& blocks, const GraphView& graph) {
  std::string others;
  std::map<std::uint64_t, std::string, std::greater<>> taps;
  for (const NodeView& node : graph.nodes) {
    if (is_tap(node)) {
      const auto block = blocks.find(node.inputs.at(0));
      const std::uint64_t index = node.numbers.at("index");
      taps[index] = tap_node(index, std::string(block == blocks.end() ? node.inputs[0] : block->second->inputs[0]));
    } else if (node.outputs.empty() || !blocks.contains(node.outputs[0]) || graph.read.contains(node.outputs[0])) {
      others += node.encoded;
    }
  }
  for (const auto& [index, tap] : taps) others += bytes_field(graph_field::kNode, tap);
  return others + graph.rest;
}

std::string_view graph_of(std::string_view model) {
  for (const Field& field : fields_of(model))
    if (field.number == model_field::kGraph) return field.bytes;
  return {};
}

// --- the kernel
// -------------------------------------------------------------------------------------------------------

thread_local const TapSink* current_sink = nullptr;
thread_local std::exception_ptr current_error;

struct TapKernel {
  std::size_t index;

  explicit TapKernel(const OrtKernelInfo* info)
      : index(static_cast<std::size_t>(Ort::ConstKernelInfo(info).GetAttribute<std::int64_t>("index"))) {}

  OrtStatusPtr ComputeV2(OrtKernelContext* raw) {
    try {
      Ort::KernelContext context(raw);
      if (current_sink && *current_sink) (*current_sink)(index, view(context.GetInput(0)));
      const std::int64_t empty = 0;
      context.GetOutput(0, &empty, 1);
      return nullptr;
    } catch (...) {  // nothing may be thrown through the runtime: it is kept, and thrown again behind it
      if (!current_error) current_error = std::current_exception();
      return Ort::GetApi().CreateStatus(ORT_FAIL, "a tap refused its value");
    }
  }
};

struct TapOperator : Ort::CustomOpBase<TapOperator, TapKernel, true> {
  OrtStatusPtr CreateKernelV2(const OrtApi&, const OrtKernelInfo* info, void** kernel) const {
    *kernel = new TapKernel(info);
    return nullptr;
  }
  const char* GetName() const { return "Tap"; }
  const char* GetExecutionProviderType() const { return "CPUExecutionProvider"; }
  std::size_t GetInputTypeCount() const { return 1; }
  ONNXTensorElementDataType GetInputType(std::size_t) const { return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED; }
  std::size_t GetOutputTypeCount() const { return 1; }
  ONNXTensorElementDataType GetOutputType(std::size_t) const { return ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8; }
};

}  // namespace

std::string tap_suffix(std::span<const std::string> values) {
  std::string nodes;
  for (std::size_t i = values.size(); i-- > 0;) nodes += bytes_field(graph_field::kNode, tap_node(i, values[i]));
  return bytes_field(model_field::kGraph, nodes) +
         bytes_field(model_field::kOpsetImport,
                     bytes_field(opset_field::kDomain, kTapDomain) + number_field(opset_field::kVersion, 1));
}

std::string optimized_with_taps(std::string_view optimized, ElementOrder order) {
  const GraphView graph(graph_of(optimized));
  const Blocks blocks = order == ElementOrder::Any ? blocks_in(graph.nodes) : Blocks{};
  std::string model;
  for (const Field& field : fields_of(optimized))
    if (field.number != model_field::kGraph) model += field.encoded;
  return model + bytes_field(model_field::kGraph, with_taps_on(blocks, graph));
}

bool taps_read_reorders(std::string_view optimized) {
  const GraphView graph(graph_of(optimized));
  const Blocks blocks = blocks_in(graph.nodes);
  return std::ranges::any_of(graph.nodes,
                             [&](const NodeView& node) { return is_tap(node) && blocks.contains(node.inputs.at(0)); });
}

bool has_convolution(std::string_view model) {
  const GraphView graph(graph_of(model));
  return std::ranges::any_of(graph.nodes, [](const NodeView& node) { return node.op_type == "Conv"; });
}

const OrtCustomOp* tap_operator() {
  static const TapOperator kOperator;
  return &kOperator;
}

TapScope::TapScope(const TapSink& sink)
    : outer_(std::exchange(current_sink, &sink)), outer_error_(std::exchange(current_error, nullptr)) {}
TapScope::~TapScope() {
  current_sink = outer_;
  current_error = std::move(outer_error_);
}
std::exception_ptr TapScope::take_error() {
  return std::exchange(current_error, nullptr);
}

}  // namespace bw::ort
