// SmoothQuant: Guangxuan Xiao et al., "SmoothQuant: Accurate and Efficient Post-Training Quantization for Large
// Language Models", 2022, section 4. Channels of a product's activation that are much larger than others take the codes
// of all; so channel j is divided by s_j = max|x_j|^a / max|w_j|^(1 - a), and row j of the weights multiplied by it.
// The division goes into what makes the activation: the scale and bias of a normalization, or a product before it.
//
// The strength a is the one of least error: of the products' outputs for rows that calibration kept, with activation
// and weights coded as 8-bit integers.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <ranges>

#include "base/stop.h"
#include "graph/ops/product.h"
#include "method/catalog.h"
#include "method/slices.h"
#include "observe/statistics/channel_range.h"
#include "observe/statistics/reservoir.h"
#include "tensor/kernels/product.h"
#include "tensor/transposed.h"

namespace bw {
namespace {

constexpr double kLeastFactor = 1e-5;
constexpr std::size_t kRows = 64;  // that strengths are tried on
constexpr double kStrengths[] = {0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
constexpr double kWorthwhile = 0.9;  // of the error without, above which a site is left as it is

constexpr Parameter kParameters[] = {
    {.name = "strength",
     .type = Parameter::Type::Number,
     .standard = "0",
     .says = "how much of the difficulty moves into the weights; 0: what gives the least error, layer by layer",
     .low = 0,
     .high = 1},
    {.name = "residual",
     .type = Parameter::Type::Choice,
     .standard = "left",
     .says =
         "an activation that others read as well, or whose maker takes no division: left as it is, or divided by a Mul "
         "of its own, which takes time",
     .choices = "left|divided"},
};

// One activation, the products that read it, and what can take the division before it.
struct Site {
  ValueId x;
  std::vector<NodeId> products;
  std::vector<Slices> makers;  // empty: only a Mul can
};

// A site's numbers. Rows and channels of x; weights as [channels, outputs], one for each product.
struct Numbers {
  std::size_t rows = 0, channels = 0;
  std::vector<float> x;
  std::vector<Range> ranges;
  struct Weights {
    std::size_t outputs;
    std::vector<float> values, wanted;  // wanted: [rows, outputs]
  };
  std::vector<Weights> products;
};

class Smoother {
 public:
  Smoother(const Task& task, bool divides) : graph_(task.graph), links_(link(task.graph)) {
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) add_product(task, static_cast<NodeId>(n));
    std::erase_if(sites_, [&](Site& site) {
      site.makers = makers_of(site);
      const bool left = site.makers.empty() && !divides;
      left_ += left;
      return left;
    });
  }

  Needs needs() const {
    Needs needs;
    for (const Site& site : sites_) {
      needs.add(name(site.x), {ChannelRangeStatistic::kName, axis_of(site.x)});
      needs.add(name(site.x), {ReservoirStatistic::kName, axis_of(site.x)});
    }
    return needs;
  }

  Plan run(const Evidence& evidence, double strength, const std::stop_token& stop, Plan plan) {
    std::size_t smoothed = 0, multiplied = 0;
    for (const Site& site : sites_ | std::views::reverse) {  // a product that makes another site's activation is final
      throw_if_stopped(stop);
      const Numbers numbers = numbers_of(site, evidence.value(name(site.x)));
      const std::vector<double> factors = strength > 0 ? factors_of(numbers, strength) : best_factors(numbers);
      if (factors.empty()) continue;
      ++smoothed;
      multiplied += site.makers.empty();
      edit(site, factors, plan);
    }
    plan.notes.push_back(fmt::format("{} of {} activations are smoothed", smoothed, sites_.size() + left_));
    if (multiplied > 0)
      plan.notes.push_back(fmt::format("{} activations are divided by a Mul of their own", multiplied));
    if (left_ > 0)
      plan.notes.push_back(fmt::format("{} activations are left, since what makes them takes no division", left_));
    return plan;
  }

 private:
  const Node& node(NodeId id) const { return graph_.node(id); }
  const std::string& name(ValueId id) const { return graph_.value(id).name; }
  int axis_of(ValueId id) const { return static_cast<int>(graph_.value(id).type.shape->size()) - 1; }
  const Tensor& constant(NodeId id, int input) const {
    return graph_.value(node(id).input(static_cast<std::size_t>(input))).initializer;
  }
  bool is_float_constant(ValueId id) const {
    return id != kNoValue && graph_.is_constant(id) && graph_.value(id).initializer.dtype() == DType::Float32;
  }
  std::int64_t channels_of(ValueId id) const {
    const auto& shape = graph_.value(id).type.shape;
    return shape && shape->size() >= 2 ? shape->back().value : 0;
  }

  void add_product(const Task& task, NodeId id) {
    const auto product = plain_product(node(id));
    if (!product || !task.target.obstacle(graph_, node(id)).empty() || graph_.is_constant(product->x)) return;
    if (channels_of(product->x) != constant(id, 1).shape()[static_cast<std::size_t>(product->reduced_axis())]) return;
    const auto known = std::ranges::find(sites_, product->x, &Site::x);
    if (known != sites_.end())
      known->products.push_back(id);
    else
      sites_.push_back({product->x, {id}, {}});
  }

  bool read_by_products_alone(const Site& site) const {
    return !graph_.is_output(site.x) && links_.uses[static_cast<std::size_t>(site.x)].size() == site.products.size();
  }

  // Nothing unless the whole division can be taken.
  std::vector<Slices> makers_of(const Site& site) const {
    std::vector<Slices> makers;
    if (!read_by_products_alone(site) || !takes_division(site.x, channels_of(site.x), makers)) makers.clear();
    return makers;
  }

  bool takes_division(ValueId value, std::int64_t channels, std::vector<Slices>& makers) const {
    const NodeId id = links_.producer[static_cast<std::size_t>(value)];
    if (id == kNoNode || node(id).output(0) != value) return false;
    const Node& maker = node(id);
    if (maker.is("LayerNormalization"))
      return takes(id, 1, channels, makers) && takes_if_there(id, 2, channels, makers);
    if (const auto product = plain_product(maker)) return takes_product(id, *product, channels, makers);
    if (maker.is("Relu")) return passes_on(maker.input(0), channels, makers);
    if (!maker.is("Add") && !maker.is("Mul")) return false;
    const int constant = is_float_constant(maker.input(0)) ? 0 : 1;
    if (!takes(id, constant, channels, makers)) return false;
    return maker.is("Mul") || passes_on(maker.input(static_cast<std::size_t>(1 - constant)), channels, makers);
  }

  bool passes_on(ValueId value, std::int64_t channels, std::vector<Slices>& makers) const {
    return links_.uses[static_cast<std::size_t>(value)].size() == 1 && !graph_.is_output(value) &&
           takes_division(value, channels, makers);
  }

  // A constant whose last axis is that of the channels, and whose others are of 1.
  bool takes(NodeId id, int input, std::int64_t channels, std::vector<Slices>& makers) const {
    const ValueId value = node(id).input(static_cast<std::size_t>(input));
    if (!is_float_constant(value)) return false;
    const Tensor& tensor = graph_.value(value).initializer;
    if (tensor.rank() == 0 || tensor.shape().back() != channels || static_cast<std::int64_t>(tensor.size()) != channels)
      return false;
    makers.push_back({id, input, static_cast<int>(tensor.rank()) - 1});
    return true;
  }
  bool takes_if_there(NodeId id, int input, std::int64_t channels, std::vector<Slices>& makers) const {
    return node(id).input(static_cast<std::size_t>(input)) == kNoValue || takes(id, input, channels, makers);
  }
  bool takes_product(NodeId id, const Product& product, std::int64_t channels, std::vector<Slices>& makers) const {
    if (!is_float_constant(product.weight)) return false;
    const Tensor& weight = graph_.value(product.weight).initializer;
    const int axis = 1 - product.reduced_axis();
    if (weight.rank() != 2 || weight.shape()[static_cast<std::size_t>(axis)] != channels) return false;
    makers.push_back({id, 1, axis});
    return takes_if_there(id, 2, channels, makers);
  }

  Numbers numbers_of(const Site& site, const ValueEvidence& seen) const {
    Numbers numbers;
    numbers.ranges = seen.get<ChannelRangeStatistic>(axis_of(site.x)).ranges();
    numbers.channels = numbers.ranges.size();
    for (const ReservoirStatistic::Row& row : seen.get<ReservoirStatistic>(axis_of(site.x)).rows()) {
      if (numbers.rows == kRows) break;
      numbers.x.insert(numbers.x.end(), row.values.begin(), row.values.end());
      ++numbers.rows;
    }
    for (const NodeId id : site.products) {
      const Tensor& weight = constant(id, 1);
      const std::span<const float> stored = weight.data<float>();
      Numbers::Weights own{.outputs = stored.size() / numbers.channels, .values = {}, .wanted = {}};
      own.values = plain_product(node(id))->transposed ? transposed(stored, own.outputs, numbers.channels)
                                                       : std::vector<float>(stored.begin(), stored.end());
      if (const auto made = made_.find(id); made != made_.end())
        for (std::size_t i = 0; i < own.values.size(); ++i)
          own.values[i] = static_cast<float>(own.values[i] * made->second[i % own.outputs]);
      own.wanted = multiplied(numbers, numbers.x, own.outputs, own.values);
      numbers.products.push_back(std::move(own));
    }
    return numbers;
  }

  static std::vector<float> multiplied(const Numbers& numbers, std::span<const float> x, std::size_t outputs,
                                       std::span<const float> weights) {
    std::vector<float> out(numbers.rows * outputs);
    multiply(x, weights, numbers.rows, numbers.channels, outputs, out);
    return out;
  }

  static std::vector<double> factors_of(const Numbers& numbers, double strength) {
    std::vector<double> factors(numbers.channels, 1);
    for (std::size_t j = 0; j < numbers.channels; ++j) {
      double most = 0;
      for (const Numbers::Weights& product : numbers.products)
        for (std::size_t o = 0; o < product.outputs; ++o)
          most = std::max(most, std::abs(static_cast<double>(product.values[j * product.outputs + o])));
      const double x = std::max(std::abs(static_cast<double>(numbers.ranges[j].low)),
                                std::abs(static_cast<double>(numbers.ranges[j].high)));
      if (x > 0 && most > 0) factors[j] = std::max(kLeastFactor, std::pow(x, strength) / std::pow(most, 1 - strength));
    }
    return factors;
  }

  // Of the least error; nothing where none is much less than without any.
  static std::vector<double> best_factors(const Numbers& numbers) {
    std::vector<double> best;
    double least = kWorthwhile * error_of(numbers, std::vector<double>(numbers.channels, 1));
    for (const double strength : kStrengths) {
      std::vector<double> factors = factors_of(numbers, strength);
      const double error = error_of(numbers, factors);
      if (error >= least) continue;
      least = error;
      best = std::move(factors);
    }
    return best;
  }

  // Squares of what coding changes in the products' outputs, over all rows.
  static double error_of(const Numbers& numbers, const std::vector<double>& factors) {
    const std::vector<float> x = coded_activation(numbers, factors);
    double error = 0;
    for (const Numbers::Weights& product : numbers.products) {
      const std::vector<float> met = multiplied(numbers, x, product.outputs, coded_weights(product, factors));
      for (std::size_t i = 0; i < met.size(); ++i) {
        const double off = static_cast<double>(met[i]) - static_cast<double>(product.wanted[i]);
        error += off * off;
      }
    }
    return error;
  }

  static std::vector<float> coded_activation(const Numbers& numbers, const std::vector<double>& factors) {
    const Scheme scheme{.code = DType::UInt8};
    Range range;
    for (std::size_t j = 0; j < numbers.channels; ++j) {
      range.low = std::min(range.low, static_cast<float>(numbers.ranges[j].low / factors[j]));
      range.high = std::max(range.high, static_cast<float>(numbers.ranges[j].high / factors[j]));
    }
    const ScaleZeroPoint pair = scale_and_zero_point(range, scheme);
    std::vector<float> divided(numbers.x.size());
    for (std::size_t i = 0; i < divided.size(); ++i)
      divided[i] = static_cast<float>(numbers.x[i] / factors[i % numbers.channels]);
    return coded(divided, {static_cast<std::int64_t>(numbers.rows), static_cast<std::int64_t>(numbers.channels)},
                 {.scheme = scheme, .scales = {pair.scale}, .zero_points = {static_cast<float>(pair.zero_point)}});
  }

  static std::vector<float> coded_weights(const Numbers::Weights& product, const std::vector<double>& factors) {
    std::vector<float> scaled(product.values.size());
    for (std::size_t i = 0; i < scaled.size(); ++i)
      scaled[i] = static_cast<float>(product.values[i] * factors[i / product.outputs]);
    const Shape shape{static_cast<std::int64_t>(factors.size()), static_cast<std::int64_t>(product.outputs)};
    const Scheme scheme{.code = DType::Int8, .granularity = Granularity::Channel, .axis = 1, .symmetric = true};
    return coded(scaled, shape, params_of_constant(Tensor::of<float>(shape, std::span<const float>(scaled)), scheme));
  }

  static std::vector<float> coded(std::span<const float> values, const Shape& shape, const QParams& params) {
    const Tensor numbers = dequantize(quantize(Tensor::of<float>(shape, values), params), params);
    const std::span<const float> data = numbers.data<float>();
    return {data.begin(), data.end()};
  }

  void edit(const Site& site, const std::vector<double>& factors, Plan& plan) {
    std::vector<double> inverses(factors.size());
    std::ranges::transform(factors, inverses.begin(), [](double factor) { return 1 / factor; });
    for (const Slices& maker : site.makers) {
      editor_.scale(maker, inverses, plan);
      made_.emplace(maker.node, inverses);
    }
    if (site.makers.empty()) insert_division(site, inverses, plan);
    for (const NodeId id : site.products)
      editor_.scale({id, 1, plain_product(node(id))->reduced_axis()}, factors, plan);
  }

  void insert_division(const Site& site, const std::vector<double>& inverses, Plan& plan) const {
    const std::string divided = name(site.x) + "_smooth", by = divided + "_factors";
    const std::vector<float> numbers(inverses.begin(), inverses.end());
    plan.edits.emplace_back(AddConstant{
        by, Tensor::of<float>({static_cast<std::int64_t>(numbers.size())}, std::span<const float>(numbers))});
    std::vector<std::string> users;
    for (const NodeId id : site.products) users.push_back(node(id).name);
    plan.edits.emplace_back(InsertNode{divided,
                                       {.op_type = "Mul", .domain = "", .inputs = {name(site.x), by}, .attributes = {}},
                                       divided,
                                       name(site.x),
                                       std::move(users)});
  }

  const Graph& graph_;
  const Links links_;
  SliceEditor editor_{graph_, links_};
  std::vector<Site> sites_;
  std::map<NodeId, std::vector<double>> made_;  // factors that a product's outputs have got
  std::size_t left_ = 0;
};

bool divides(const Arguments& arguments) {
  return arguments.text("residual") == "divided";
}

Needs needs(const Task& task, const Arguments& arguments) {
  return Smoother(task, divides(arguments)).needs();
}

Plan run(const Task& task, const Arguments& arguments, const Evidence& evidence, Plan plan) {
  return Smoother(task, divides(arguments)).run(evidence, arguments.number("strength"), task.stop, std::move(plan));
}

}  // namespace

Method smooth() {
  return {.name = "smooth",
          .says = "moves large channels of products' activations into their weights, before a method that codes both",
          .group = "ptq_8bit",
          .stage = Stage::Rewrite,
          .parameters = kParameters,
          .needs = needs,
          .run = run,
          .sketch = as_it_was};
}

}  // namespace bw
