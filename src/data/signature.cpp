// The inputs and outputs of a graph, and which axis of each input counts the samples.
#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "base/error.h"
#include "data/dataset.h"

namespace bw {
namespace {

using Dims = std::vector<Dim>;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool names_batch(const std::string& symbol) {
  const std::string word = lower(symbol);
  return word == "n" || word == "b" || word == "bs" || word.find("batch") != word.npos;
}
// Lengths and sizes, whose names exporters choose with some habit.
bool names_length(const std::string& symbol) {
  static constexpr std::array<std::string_view, 13> kParts{
      "seq", "len", "time", "step", "frame", "token", "width", "height", "sample", "num", "channel", "past", "ctx"};
  static constexpr std::array<std::string_view, 6> kWhole{"t", "s", "l", "h", "w", "d"};
  const std::string word = lower(symbol);
  return std::find(kWhole.begin(), kWhole.end(), word) != kWhole.end() ||
         std::any_of(kParts.begin(), kParts.end(), [&](auto part) { return word.find(part) != word.npos; });
}

int axis_of(const Dims& dims, const std::string& symbol) {
  const auto found = std::find_if(dims.begin(), dims.end(), [&](const Dim& dim) { return dim.symbol == symbol; });
  return found == dims.end() ? kNoBatch : static_cast<int>(found - dims.begin());
}

bool is_free(const Dims& dims, std::size_t axis) {
  return axis < dims.size() && !dims[axis].known();
}

// LSTM, GRU and RNN have the samples on axis 1 of what they read, unless their layout says otherwise.
std::map<ValueId, int> recurrent_axes(const Graph& graph) {
  static constexpr std::array<std::size_t, 3> kRead{0, 5, 6};  // X, initial_h, initial_c
  std::map<ValueId, int> axes;
  for (const Node& node : graph.nodes) {
    if (!node.is("LSTM") && !node.is("GRU") && !node.is("RNN")) continue;
    const int axis = node.int_or("layout", 0) == 0 ? 1 : 0;
    for (const std::size_t input : kRead)
      if (input < node.inputs.size() && node.inputs[input] != kNoValue) axes[node.inputs[input]] = axis;
  }
  return axes;
}

// Finds the symbol that counts the samples, "" when no axis is called by one.
class BatchSymbol {
 public:
  BatchSymbol(const std::vector<InputSignature>& inputs, const std::vector<OutputSignature>& outputs)
      : inputs_(inputs), outputs_(outputs) {}

  std::string find() const {
    std::string first = first_of_inputs();
    for (const InputSignature& input : inputs_)
      for (const Dim& dim : input.shape)
        if (!dim.symbol.empty() && dim.symbol != first && is_better(dim.symbol, first, input)) return dim.symbol;
    return first;
  }

 private:
  // The symbol that begins the most inputs, the first of them where several do.
  std::string first_of_inputs() const {
    std::map<std::string, int> counts;
    for (const InputSignature& input : inputs_)
      if (is_free(input.shape, 0) && !input.shape[0].symbol.empty()) ++counts[input.shape[0].symbol];
    std::string best;
    for (const InputSignature& input : inputs_)
      if (is_free(input.shape, 0) && !input.shape[0].symbol.empty() &&
          (best.empty() || counts[input.shape[0].symbol] > counts[best]))
        best = input.shape[0].symbol;
    return best;
  }
  bool begins_outputs(const std::string& symbol) const {
    return !outputs_.empty() && std::all_of(outputs_.begin(), outputs_.end(), [&](const OutputSignature& output) {
      return output.shape && axis_of(*output.shape, symbol) == 0;
    });
  }
  bool in_outputs(const std::string& symbol) const {
    return std::any_of(outputs_.begin(), outputs_.end(), [&](const OutputSignature& output) {
      return output.shape && axis_of(*output.shape, symbol) != kNoBatch;
    });
  }
  // Whether `symbol`, which stands behind the first axis of `input`, counts the samples and not `first`.
  bool is_better(const std::string& symbol, const std::string& first, const InputSignature& input) const {
    if (names_length(symbol)) return false;
    if (!first.empty())
      return (names_length(first) && names_batch(symbol)) || (!in_outputs(first) && begins_outputs(symbol));
    if (is_free(input.shape, 0)) return false;
    return names_batch(symbol) || begins_outputs(symbol);
  }

