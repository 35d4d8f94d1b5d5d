#include "method/channel_moments.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include "graph/ops/op.h"
#include "tensor/kernels/layout.h"

namespace bw {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double density(double x) {
  return std::isinf(x) ? 0 : std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
}
double distribution(double x) {
  return std::erfc(-x / std::numbers::sqrt2) / 2;
}
double times_density(double x) {
  return std::isinf(x) ? 0 : x * density(x);
}

const Tensor* float_constant(const Graph& graph, ValueId id) {
  if (id == kNoValue || !graph.is_constant(id) || graph.value(id).initializer.dtype() != DType::Float32) return nullptr;
  return &graph.value(id).initializer;
}

std::optional<ChannelMoments> of_normalization(const Graph& graph, const Node& node) {
  const Tensor *scale = float_constant(graph, node.input(1)), *shift = float_constant(graph, node.input(2));
  if (!node.is("BatchNormalization") || scale == nullptr || shift == nullptr || scale->size() != shift->size())
    return std::nullopt;
  ChannelMoments moments;
  for (std::size_t c = 0; c < scale->size(); ++c) {
    moments.means.push_back(shift->data<float>()[c]);
    moments.variances.push_back(std::pow(static_cast<double>(scale->data<float>()[c]), 2));
  }
  return moments;
}

// Walks the graph in its order.
class Stated {
 public:
  Stated(const Task& task, std::span<const Edit> edits) : graph_(task.graph), edits_(edits) {
    if (task.stored != nullptr)
      for (const Node& node : task.stored->nodes) add_folded(*task.stored, node);
  }

  std::map<std::string, ChannelMoments> run() {
    for (const Node& node : graph_.nodes)
      if (auto moments = of(node)) known_.emplace(graph_.value(node.output(0)).name, std::move(*moments));
    return std::move(known_);
  }

 private:
  // The layer keeps its own output's name, or takes the normalization's where that is the graph's output.
  void add_folded(const Graph& stored, const Node& node) {
    const auto moments = of_normalization(stored, node);
    if (!moments) return;
    for (const ValueId id : {node.input(0), node.output(0)})
      if (const std::string& name = stored.value(id).name; !is_normalized(name)) normalized_.emplace(name, *moments);
  }
  // Whether a normalization still stands behind the value.
  bool is_normalized(const std::string& value) const {
    return std::ranges::any_of(graph_.nodes, [&](const Node& node) {
      return node.is("BatchNormalization") && graph_.value(node.input(0)).name == value;
    });
  }

  const ChannelMoments* of_input(const Node& node, std::size_t input) const {
    const auto found = node.input(input) == kNoValue ? known_.end() : known_.find(graph_.value(node.input(input)).name);
    return found == known_.end() ? nullptr : &found->second;
  }

  std::optional<ChannelMoments> of(const Node& node) const {
    if (node.outputs.empty() || node.output(0) == kNoValue) return std::nullopt;
    if (node.is("BatchNormalization")) return of_normalization(graph_, node);
    if (node.is("Conv") || node.is("Gemm")) return of_layer(node);
    const ChannelMoments* x = of_input(node, 0);
    if (x == nullptr) return std::nullopt;
    if (node.is("Relu")) return clipped(*x, 0, kInfinity);
    if (node.is("Clip")) return of_clip(node, *x);
    if (node.is("Add")) return sum(*x, of_input(node, 1));
    if (node.is("Identity") || node.is("AveragePool") || node.is("GlobalAveragePool")) return *x;
    if (node.is("Flatten") || node.is("Reshape") || node.is("Squeeze")) return of_reshaped(node, *x);
    return std::nullopt;
  }

  // The normalization that preparation folded into the layer, times what edits made of the layer's outputs since.
  std::optional<ChannelMoments> of_layer(const Node& node) const {
    const auto found = normalized_.find(graph_.value(node.output(0)).name);
    if (found == normalized_.end() || float_constant(graph_, node.input(2)) == nullptr) return std::nullopt;
    ChannelMoments moments = found->second;
    const std::string& bias = graph_.value(node.input(2)).name;
    for (const Edit& edit : edits_) {
      if (const auto* replaced = std::get_if<ReplaceConstant>(&edit); replaced != nullptr && replaced->constant == bias)
        return std::nullopt;
      const auto* scaled = std::get_if<ScaleConstant>(&edit);
      if (scaled == nullptr || scaled->constant != bias || scaled->factors.size() != moments.means.size()) continue;
      for (std::size_t c = 0; c < moments.means.size(); ++c) {
        moments.means[c] *= scaled->factors[c];
        moments.variances[c] *= std::pow(static_cast<double>(scaled->factors[c]), 2);
      }
    }
    return moments;
  }

