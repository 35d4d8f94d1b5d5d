// Cross-layer equalization: the channels between two layers get a common range, so that one scale for a whole weight
// serves them all. Markus Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019,
// section 4.1: with f(s x) = s f(x), channel i between the layers is divided by s_i = sqrt(r1_i / r2_i) before and
// multiplied behind, where r1_i and r2_i are the largest magnitudes of the weights that make and that read it.
//
// A Clip from zero has one upper bound for all channels, and divided by s_i it would be another one for each. Either
// the Clip stays, and only channels that it does not cut off get factors, which keep them below the bound; or a Min
// with a bound for each channel takes its place.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/ops/op.h"
#include "graph/ops/product.h"
#include "method/absorption.h"
#include "method/catalog.h"
#include "method/slices.h"
#include "observe/statistics/channel_range.h"
#include "tensor/kernels/layout.h"

namespace bw {
namespace {

constexpr int kMostSweeps = 20;
constexpr double kSettled = 0.01;  // no factor of a sweep is further from 1
constexpr float kRoom = 1.25F;     // what was not seen may be that much larger than what was

constexpr Parameter kParameters[] = {
    {.name = "clips",
     .type = Parameter::Type::Choice,
     .standard = "kept",
     .says =
         "kept: channels that a Clip cuts off are left as they are (needs data where there are Clips); spread: each "
         "channel gets a bound of its own, by a Min that integer kernels may not have",
     .choices = "kept|spread"},
    {.name = "absorb",
     .type = Parameter::Type::Choice,
     .standard = "no",
     .says =
         "what is never missing of a channel goes into the next layer's bias: no; the least that was seen; or three "
         "deviations below the mean that a batch normalization states, without data",
     .choices = "no|seen|normalization"},
};

// The largest magnitude of a layer's weight for each pair of an output and an input channel, whose factors come on top.
// A depthwise convolution makes each channel of one: then there is one column, and its factors are the rows' own.
struct Magnitudes {
  std::size_t rows = 0, columns = 0;
  std::vector<double> largest;     // [rows, columns]
  std::vector<double> made, read;  // factors by output and by input channel

  double at(std::size_t row, std::size_t column) const {
    const bool depthwise = columns == 1 && read.size() == rows;
    return largest[row * columns + column] * made[row] * read[depthwise ? row : column];
  }
  double of_made(std::size_t row) const {
    double most = 0;
    for (std::size_t c = 0; c < columns; ++c) most = std::max(most, at(row, c));
    return most;
  }
  double of_read(std::size_t channel) const {
    if (columns == 1 && read.size() == rows) return at(channel, 0);
    double most = 0;
    for (std::size_t r = 0; r < rows; ++r) most = std::max(most, at(r, channel));
    return most;
  }
};

struct Layer {
  Slices made, read;  // the weight by its output channels, and by its input channels
  std::vector<Slices> biases;
  Magnitudes magnitudes;
};

struct Pair {
  NodeId first, second;
  std::vector<NodeId> clips;  // between them
  // By channel: the factor that may not be fallen below, which is infinite where there may be none. Empty: all may be.
  std::vector<double> least = {};
};

std::optional<int> read_axis(const Node& node, const Shape& weight) {
  if (const auto product = plain_product(node))
    return weight.size() == 2 ? std::optional(product->reduced_axis()) : std::nullopt;
  if (!node.is("Conv") || weight.size() < 3) return std::nullopt;
  const std::int64_t group = node.int_or("group", 1);
  if (group == 1) return 1;
  return group == weight[0] ? std::optional(0) : std::nullopt;
}

Magnitudes magnitudes_of(const Tensor& weight, int made, int read) {
  const Layout rows = layout_along(weight.shape(), made), columns = layout_along(weight.shape(), read);
  Magnitudes found{
      .rows = rows.channels, .columns = made == read ? 1 : columns.channels, .largest = {}, .made = {}, .read = {}};
  found.largest.assign(found.rows * found.columns, 0);
  found.made.assign(rows.channels, 1);
  found.read.assign(columns.channels, 1);
  const std::span<const float> numbers = weight.data<float>();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::size_t row = i / rows.inner % rows.channels;
    const std::size_t column = made == read ? 0 : i / columns.inner % columns.channels;
    double& largest = found.largest[row * found.columns + column];
    largest = std::max(largest, static_cast<double>(std::abs(numbers[i])));
  }
  return found;
}

class Equalizer {
 public:
  Equalizer(const Graph& graph, const Arguments& arguments)
      : graph_(graph),
        links_(link(graph)),
        spread_(arguments.text("clips") == "spread"),
        absorb_(arguments.text("absorb")) {
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) add_layer(static_cast<NodeId>(n));
    for (auto& [node, layer] : layers_) add_pair(node, layer);
  }

