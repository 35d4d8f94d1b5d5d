// Ranges by what they do to a value and to the layers that read it: of all ranges that are tried for a value, and of
// all scales for a weight, those of the least squared error are taken: of the layers' outputs, on rows that calibration
// kept of their inputs, with activation and weight coded, and of the value, on all that calibration saw. What is tried
// are the present range, those of the observers, OCTAV among them (Sakr et al. 2022), and grids around the best of
// them; so nothing gets worse by this measure.
//
// Values that moves hand on share one range, which counts in all of their readers. Each error is relative to the power
// of what it is an error of, and their sum counts. The value's own stands for readers without a weight (a sum, a pool),
// and for the rare large numbers of which no row was kept.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/stop.h"
#include "graph/links.h"
#include "graph/ops/op.h"
#include "method/catalog.h"
#include "method/layer_codes.h"
#include "method/layer_rows.h"
#include "observe/observers/observer.h"
#include "observe/observers/signed_bins.h"

namespace bw {
namespace {

constexpr std::size_t kRows = 128;  // that ranges are tried on
constexpr int kRounds = 2;          // activation, then weights, each beside what the other became
constexpr std::array kShares{0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.05, 1.1, 1.2};
constexpr int kMostGrids = 6;   // one around the best of the other
constexpr double kMuch = 0.98;  // of the error, below which another grid is tried
constexpr int kWeightSteps = 16;
constexpr double kWeightStep = 0.03;  // of the largest magnitude

constexpr Parameter kParameters[] = {
    {.name = "ranges",
     .type = Parameter::Type::Choice,
     .standard = "both",
     .says = "whose ranges are searched",
     .choices = "both|activations|weights"},
};

// A layer that reads a value, and the codes of its weight so far.
struct Reader {
  const Node* node;
  LayerRows rows;
  QParams first, weight;  // as decided before; as it is now
};

// Values with one range, and who computes on their codes.
struct Group {
  ValueId source;  // the others are moved from it
  std::vector<std::string> values;
  QParams params;
  std::vector<Reader> layers;
};

// The plan's groups of values, and what has to be seen to try ranges on them.
class Groups {
 public:
  Groups(const Task& task, const Plan& plan)
      : task_(task), plan_(plan), links_(link(task.graph)), looked_at_(task.graph) {
    for (std::size_t v = 0; v < task.graph.values.size(); ++v) add_value(static_cast<ValueId>(v));
    for (std::size_t n = 0; n < task.graph.nodes.size(); ++n) add_reader(static_cast<NodeId>(n));
  }

  const Graph& looked_at() const { return looked_at_; }  // the graph with the layers' patches
  Needs needs() const {
    Needs needs;
    for (const auto& [source, found] : found_)
      for (const auto& [node, patches] : found.layers)
        needs.add(patches.value, {ReservoirStatistic::kName, patches.axis});
    return needs;
  }
  std::size_t size() const { return found_.size(); }
  // The groups' sources in the graph's order.
  std::vector<ValueId> sources() const {
    std::vector<ValueId> all;
    for (const auto& [source, found] : found_) all.push_back(source);
    return all;
  }

  Group group(ValueId source, const Evidence& evidence) const {
    const Found& found = found_.at(source);
    Group group{
        .source = source, .values = found.values, .params = plan_.values.at(found.values.front()), .layers = {}};
    for (const auto& [id, patches] : found.layers) {
      const auto& kept = evidence.value(patches.value).get<ReservoirStatistic>(patches.axis);
      const QParams& weight = plan_.nodes.at(node(id).name).operands.at(1);
      group.layers.push_back({&node(id), LayerRows(task_.graph, node(id), patches, kept, kRows), weight, weight});
    }
    return group;
  }

 private:
  struct Found {
    std::vector<std::string> values;
    std::map<NodeId, Patches> layers;
  };