  const std::vector<InputSignature>& inputs_;
  const std::vector<OutputSignature>& outputs_;
};

// The only free axis behind a fixed first one: [2, ?, 128].
int only_free_axis(const Dims& dims) {
  int axis = kNoBatch;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i].known()) continue;
    if (axis != kNoBatch) return kNoBatch;
    axis = static_cast<int>(i);
  }
  return axis;
}

class BatchAxes {
 public:
  BatchAxes(std::vector<InputSignature>& inputs, std::string symbol) : inputs_(inputs), symbol_(std::move(symbol)) {
    free_first_ = std::any_of(inputs.begin(), inputs.end(), [](const auto& input) { return is_free(input.shape, 0); });
  }

  void set() {
    for (InputSignature& input : inputs_) input.batch_axis = axis(input);
  }

 private:
  int axis(const InputSignature& input) const {
    const Dims& dims = input.shape;
    if (dims.empty()) return kNoBatch;
    if (!symbol_.empty() && axis_of(dims, symbol_) != kNoBatch) return axis_of(dims, symbol_);
    if (is_free(dims, 0)) return is_length_elsewhere(input) ? kNoBatch : 0;
    const bool fixed = std::all_of(dims.begin(), dims.end(), [](const Dim& dim) { return dim.known(); });
    // Where other inputs count the samples by a free axis, a fixed shape holds the same for each of them.
    if (fixed && (free_first_ || !symbol_.empty())) return kNoBatch;
    return free_first_ && is_state(dims) ? only_free_axis(dims) : 0;
  }
  // [2, ?, 128] beside [?, 512]: layers, samples, width.
  static bool is_state(const Dims& dims) {
    const int only = only_free_axis(dims);
    if (only == kNoBatch) return false;
    const std::string& symbol = dims[static_cast<std::size_t>(only)].symbol;
    return symbol.empty() || (dims[0].value > 1 && !names_length(symbol));
  }
  // positions [S] beside ids [N, S]
  bool is_length_elsewhere(const InputSignature& input) const {
    const std::string& own = input.shape[0].symbol;
    return !symbol_.empty() && !own.empty() && std::any_of(inputs_.begin(), inputs_.end(), [&](const auto& other) {
      return axis_of(other.shape, symbol_) != kNoBatch && axis_of(other.shape, own) > 0;
    });
  }

  std::vector<InputSignature>& inputs_;
  std::string symbol_;
  bool free_first_ = false;
};

}  // namespace

std::vector<OutputSignature> output_signatures(const Graph& graph) {
  std::vector<OutputSignature> signatures;
  for (ValueId id : graph.outputs) {
    const Value& value = graph.value(id);
    signatures.push_back({value.name, value.type.is_tensor() ? value.type.dtype : DType::Undefined, value.type.shape});
  }
  return signatures;
}

std::vector<InputSignature> input_signatures(const Graph& graph) {
  std::vector<InputSignature> signatures;
  const std::map<ValueId, int> recurrent = recurrent_axes(graph);
  std::vector<std::pair<std::size_t, int>> certain;
  std::string symbol;
  for (ValueId id : graph.inputs) {
    const Value& value = graph.value(id);
    if (value.initializer) continue;
    if (!value.type.is_tensor() || !value.type.shape)
      throw Error(InputClass::Unsupported, "is " + to_string(value.type) + ": samples need a tensor of known rank",
                  "input \"" + value.name + "\"");
    if (const auto found = recurrent.find(id);
        found != recurrent.end() && static_cast<std::size_t>(found->second) < value.type.shape->size()) {
      certain.emplace_back(signatures.size(), found->second);
      symbol = (*value.type.shape)[static_cast<std::size_t>(found->second)].symbol;
    }
    signatures.push_back({value.name, value.type.dtype, *value.type.shape});
  }
  if (symbol.empty()) symbol = BatchSymbol(signatures, output_signatures(graph)).find();
  BatchAxes(signatures, symbol).set();
  for (const auto& [index, axis] : certain) signatures[index].batch_axis = axis;
  return signatures;
}

}  // namespace bw
