// A layer on rows of its input that calibration kept: what codes change of its output. Results do not depend on the
// number of threads.
#pragma once

#include <span>
#include <vector>

#include "method/patches.h"
#include "observe/statistics/reservoir.h"
#include "plan/scheme.h"

namespace bw {

// The numbers that the codes of `params` stand for, of values that one scale codes.
std::vector<float> coded(std::span<const float> values, const QParams& params);

class LayerRows {
 public:
  // The first `most` of the rows kept of the layer's patches, and what the node's weight makes of them.
  LayerRows(const Graph& graph, const Node& layer, const Patches& patches, const ReservoirStatistic& kept,
            std::size_t most);

  std::span<const float> x() const { return x_; }   // [groups, rows, columns]
  const Tensor& weight() const { return weight_; }  // as the graph has it
  std::size_t outputs() const { return outputs_ * groups_; }
  // A weight of the graph's shape as this multiplies it: [groups, columns, outputs of a group].
  std::vector<float> as_factor(const Tensor& weight) const;

  // Squares of what is changed of the layer's output by x [groups, rows, columns] and a factor in the places of its
  // own, summed over the rows, by output channel.
  std::vector<double> errors(std::span<const float> x, std::span<const float> factor) const;
  double power() const { return power_; }  // squares of the output, summed over all

 private:
  std::vector<float> product(std::span<const float> x, std::span<const float> factor) const;

  Tensor weight_;
  std::size_t groups_, columns_, outputs_;  // columns and outputs of a group
  std::size_t rows_ = 0;
  bool by_output_;  // the weight's rows are outputs
  std::vector<float> x_, wanted_;
  double power_ = 0;
};

}  // namespace bw