  const Node& node(NodeId id) const { return task_.graph.node(id); }
  const std::string& name(ValueId id) const { return task_.graph.value(id).name; }
  bool is_coded(ValueId id) const { return id != kNoValue && plan_.values.contains(name(id)); }
  bool is_integer(NodeId id) const {
    const auto found = id == kNoNode ? plan_.nodes.end() : plan_.nodes.find(node(id).name);
    return found != plan_.nodes.end() && found->second.compute == Precision::Integer;
  }
  bool moves(NodeId id) const {
    return is_integer(id) && task_.target.support(node(id)).integer == IntegerKernel::Move;
  }

  ValueId source_of(ValueId value) const {
    for (NodeId before = links_.producer[static_cast<std::size_t>(value)];
         moves(before) && is_coded(node(before).input(0)); before = links_.producer[static_cast<std::size_t>(value)])
      value = node(before).input(0);
    return value;
  }

  void add_value(ValueId id) {
    if (is_coded(id)) found_[source_of(id)].values.push_back(name(id));
  }

  void add_reader(NodeId id) {
    if (!is_integer(id) || !is_coded(node(id).input(0)) || !plan_.nodes.at(node(id).name).operands.contains(1)) return;
    if (const auto patches = add_patches(looked_at_, id))
      found_.at(source_of(node(id).input(0))).layers.emplace(id, *patches);
  }

  const Task& task_;
  const Plan& plan_;
  const Links links_;
  Graph looked_at_;
  std::map<ValueId, Found> found_;
};

double sum_of(std::span<const double> numbers) {
  double sum = 0;
  for (const double number : numbers) sum += number;
  return sum;
}

std::vector<float> coded_factor(const LayerRows& rows, const QParams& params) {
  return rows.as_factor(dequantize(quantize(rows.weight(), params), params));
}

// --- activations

QParams with_range(const QParams& params, Range range) {
  const ScaleZeroPoint pair = scale_and_zero_point(range, params.scheme);
  return {.scheme = params.scheme, .scales = {pair.scale}, .zero_points = {static_cast<float>(pair.zero_point)}};
}

Range range_covered(const QParams& params) {
  const CodeRange codes = code_range(params.scheme);
  const float zero_point = params.zero_points.empty() ? 0 : params.zero_points.front();
  return {(static_cast<float>(codes.lowest) - zero_point) * params.scales.front(),
          (static_cast<float>(codes.highest) - zero_point) * params.scales.front()};
}

// What every observer makes of what was seen that needs nothing but a histogram.
std::vector<Range> observed(const ValueEvidence& seen, const Scheme& scheme) {
  std::vector<Range> ranges{seen.get<Histogram>().range()};
  for (const Observer& observer : observers())
    if (observer.statistic.kind == Histogram::kName)
      ranges.push_back(range_of(observer, seen, scheme, Arguments(observer.name, observer.parameters)));
  return ranges;
}

// Both ends together, then each on its own where it has one.
std::vector<Range> grid_around(Range center, const Scheme& scheme) {
  std::vector<Range> ranges;
  const bool two_sided = !scheme.symmetric && center.low < 0 && center.high > 0;
  for (const double share : kShares) {
    const auto low = static_cast<float>(center.low * share), high = static_cast<float>(center.high * share);
    ranges.push_back({low, high});
    if (two_sided) ranges.insert(ranges.end(), {{low, center.high}, {center.low, high}});
  }
  return ranges;
}

// The ranges of one group's values and the scales of its readers' weights, each search beside what the other found.
class Search {
 public:
  Search(Group& group, const ValueEvidence& seen, bool pairs_saturate)
      : group_(group), seen_(seen), pairs_saturate_(pairs_saturate) {
    add_bins(signed_bins(seen.get<Histogram>(), Histogram::kBins));
    code_weights();
  }

  double error() const { return error_of(group_.params); }

  void search_activation() {
    choose(observed(seen_, group_.params.scheme));
    for (int i = 0; i < kMostGrids && choose(grid_around(range_covered(group_.params), group_.params.scheme)); ++i) {
    }
  }

  void search_weights() {
    for (Reader& reader : group_.layers) search_weight(reader);
    code_weights();
  }

 private:
  void add_bins(const SignedBins& bins) {
    for (std::size_t i = 0; i < bins.counts.size(); ++i) {
      if (bins.counts[i] == 0) continue;
      values_.push_back(static_cast<float>(bins.edge(i) + bins.width / 2));
      counts_.push_back(static_cast<double>(bins.counts[i]));
    }
  }

