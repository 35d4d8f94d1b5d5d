// What batch normalizations state of the channels behind them, without data: a normalized channel has the mean and the
// standard deviation that it is shifted and scaled to, and what stands behind is computed as if it were normal.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "method/method.h"

namespace bw {

struct ChannelMoments {
  std::vector<double> means, variances;  // one a channel
};

// Of a normal variable cut off at both ends (Markus Nagel et al., "Data-Free Quantization Through Weight Equalization
// and Bias Correction", 2019, appendix C); `low` and `high` may be infinite.
struct MeanVariance {
  double mean, variance;
};
MeanVariance clipped_normal(MeanVariance normal, double low, double high);

// Means of a layer's outputs, without its bias, whose inputs have these means wherever it reads them, zeros of padding
// not counted: by output channel, of a Conv's or a plain product's weight.
std::vector<double> output_means(const Node& layer, const Shape& shape, std::span<const double> weight,
                                 const std::vector<double>& inputs);

// By value of task.graph: those that a BatchNormalization of task.stored made (preparation folds it into the layer,
// whose output keeps the name) or one of the graph itself, with the factors of these edits; and what sums, Relu, Clip
// and pools of averages make of them. Values whose bias an edit replaced are not among them.
std::map<std::string, ChannelMoments> stated_moments(const Task& task, std::span<const Edit> edits);

}  // namespace bw
