// Bits layer by layer: the least error of the outputs that a size allows. What the codes of one layer do to the outputs
// is tried, with all others in float; what other bits would do there follows from how far they take the weights, and
// errors of layers add up. So the best choice is a knapsack's (method/knapsack.h).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/progress.h"
#include "graph/twins.h"
#include "method/catalog.h"
#include "method/coding_error.h"
#include "method/knapsack.h"
#include "target/lowering.h"

namespace bw {
namespace {

constexpr std::array kBits{2, 4, 8};  // those between are stored in as many as the next of these
constexpr std::size_t kTried = 1;     // of kBits
constexpr std::size_t kMostTrials = 32;
constexpr int kExactLevel = 1;  // products of floats

constexpr Parameter kSize{.name = "size",
                          .type = Parameter::Type::Ratio,
                          .standard = "0.2",
                          .says = "of the weights that are coded, with their scales, over their size in float",
                          .low = 0.01,
                          .high = 1};

// Those of weight-only, but for the bits.
std::span<const Parameter> parameters() {
  static const std::vector<Parameter> kAll = [] {
    std::vector<Parameter> all{kSize};
    for (const Parameter& parameter : weight_only().parameters)
      if (parameter.name != "bits") all.push_back(parameter);
    return all;
  }();
  return kAll;
}

Plan decided(const Task& task, const Arguments& arguments, int bits, Plan plan) {
  const Method method = weight_only();
  std::map<std::string, std::string> given{{"bits", std::to_string(bits)}};
  for (const Parameter& parameter : parameters())
    if (parameter.name != kSize.name) given.emplace(parameter.name, arguments.text(parameter.name));
  return method.run(task, Arguments(method.name, method.parameters, given), {}, std::move(plan));
}

double bytes_of(const Tensor& weight, const QParams& params) {
  const auto bytes = [](DType type, std::size_t count) { return static_cast<double>(byte_size(type, count)); };
  const DType zero_point = params.scheme.zero_point == DType::Undefined ? params.scheme.code : params.scheme.zero_point;
  return bytes(params.scheme.code, weight.size()) + bytes(params.scheme.scale, params.scales.size()) +
         (params.scheme.symmetric ? 0 : bytes(zero_point, params.scales.size()));
}

// Squares of what codes change, over those of the weights.
double noise_of(const Tensor& weight, const QParams& params) {
  const double ratio = squares_of(weight, dequantize(quantize(weight, params), params)).ratio();
  return ratio * ratio;
}

// What reads one constant, or its transpose: its bits are the same everywhere, so that what is tied stays tied.
struct Piece {
  ValueId constant;
  std::vector<std::pair<std::string, int>> operands;  // nodes and their inputs
  double float_bytes = 0;
  std::vector<Choice> choices;  // by place in kBits; costs: shares of the outputs' squared error
};

class Mixer {
 public:
  Mixer(const Task& task, const Arguments& arguments, Plan plan)
      : task_(task), size_(arguments.number(kSize.name)), before_(std::move(plan)) {
    for (const int bits : kBits) plans_.push_back(decided(task, arguments, bits, before_));
    find_pieces();
  }

  Plan run() {
    weigh();
    double all = 0, least = 0;
    std::vector<std::vector<Choice>> items;
    for (const Piece& piece : pieces_) {
      all += piece.float_bytes;
      least += std::ranges::min(piece.choices, {}, &Choice::size).size;
      items.push_back(piece.choices);
    }
    const auto taken = least_costly(items, size_ * all);
    if (!taken)
      throw Error(ErrorKind::Quantization,
                  fmt::format("the weights take at least {:.3f} of their size in float, and {:.4g} are asked for",
                              least / all, size_),
                  {}, "Ask for more: mixed-bits(size=...), or larger blocks");
    return mixed(*taken, all);
  }

 private:
  const QParams& params(std::size_t place, const std::pair<std::string, int>& operand) const {
    return plans_[place].nodes.at(operand.first).operands.at(operand.second);
  }

