// How much of a model a recipe takes, before anything is calibrated or made.
#pragma once

#include <cstdint>
#include <string>

#include "method/method.h"

namespace bw {

// Whether a node has a weight, and it is constant.
bool is_layer(const Graph& graph, const Node& node);

struct ChainFit {
  std::string reason;                 // why it takes nothing; empty when it takes something
  std::size_t taken = 0, layers = 0;  // nodes with constant weights: those taken, and all
  double work = 0;     // share of the multiply-accumulates that are computed in integers, as far as shapes are known
  double weights = 0;  // share of the float weights that are stored in fewer bits
  double bits = 32;    // of a weight that is taken, on average
  bool data = false;   // whether it has to see data
};
ChainFit fit_of(const Chain& chain, const Task& task);

// A recipe that bench tries as a rule, and how it fits.
struct RecipeFit {
  std::string recipe;
  std::string_view group;
  ChainFit fit;
};
// In the order of the groups.
std::vector<RecipeFit> fits(const Task& task);

// Those that take enough of a model to be worth a try, best first: what computes most in integers, then what needs no
// data, then what stores most in fewer bits and loses least by it. One of a kind: observers of one method are alike.
std::vector<std::string> recommended(const std::vector<RecipeFit>& fits);

}  // namespace bw