  void code_weights() {
    factors_.clear();
    for (const Reader& reader : group_.layers) factors_.push_back(coded_factor(reader.rows, reader.weight));
  }

  // The sum of the value's own error and the readers', each over the power of what it is of.
  double error_of(const QParams& params) const {
    double sum = error_of_itself(params);
    for (std::size_t i = 0; i < group_.layers.size(); ++i) {
      const LayerRows& rows = group_.layers[i].rows;
      if (rows.power() > 0) sum += sum_of(rows.errors(coded(rows.x(), params), factors_[i])) / rows.power();
    }
    return sum;
  }

  double error_of_itself(const QParams& params) const {
    double error = 0, power = 0;
    const std::vector<float> met = coded(values_, params);
    for (std::size_t i = 0; i < met.size(); ++i) {
      const double x = values_[i], off = static_cast<double>(met[i]) - x;
      error += counts_[i] * off * off;
      power += counts_[i] * x * x;
    }
    return power > 0 ? error / power : 0;
  }

  // Takes the best of the present one and these; codes beyond what was seen would be wasted.
  // Whether one of these is much better.
  bool choose(const std::vector<Range>& ranges) {
    const Range whole = seen_.get<Histogram>().range();
    std::vector<QParams> tried{group_.params};
    for (const Range& range : ranges)
      tried.push_back(with_range(group_.params, {std::max(range.low, std::min(whole.low, 0.0F)),
                                                 std::min(range.high, std::max(whole.high, 0.0F))}));
    std::vector<double> errors(tried.size());
    parallel_for(tried.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) errors[i] = error_of(tried[i]);
    });
    const auto least = std::ranges::min_element(errors);
    group_.params = tried[static_cast<std::size_t>(least - errors.begin())];
    return *least < kMuch * errors.front();
  }

  // Shares of the scale that was decided, for each channel the best one, or one for all.
  void search_weight(Reader& reader) const {
    const std::vector<float> x = coded(reader.rows.x(), group_.params);
    std::vector<std::vector<double>> errors(kWeightSteps);
    parallel_for(errors.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i)
        errors[i] = reader.rows.errors(x, coded_factor(reader.rows, shrunk(reader.first, i)));
    });
    QParams best = reader.first;
    const bool by_channel = best.scales.size() == reader.rows.outputs() && best.scales.size() > 1;
    for (std::size_t c = 0; c < best.scales.size(); ++c) {
      const auto error = [&](std::size_t i) { return by_channel ? errors[i][c] : sum_of(errors[i]); };
      std::size_t least = 0;
      for (std::size_t i = 1; i < errors.size(); ++i)
        if (error(i) < error(least)) least = i;
      best.scales[c] = shrunk(reader.first, least).scales[c];
    }
    if (!newly_saturates(reader, best)) reader.weight = std::move(best);
  }

  static QParams shrunk(QParams params, std::size_t step) {
    for (float& scale : params.scales) scale *= static_cast<float>(1 - kWeightStep * static_cast<double>(step));
    return params;
  }

  // Smaller scales give larger codes, whose pairs may leave 16 bits where the present ones do not.
  bool newly_saturates(const Reader& reader, const QParams& params) const {
    return pairs_saturate_ && params.scheme.code == DType::Int8 && saturates(quantize(reader.rows.weight(), params)) &&
           !saturates(quantize(reader.rows.weight(), reader.first));
  }

  Group& group_;
  const ValueEvidence& seen_;  // of the source
  const bool pairs_saturate_;
  std::vector<float> values_;  // of the source, by bins of its histogram
  std::vector<double> counts_;
  std::vector<std::vector<float>> factors_;  // the readers' weights as coded
};

// --- biases follow