  static ChannelMoments clipped(const ChannelMoments& x, double low, double high) {
    ChannelMoments made;
    for (std::size_t c = 0; c < x.means.size(); ++c) {
      const MeanVariance moments = clipped_normal({x.means[c], x.variances[c]}, low, high);
      made.means.push_back(moments.mean);
      made.variances.push_back(moments.variance);
    }
    return made;
  }

  std::optional<ChannelMoments> of_clip(const Node& node, const ChannelMoments& x) const {
    if (graph_.opset() < 11) return clipped(x, node.float_or("min", -kInfinity), node.float_or("max", kInfinity));
    const auto bound = [&](std::size_t input, double otherwise) -> std::optional<double> {
      if (node.input(input) == kNoValue) return otherwise;
      const Tensor* constant = float_constant(graph_, node.input(input));
      return constant != nullptr && constant->size() == 1 ? std::optional<double>(constant->data<float>()[0])
                                                          : std::nullopt;
    };
    const auto low = bound(1, -kInfinity), high = bound(2, kInfinity);
    return low && high ? std::optional(clipped(x, *low, *high)) : std::nullopt;
  }

  // As if the two did not depend on each other.
  static std::optional<ChannelMoments> sum(const ChannelMoments& x, const ChannelMoments* y) {
    if (y == nullptr || y->means.size() != x.means.size()) return std::nullopt;
    ChannelMoments made = x;
    for (std::size_t c = 0; c < made.means.size(); ++c) {
      made.means[c] += y->means[c];
      made.variances[c] += y->variances[c];
    }
    return made;
  }

  std::optional<ChannelMoments> of_reshaped(const Node& node, const ChannelMoments& x) const {
    const auto& shape = graph_.value(node.output(0)).type.shape;
    const bool keeps = shape && shape->size() >= 2 && (*shape)[1].value == static_cast<std::int64_t>(x.means.size());
    return keeps ? std::optional(x) : std::nullopt;
  }

  const Graph& graph_;
  const std::span<const Edit> edits_;
  std::map<std::string, ChannelMoments> normalized_;  // of what normalizations were folded into
  std::map<std::string, ChannelMoments> known_;
};

}  // namespace

MeanVariance clipped_normal(MeanVariance normal, double low, double high) {
  const double mean = normal.mean, deviation = std::sqrt(normal.variance);
  if (deviation == 0) return {std::min(std::max(mean, low), high), 0};
  const double a = (low - mean) / deviation, b = (high - mean) / deviation;
  const double below = distribution(a), above = distribution(-b), inside = 1 - below - above;
  const double slope = density(a) - density(b);
  const double at_low = below > 0 ? low * below : 0, at_high = above > 0 ? high * above : 0;
  const double first = mean * inside + deviation * slope + at_low + at_high;
  const double second = (mean * mean + normal.variance) * inside + 2 * mean * deviation * slope +
                        normal.variance * (times_density(a) - times_density(b)) + (below > 0 ? at_low * low : 0) +
                        (above > 0 ? at_high * high : 0);
  return {first, std::max(0.0, second - first * first)};
}

std::vector<double> output_means(const Node& layer, const Shape& shape, std::span<const double> weight,
                                 const std::vector<double>& inputs) {
  const int made_axis = *find_op(layer)->weight_channel_axis(layer, static_cast<int>(shape.size()));
  const Layout made = layout_along(shape, made_axis), read = layout_along(shape, 1 - made_axis);
  const std::size_t outputs_of_group = made.channels / (inputs.size() / read.channels);
  std::vector<double> means(made.channels, 0);
  for (std::size_t i = 0; i < weight.size(); ++i) {
    const std::size_t output = i / made.inner % made.channels;
    const std::size_t input = i / read.inner % read.channels + output / outputs_of_group * read.channels;
    means[output] += weight[i] * inputs[input];
  }
  return means;
}

std::map<std::string, ChannelMoments> stated_moments(const Task& task, std::span<const Edit> edits) {
  return Stated(task, edits).run();
}

}  // namespace bw