  void find_pieces() {
    const std::map<ValueId, Twin> same = twins(task_.graph, 1);
    for (const Node& node : task_.graph.nodes) {
      const auto found = plans_[kTried].nodes.find(node.name);
      if (found == plans_[kTried].nodes.end()) continue;
      for (const auto& [input, params] : found->second.operands) {
        const ValueId read = node.input(static_cast<std::size_t>(input));
        const ValueId constant = same.contains(read) ? same.at(read).of : read;
        auto piece = std::ranges::find(pieces_, constant, &Piece::constant);
        if (piece == pieces_.end()) piece = pieces_.insert(piece, Piece{constant, {}, 0, {}});
        piece->operands.emplace_back(node.name, input);
      }
    }
    for (Piece& piece : pieces_) {
      const Tensor& weight = task_.graph.value(piece.constant).initializer;
      piece.float_bytes = static_cast<double>(byte_size(weight.dtype(), weight.size()));
      for (std::size_t place = 0; place < kBits.size(); ++place) {
        Choice choice{0, 0};
        for (const auto& operand : piece.operands) choice = with(choice, place, operand);
        piece.choices.push_back(choice);
      }
    }
  }

  // Stored once where the blocks are the same, which is taken for granted; of what is changed, the most.
  Choice with(Choice choice, std::size_t place, const std::pair<std::string, int>& operand) const {
    const auto node = std::ranges::find(task_.graph.nodes, operand.first, &Node::name);
    const Tensor& weight = task_.graph.value(node->input(static_cast<std::size_t>(operand.second))).initializer;
    const QParams& own = params(place, operand);
    return {std::max(choice.size, bytes_of(weight, own)), std::max(choice.cost, noise_of(weight, own))};
  }

  // Costs from what is changed of the weights to what that does to the outputs. Neighbours are tried together where
  // there are too many to try each.
  void weigh() {
    const std::size_t parts = std::min(pieces_.size(), std::min(kMostTrials, task_.budget.trials));
    Progress progress(*task_.console, "mixed-bits: trying", parts);
    for (std::size_t part = 0; part < parts; ++part, progress.advance()) {
      const std::size_t begin = part * pieces_.size() / parts, end = (part + 1) * pieces_.size() / parts;
      const std::span<Piece> own = std::span(pieces_).subspan(begin, end - begin);
      const double error = error_with(own);
      double noise = 0;
      for (const Piece& piece : own) noise += piece.choices[kTried].cost;
      for (Piece& piece : own)
        for (Choice& choice : piece.choices) choice.cost *= noise > 0 ? error / noise : 0;
    }
  }

  // Squared error of the outputs when these alone are codes.
  double error_with(std::span<const Piece> pieces) const {
    Plan plan = before_;
    plan.lowering.insert_or_assign(std::string(kAccuracyLevel.name), std::to_string(kExactLevel));
    for (const Piece& piece : pieces)
      for (const auto& operand : piece.operands)
        plan.nodes[operand.first].operands[operand.second] = params(kTried, operand);
    const Figure kept = task_.judge->retained(plan).outputs;
    if (!kept.value)
      throw Error(ErrorKind::Quantization, "'mixed-bits' cannot tell what codes do to the outputs: " + kept.reason);
    return std::pow(1 - *kept.value, 2);
  }

  Plan mixed(const std::vector<std::size_t>& taken, double all) {
    Plan plan = plans_[kTried];
    double bytes = 0;
    std::array<std::size_t, kBits.size()> counts{};
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      ++counts[taken[i]];
      bytes += pieces_[i].choices[taken[i]].size;
      for (const auto& operand : pieces_[i].operands)
        plan.nodes[operand.first].operands[operand.second] = params(taken[i], operand);
    }
    std::string bits;
    for (std::size_t place = 0; place < kBits.size(); ++place)
      if (counts[place] > 0)
        bits += fmt::format("{}{} with {} bits", bits.empty() ? "" : ", ", counts[place], kBits[place]);
    plan.notes.push_back(fmt::format("weights take {:.3f} of their size in float: {}", bytes / all, bits));
    return plan;
  }

  const Task& task_;
  const double size_;
  const Plan before_;
  std::vector<Plan> plans_;  // by place in kBits
  std::vector<Piece> pieces_;
};

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  return Mixer(task, arguments, std::move(plan)).run();
}

Plan sketched(const Task& task, const Arguments& arguments, Plan plan) {
  return decided(task, arguments, kBits[kTried], std::move(plan));
}

}  // namespace

Method mixed_bits() {
  return {.name = "mixed-bits",
          .says = "weights of 2, 4 or 8 bits, layer by layer, of the least error that a size allows; tries each layer",
          .group = "ptq_4bit",
          .stage = Stage::Decide,
          .parameters = parameters(),
          .run = run,
          .sketch = sketched,
          .judged = true,
          .budget = {.trials = kMostTrials}};
}

}  // namespace bw