  // What the Clips that stay cut off must be seen.
  Needs needs() const {
    Needs needs;
    for (const Pair& pair : pairs_)
      for (const NodeId clip : pair.clips)
        if (!spread_) needs.add(clipped(clip), {ChannelRangeStatistic::kName, 1});
    if (absorb_ == "seen") needs.add(absorber_.needs());
    return needs;
  }

  void look_at(const Task& task, const Evidence& evidence) {
    if (absorb_ == "seen") absorber_.look_at(evidence);
    if (absorb_ == "normalization") absorber_.believe(stated_moments(task, {}));
    for (Pair& pair : pairs_)
      for (const NodeId clip : pair.clips)
        if (!spread_)
          keep_below(bound_of(clip), evidence.value(clipped(clip)).get<ChannelRangeStatistic>(1).ranges(), pair);
  }

  // Sweeps over the pairs in the graph's order until nothing moves any more.
  void settle() {
    for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
      double furthest = 0;
      for (const Pair& pair : pairs_) furthest = std::max(furthest, equalize(pair));
      if (furthest <= kSettled) return;
    }
  }

  void edit(Plan& plan) {
    const std::size_t lowered = absorber_.edit(editor_, plan);
    for (const Pair& pair : pairs_) {
      const Layer& first = layers_.at(pair.first);
      std::vector<Slices> made = first.biases;
      made.push_back(first.made);
      for (const Slices& slices : made) editor_.scale(slices, first.magnitudes.made, plan);
      const Layer& second = layers_.at(pair.second);
      editor_.scale(second.read, second.magnitudes.read, plan);
      for (const NodeId clip : pair.clips)
        if (spread_) spread(clip, first.magnitudes.made, plan);
    }
    plan.notes.push_back(fmt::format("{} pairs of layers are equalized", pairs_.size()));
    if (absorb_ != "no") plan.notes.push_back(fmt::format("the biases of {} channels are absorbed", lowered));
    if (spread_count_ > 0)
      plan.notes.push_back(fmt::format("{} Clip became Relu and Min, with a bound for each channel", spread_count_));
    if (left_ > 0) plan.notes.push_back(fmt::format("{} channels stay as they are, since a Clip cuts them off", left_));
  }
  bool any() const { return !pairs_.empty(); }

 private:
  const Node& node(NodeId id) const { return graph_.node(id); }
  bool is_float_constant(ValueId id) const {
    return id != kNoValue && graph_.is_constant(id) && graph_.value(id).initializer.dtype() == DType::Float32;
  }
  // The one node that reads a value, which is no output; kNoNode when there are others.
  NodeId only_user(ValueId value) const {
    const auto& uses = links_.uses[static_cast<std::size_t>(value)];
    return uses.size() == 1 && uses.front().input == 0 && !graph_.is_output(value) ? uses.front().node : kNoNode;
  }

  void add_layer(NodeId id) {
    const OpInfo* op = find_op(node(id));
    if (op == nullptr || op->weight_input != 1 || op->weight_channel_axis == nullptr ||
        !is_float_constant(node(id).input(1)))
      return;
    const Tensor& weight = graph_.value(node(id).input(1)).initializer;
    const auto made = op->weight_channel_axis(node(id), static_cast<int>(weight.rank()));
    const auto read = read_axis(node(id), weight.shape());
    if (!made || !read || weight.size() == 0) return;
    Layer layer{.made = {id, 1, *made},
                .read = {id, 1, *read},
                .biases = {},
                .magnitudes = magnitudes_of(weight, *made, *read)};
    if (op->bias_input >= 0 && node(id).input(static_cast<std::size_t>(op->bias_input)) != kNoValue) {
      if (!is_float_constant(node(id).input(static_cast<std::size_t>(op->bias_input)))) return;
      layer.biases.push_back({id, op->bias_input, 0});
    }
    layers_.emplace(id, std::move(layer));
  }

  // Follows what a layer makes to the layer that reads it, over nodes that let factors of channels pass.
  void add_pair(NodeId first, Layer& layer) {
    Pair pair{.first = first, .second = kNoNode, .clips = {}};
    std::vector<Slices> biases;
    std::vector<NodeId> between;
    const std::size_t channels = layer.magnitudes.made.size();
    for (NodeId at = only_user(node(first).output(0)); at != kNoNode; at = only_user(node(at).output(0))) {
      if (const auto next = layers_.find(at); next != layers_.end()) {
        if (next->second.magnitudes.read.size() != channels || !agree(first, at)) return;
        pair.second = at;
        break;
      }
      if (const auto bias = added_bias(at, channels))
        biases.push_back(*bias);
      else if (is_clip_from_zero(node(at)))
        pair.clips.push_back(at);
      else if (!lets_factors_pass(at, channels))
        return;
      between.push_back(at);
    }
    if (pair.second == kNoNode) return;
    add_absorption(pair, between);
    layer.biases.insert(layer.biases.end(), biases.begin(), biases.end());
    pairs_.push_back(std::move(pair));
  }

  // By channel: what a layer adds itself, or the Add right behind it.
  std::optional<Slices> bias_of(NodeId id) const {
    const auto channels = static_cast<std::int64_t>(layers_.at(id).magnitudes.made.size());
    if (const ValueId own = node(id).input(2); own != kNoValue)
      return graph_.value(own).initializer.shape() == Shape{channels} ? std::optional(Slices{id, 2, 0}) : std::nullopt;
    const NodeId behind = only_user(node(id).output(0));
    return behind == kNoNode ? std::nullopt : added_bias(behind, static_cast<std::size_t>(channels));
  }

  void add_absorption(const Pair& pair, const std::vector<NodeId>& between) {
    const auto bias = bias_of(pair.first), next_bias = bias_of(pair.second);
    if (!bias || !next_bias) return;
    const ValueId cut = node(bias->node).output(0);
    const auto& shape = graph_.value(cut).type.shape;
    if (!shape) return;
    const int axis = by_last_axis(pair.first) ? static_cast<int>(shape->size()) - 1 : 1;
    float bound = std::numeric_limits<float>::infinity();
    for (const NodeId clip : pair.clips) bound = std::min(bound, bound_of(clip));
    absorber_.add({*bias, *next_bias, pair.second, cut, axis, bound}, between);
  }

  // Of the Add of a vector behind a product.
  std::optional<Slices> added_bias(NodeId id, std::size_t channels) const {
    const ValueId other = node(id).input(1);
    if (!node(id).is("Add") || !is_float_constant(other)) return std::nullopt;
    const auto& shape = graph_.value(node(id).input(0)).type.shape;
    const bool behind_product =
        shape && shape->back().value == static_cast<std::int64_t>(channels) && shape->size() != 4;
    return behind_product && graph_.value(other).initializer.shape() == Shape{static_cast<std::int64_t>(channels)}
               ? std::optional(Slices{id, 1, 0})
               : std::nullopt;
  }

  // One of the bounds of a Clip with constant ones, as an attribute or an input; nothing where there is none.
  std::optional<float> limit(const Node& clip, const char* attribute, std::size_t position) const {
    if (graph_.opset() < 11) {
      const Attribute* found = clip.find(attribute);
      return found == nullptr ? std::nullopt : std::optional(clip.float_or(attribute, 0));
    }
    const ValueId id = clip.input(position);
    if (!is_float_constant(id) || graph_.value(id).initializer.size() != 1) return std::nullopt;
    return graph_.value(id).initializer.data<float>()[0];
  }
  bool is_clip_from_zero(const Node& clip) const {
    if (!clip.is("Clip") || limit(clip, "min", 1) != 0.0F) return false;
    const auto& shape = graph_.value(clip.input(0)).type.shape;
    return limit(clip, "max", 2).value_or(0) > 0 && shape && shape->size() >= 2;
  }
  float bound_of(NodeId clip) const { return *limit(node(clip), "max", 2); }
  const std::string& clipped(NodeId clip) const { return graph_.value(node(clip).input(0)).name; }

  void keep_below(float bound, const std::vector<Range>& seen, Pair& pair) {
    pair.least.resize(seen.size(), 0);
    for (std::size_t channel = 0; channel < seen.size(); ++channel) {
      const float most = kRoom * std::max(seen[channel].high, 0.0F);
      const bool cut_off = most >= bound;
      left_ += cut_off;
      pair.least[channel] = cut_off ? std::numeric_limits<double>::infinity()
                                    : std::max(pair.least[channel], static_cast<double>(most / bound));
    }
  }

  bool lets_factors_pass(NodeId id, std::size_t channels) const {
    constexpr std::string_view kHomogeneous[] = {
        "Relu", "LeakyRelu", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Identity"};
    constexpr std::string_view kReshaping[] = {"Flatten", "Reshape", "Squeeze"};
    const Node& here = node(id);
    if (!here.domain.empty()) return false;
    if (std::ranges::find(kHomogeneous, here.op_type) != std::end(kHomogeneous)) return true;
    return std::ranges::find(kReshaping, here.op_type) != std::end(kReshaping) && keeps_channels(here, channels);
  }

  // Whether both values have the same first axis, and channels along the second.
  bool keeps_channels(const Node& reshaping, std::size_t channels) const {
    const auto &before = graph_.value(reshaping.input(0)).type.shape,
               &after = graph_.value(reshaping.output(0)).type.shape;
    const auto count = static_cast<std::int64_t>(channels);
    return before && after && before->size() >= 2 && after->size() >= 2 && before->front() == after->front() &&
           (*before)[1].value == count && (*after)[1].value == count;
  }

  bool by_last_axis(NodeId layer) const { return plain_product(node(layer)).has_value(); }
  // Whether what the first makes lies along the axis that the second reads: the second axis or the last.
  bool agree(NodeId first, NodeId second) const {
    const auto& read = graph_.value(node(second).input(0)).type.shape;
    return by_last_axis(first) == by_last_axis(second) || (read && read->size() == 2);
  }

  // Gives how far the furthest factor is from 1.
  double equalize(const Pair& pair) {
    Magnitudes &first = layers_.at(pair.first).magnitudes, &second = layers_.at(pair.second).magnitudes;
    double furthest = 0;
    for (std::size_t channel = 0; channel < first.made.size(); ++channel) {
      const double made = first.of_made(channel), read = second.of_read(channel);
      if (made == 0 || read == 0) continue;
      const double factor = allowed(std::sqrt(made / read), channel, pair);
      first.made[channel] /= factor;
      second.read[channel] *= factor;
      furthest = std::max(furthest, std::abs(factor - 1));
    }
    return furthest;
  }

  // What is left of a factor beside the least one: of all sweeps together 1 / made.
  double allowed(double factor, std::size_t channel, const Pair& pair) const {
    if (pair.least.empty()) return factor;
    const double so_far = 1 / layers_.at(pair.first).magnitudes.made[channel], least = pair.least[channel];
    return std::isinf(least) ? 1 : std::max(factor, least / so_far);
  }

  // Relu in the place of a Clip, and a Min with its bound times the factor of each channel.
  void spread(NodeId clip, const std::vector<double>& factors, Plan& plan) {
    const std::string &name = node(clip).name, &output = graph_.value(node(clip).output(0)).name;
    Shape shape(graph_.value(node(clip).input(0)).type.shape->size() - 1, 1);
    shape.front() = static_cast<std::int64_t>(factors.size());
    std::vector<float> bounds;
    for (const double factor : factors) bounds.push_back(static_cast<float>(bound_of(clip) * factor));
    plan.edits.emplace_back(AddConstant{name + "_bounds", Tensor::of<float>(shape, std::span<const float>(bounds))});
    plan.edits.emplace_back(
        RewriteNode{name, {.op_type = "Relu", .domain = "", .inputs = {clipped(clip)}, .attributes = {}}});
    plan.edits.emplace_back(
        InsertNode{name + "_bounded",
                   {.op_type = "Min", .domain = "", .inputs = {output, name + "_bounds"}, .attributes = {}},
                   output + "_bounded",
                   output,
                   {}});
    ++spread_count_;
  }

  const Graph& graph_;
  const Links links_;
  std::map<NodeId, Layer> layers_;  // in the graph's order
  std::vector<Pair> pairs_;
  SliceEditor editor_{graph_, links_};
  Absorber absorber_{graph_};
  const bool spread_;
  const std::string absorb_;
  std::size_t spread_count_ = 0, left_ = 0;
};

Needs needs(const Task& task, const Arguments& arguments) {
  return Equalizer(task.graph, arguments).needs();
}

Plan run(const Task& task, const Arguments& arguments, const Evidence& evidence, Plan plan) {
  Equalizer equalizer(task.graph, arguments);
  if (!equalizer.any()) {
    plan.notes.emplace_back("no two layers follow each other so that channels could be equalized");
    return plan;
  }
  equalizer.look_at(task, evidence);
  equalizer.settle();
  equalizer.edit(plan);
  return plan;
}

// Clips stay, and what they cut off is not known: every channel may get a factor.
Plan sketch(const Task& task, const Arguments& arguments, Plan plan) {
  Equalizer equalizer(task.graph, arguments);
  if (equalizer.any()) equalizer.edit(plan);
  return plan;
}

}  // namespace

Method equalize() {
  return {.name = "equalize",
          .says = "gives the channels between layers a common range, so that one scale serves a whole weight",
          .group = "ptq_8bit",
          .stage = Stage::Rewrite,
          .parameters = kParameters,
          .needs = needs,
          .run = run,
          .sketch = sketch};
}

}  // namespace bw
