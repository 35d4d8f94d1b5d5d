// Activations whose channels can be divided by factors while the products that read them multiply the rows of their
// weights with the same: what smooth and awq choose factors for. The division goes into what makes the activation: the
// scale and bias of a normalization, or a product before it.
#pragma once

#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "graph/links.h"
#include "graph/ops/product.h"
#include "method/method.h"
#include "method/slices.h"
#include "observe/statistics/reservoir.h"

namespace bw {

inline constexpr Parameter kResidual{
    .name = "residual",
    .type = Parameter::Type::Choice,
    .standard = "left",
    .says =
        "an activation that others read as well, or whose maker takes no division: left as it is, or divided by a "
        "Mul of its own, which takes time",
    .choices = "left|divided"};

class ChannelDivision {
 public:
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
    struct Weights {
      std::size_t outputs;
      std::vector<float> values, wanted;  // wanted: [rows, outputs]
      std::vector<float> multiplied(const std::vector<double>& factors) const;
    };
    std::vector<Weights> products;

    std::vector<float> divided(const std::vector<double>& factors) const;  // x
    // Squares of what is changed of a product's outputs by other rows and other weights, summed over all rows.
    double error(std::span<const float> other_x, const Weights& product, std::span<const float> weights) const;
    std::vector<float> product(std::span<const float> other_x, std::size_t outputs,
                               std::span<const float> weights) const;
  };

  // Of a task that lives as long as this; kResidual is among the arguments.
  ChannelDivision(const Task& task, const Arguments& arguments);

  std::span<const Site> sites() const { return sites_; }  // in the graph's order
  const std::string& name(const Site& site) const { return name(site.x); }
  int axis(const Site& site) const;
  Needs needs(std::initializer_list<std::string_view> statistics) const;  // of the channels of every site

  // With at most so many rows. A product whose outputs were divided already has those weights.
  Numbers numbers(const Site& site, const Reservoir& kept, std::size_t most) const;
  void divide(const Site& site, const std::vector<double>& factors, Plan& plan);
  // What was divided, as "3 of 4 activations are smoothed", and what was left.
  void note(std::string_view done, Plan& plan) const;

 private:
  const Node& node(NodeId id) const { return graph_.node(id); }
  const std::string& name(ValueId id) const { return graph_.value(id).name; }
  const Tensor& constant(NodeId id, int input) const {
    return graph_.value(node(id).input(static_cast<std::size_t>(input))).initializer;
  }
  bool is_float_constant(ValueId id) const;
  std::int64_t channels_of(ValueId id) const;

  void add_product(const Task& task, NodeId id);
  bool read_by_products_alone(const Site& site) const;
  std::vector<Slices> makers_of(const Site& site) const;
  bool takes_division(ValueId value, std::int64_t channels, std::vector<Slices>& makers) const;
  bool passes_on(ValueId value, std::int64_t channels, std::vector<Slices>& makers) const;
  bool takes(NodeId id, int input, std::int64_t channels, std::vector<Slices>& makers) const;
  bool takes_if_there(NodeId id, int input, std::int64_t channels, std::vector<Slices>& makers) const;
  bool takes_product(NodeId id, const Product& product, std::int64_t channels, std::vector<Slices>& makers) const;
  void insert_division(const Site& site, const std::vector<double>& inverses, Plan& plan) const;

  const Graph& graph_;
  const Links links_;
  SliceEditor editor_{graph_, links_};
  std::vector<Site> sites_;
  std::map<NodeId, std::vector<double>> made_;  // factors that a product's outputs have got
  std::size_t divided_ = 0, multiplied_ = 0, left_ = 0;
};

}  // namespace bw