// Where the int32 codes of a layer's bias stand: its own, or that of the Add behind it. Nothing when there are none.
std::pair<const Node*, int> bias_of(const Task& task, const Links& links, const Plan& plan, const Node& layer) {
  const auto has_bias = [&](const Node& node, int input) {
    const auto decision = plan.nodes.find(node.name);
    if (decision == plan.nodes.end()) return false;
    const auto operand = decision->second.operands.find(input);
    return operand != decision->second.operands.end() && operand->second.scheme.code == DType::Int32;
  };
  if (const int own = find_op(layer)->bias_input; own >= 0 && has_bias(layer, own)) return {&layer, own};
  for (const Links::Use& use : links.uses[static_cast<std::size_t>(layer.output(0))])
    if (use.input >= 0 && use.input < 2 && has_bias(task.graph.node(use.node), 1 - use.input))
      return {&task.graph.node(use.node), 1 - use.input};
  return {nullptr, 0};
}

void recode_bias(const Task& task, const Links& links, const Node& layer, Plan& plan) {
  const auto x = plan.values.find(task.graph.value(layer.input(0)).name);
  const auto decision = plan.nodes.find(layer.name);
  if (x == plan.values.end() || decision == plan.nodes.end() || !decision->second.operands.contains(1)) return;
  const auto [node, input] = bias_of(task, links, plan, layer);
  if (node == nullptr) return;
  const Tensor& bias = task.graph.value(node->input(static_cast<std::size_t>(input))).initializer;
  plan.nodes.at(node->name).operands[input] =
      bias_codes(bias, x->second.scales.front(), decision->second.operands.at(1));
}

Needs needs(const Task& task, const Arguments&) {
  Needs needs;
  const auto add = [&](ValueId id) {
    if (id != kNoValue && !task.graph.is_constant(id) && task.graph.value(id).type.dtype == DType::Float32)
      needs.add(task.graph.value(id).name, {Histogram::kName, 0});
  };
  for (const Node& node : task.graph.nodes) {
    if (task.target.support(node).integer == IntegerKernel::None) continue;
    std::ranges::for_each(node.inputs, add);
    std::ranges::for_each(node.outputs, add);
  }
  return needs;
}

// Gives the error over what it was before.
double search(Group& group, const ValueEvidence& seen, const std::string& whose, bool pairs_saturate) {
  Search search(group, seen, pairs_saturate);
  const double before = search.error();
  for (int round = 0; round < kRounds; ++round) {
    if (whose != "weights") search.search_activation();
    if (whose != "activations") search.search_weights();
  }
  return before > 0 ? search.error() / before : 1;
}

Plan run(const Task& task, const Arguments& arguments, const Evidence& evidence, Plan plan) {
  const Groups groups(task, plan);
  const Links links = link(task.graph);
  if (groups.size() == 0) {
    plan.notes.emplace_back("no activation has a range that could be searched");
    return plan;
  }
  const Evidence& rows = task.calibrator->evidence(groups.looked_at(), groups.needs());
  Progress progress(*task.console, "range-search: activations", groups.size());
  double logarithms = 0;
  for (const ValueId source : groups.sources()) {
    throw_if_stopped(task.stop);
    Group group = groups.group(source, rows);
    const double share =
        search(group, evidence.value(task.graph.value(source).name), arguments.text("ranges"), task.pairs_saturate);
    logarithms += std::log(std::max(share, 1e-12));
    for (const std::string& value : group.values) plan.values[value] = group.params;
    for (const Reader& reader : group.layers) plan.nodes.at(reader.node->name).operands.at(1) = reader.weight;
    progress.advance();
  }
  for (const Node& node : task.graph.nodes)
    if (task.target.support(node).integer == IntegerKernel::Weighted) recode_bias(task, links, node, plan);
  plan.notes.push_back(
      fmt::format("the ranges of {} activations and their readers' weights lose {:.3g} of what they lost, squared",
                  groups.size(), std::exp(logarithms / static_cast<double>(groups.size()))));
  return plan;
}

}  // namespace

Method range_search() {
  return {.name = "range-search",
          .says =
              "takes the ranges, of activations and weights together, with which layers' outputs change least; "
              "behind int8-static",
          .group = "ptq_8bit",
          .stage = Stage::Refine,
          .parameters = kParameters,
          .needs = needs,
          .run = run,
          .sketch = as_it_was};
}

}  // namespace bw
