// High-bias absorption: Markus Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction",
// 2019, section 4.1.3. Where a channel is never below c > 0, an activation function that leaves positive numbers alone
// may as well get h - c, and the next layer, which misses W c then, has it in its bias. The range between gets
// narrower. c is the least value that calibration saw of the channel: what was seen is computed as before. Or it is
// three standard deviations below the mean, as the paper has it, where a normalization states them; then some may be
// cut off.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "method/channel_moments.h"
#include "method/slices.h"

namespace bw {

// Two layers with biases, one behind the other.
struct Absorption {
  Slices bias, next_bias;
  NodeId next;
  ValueId cut;                       // what the activation function between them reads
  int axis;                          // of its channels
  float bound;                       // that a Clip cuts it off at; infinite
  std::vector<double> lowered = {};  // by channel: c, or 0
};

class Absorber {
 public:
  explicit Absorber(const Graph& graph) : graph_(graph) {}

  // Nothing is taken on where padding reads zeros that were not lowered, or a pool counts them.
  void add(const Absorption& absorption, const std::vector<NodeId>& between);

  Needs needs() const;
  void look_at(const Evidence& evidence);  // has what needs() asked for
  void believe(const std::map<std::string, ChannelMoments>& stated);

  // Of the biases as they are before any other edit; gives how many channels are lowered.
  std::size_t edit(SliceEditor& editor, Plan& plan) const;

 private:
  bool pads_with_zeros(const Node& node) const;

  const Graph& graph_;
  std::vector<Absorption> all_;
};

}  // namespace bw
