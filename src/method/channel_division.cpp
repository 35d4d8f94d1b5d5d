#include "method/channel_division.h"

#include <fmt/format.h>

#include <algorithm>

#include "tensor/kernels/product.h"
#include "tensor/transposed.h"

namespace bw {

std::vector<float> ChannelDivision::Numbers::Weights::multiplied(const std::vector<double>& factors) const {
  std::vector<float> out(values.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(values[i] * factors[i / outputs]);
  return out;
}

std::vector<float> ChannelDivision::Numbers::divided(const std::vector<double>& factors) const {
  std::vector<float> out(x.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(x[i] / factors[i % channels]);
  return out;
}

std::vector<float> ChannelDivision::Numbers::product(std::span<const float> other_x, std::size_t outputs,
                                                     std::span<const float> weights) const {
  std::vector<float> out(rows * outputs);
  multiply(other_x, weights, rows, channels, outputs, out);
  return out;
}

double ChannelDivision::Numbers::error(std::span<const float> other_x, const Weights& own,
                                       std::span<const float> weights) const {
  const std::vector<float> met = product(other_x, own.outputs, weights);
  double error = 0;
  for (std::size_t i = 0; i < met.size(); ++i) {
    const double off = static_cast<double>(met[i]) - static_cast<double>(own.wanted[i]);
    error += off * off;
  }
  return error;
}

ChannelDivision::ChannelDivision(const Task& task, const Arguments& arguments)
    : graph_(task.graph), links_(link(task.graph)) {
  const bool divides = arguments.text(kResidual.name) == "divided";
  for (std::size_t n = 0; n < graph_.nodes.size(); ++n) add_product(task, static_cast<NodeId>(n));
  std::erase_if(sites_, [&](Site& site) {
    site.makers = makers_of(site);
    const bool left = site.makers.empty() && !divides;
    left_ += left;
    return left;
  });
}

int ChannelDivision::axis(const Site& site) const {
  return static_cast<int>(graph_.value(site.x).type.shape->size()) - 1;
}

Needs ChannelDivision::needs(std::initializer_list<std::string_view> statistics) const {
  Needs needs;
  for (const Site& site : sites_)
    for (const std::string_view statistic : statistics) needs.add(name(site), {statistic, axis(site)});
  return needs;
}

bool ChannelDivision::is_float_constant(ValueId id) const {
  return id != kNoValue && graph_.is_constant(id) && graph_.value(id).initializer.dtype() == DType::Float32;
}

std::int64_t ChannelDivision::channels_of(ValueId id) const {
  const auto& shape = graph_.value(id).type.shape;
  return shape && shape->size() >= 2 ? shape->back().value : 0;
}

void ChannelDivision::add_product(const Task& task, NodeId id) {
  const auto product = plain_product(node(id));
  if (!product || !task.target.obstacle(graph_, node(id)).empty() || graph_.is_constant(product->x)) return;
  if (channels_of(product->x) != constant(id, 1).shape()[static_cast<std::size_t>(product->reduced_axis())]) return;
  const auto known = std::ranges::find(sites_, product->x, &Site::x);
  if (known != sites_.end())
    known->products.push_back(id);
  else
    sites_.push_back({product->x, {id}, {}});
}

bool ChannelDivision::read_by_products_alone(const Site& site) const {
  return !graph_.is_output(site.x) && links_.uses[static_cast<std::size_t>(site.x)].size() == site.products.size();
}

// Nothing unless the whole division can be taken.
std::vector<Slices> ChannelDivision::makers_of(const Site& site) const {
  std::vector<Slices> makers;
  if (!read_by_products_alone(site) || !takes_division(site.x, channels_of(site.x), makers)) makers.clear();
  return makers;
}

bool ChannelDivision::takes_division(ValueId value, std::int64_t channels, std::vector<Slices>& makers) const {
  const NodeId id = links_.producer[static_cast<std::size_t>(value)];
  if (id == kNoNode || node(id).output(0) != value) return false;
  const Node& maker = node(id);
  if (maker.is("LayerNormalization")) return takes(id, 1, channels, makers) && takes_if_there(id, 2, channels, makers);
  if (const auto product = plain_product(maker)) return takes_product(id, *product, channels, makers);
  if (maker.is("Relu")) return passes_on(maker.input(0), channels, makers);
  if (!maker.is("Add") && !maker.is("Mul")) return false;
  const int constant = is_float_constant(maker.input(0)) ? 0 : 1;
  if (!takes(id, constant, channels, makers)) return false;
  return maker.is("Mul") || passes_on(maker.input(static_cast<std::size_t>(1 - constant)), channels, makers);
}

bool ChannelDivision::passes_on(ValueId value, std::int64_t channels, std::vector<Slices>& makers) const {
  return links_.uses[static_cast<std::size_t>(value)].size() == 1 && !graph_.is_output(value) &&
         takes_division(value, channels, makers);
}

// A constant whose last axis is that of the channels, and whose others are of 1.
bool ChannelDivision::takes(NodeId id, int input, std::int64_t channels, std::vector<Slices>& makers) const {
  const ValueId value = node(id).input(static_cast<std::size_t>(input));
  if (!is_float_constant(value)) return false;
  const Tensor& tensor = graph_.value(value).initializer;
  if (tensor.rank() == 0 || tensor.shape().back() != channels || static_cast<std::int64_t>(tensor.size()) != channels)
    return false;
  makers.push_back({id, input, static_cast<int>(tensor.rank()) - 1});
  return true;
}

bool ChannelDivision::takes_if_there(NodeId id, int input, std::int64_t channels, std::vector<Slices>& makers) const {
  return node(id).input(static_cast<std::size_t>(input)) == kNoValue || takes(id, input, channels, makers);
}

bool ChannelDivision::takes_product(NodeId id, const Product& product, std::int64_t channels,
                                    std::vector<Slices>& makers) const {
  if (!is_float_constant(product.weight)) return false;
  const Tensor& weight = graph_.value(product.weight).initializer;
  const int axis = 1 - product.reduced_axis();
  if (weight.rank() != 2 || weight.shape()[static_cast<std::size_t>(axis)] != channels) return false;
  makers.push_back({id, 1, axis});
  return takes_if_there(id, 2, channels, makers);
}

ChannelDivision::Numbers ChannelDivision::numbers(const Site& site, const Reservoir& kept, std::size_t most) const {
  Numbers numbers{.channels = static_cast<std::size_t>(channels_of(site.x)), .x = {}, .products = {}};
  for (const Reservoir::Row& row : kept.rows()) {
    if (numbers.rows == most) break;
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
    own.wanted = numbers.product(numbers.x, own.outputs, own.values);
    numbers.products.push_back(std::move(own));
  }
  return numbers;
}

void ChannelDivision::divide(const Site& site, const std::vector<double>& factors, Plan& plan) {
  std::vector<double> inverses(factors.size());
  std::ranges::transform(factors, inverses.begin(), [](double factor) { return 1 / factor; });
  for (const Slices& maker : site.makers) {
    editor_.scale(maker, inverses, plan);
    made_.emplace(maker.node, inverses);
  }
  if (site.makers.empty()) insert_division(site, inverses, plan);
  for (const NodeId id : site.products) editor_.scale({id, 1, plain_product(node(id))->reduced_axis()}, factors, plan);
  ++divided_;
  multiplied_ += site.makers.empty();
}

void ChannelDivision::insert_division(const Site& site, const std::vector<double>& inverses, Plan& plan) const {
  const std::string divided = name(site.x) + "_divided", by = divided + "_factors";
  const std::vector<float> numbers(inverses.begin(), inverses.end());
  plan.edits.emplace_back(
      AddConstant{by, Tensor::of<float>({static_cast<std::int64_t>(numbers.size())}, std::span<const float>(numbers))});
  std::vector<std::string> users;
  for (const NodeId id : site.products) users.push_back(node(id).name);
  plan.edits.emplace_back(InsertNode{divided,
                                     {.op_type = "Mul", .domain = "", .inputs = {name(site.x), by}, .attributes = {}},
                                     divided,
                                     name(site.x),
                                     std::move(users)});
}

void ChannelDivision::note(std::string_view done, Plan& plan) const {
  plan.notes.push_back(fmt::format("{} of {} activations are {}", divided_, sites_.size() + left_, done));
  if (multiplied_ > 0)
    plan.notes.push_back(fmt::format("{} activations are divided by a Mul of their own", multiplied_));
  if (left_ > 0)
    plan.notes.push_back(fmt::format("{} activations are left, since what makes them takes no division", left_));
}

}  // namespace bw
