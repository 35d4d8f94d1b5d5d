// What each output of a model is, and by what it is judged: the one place of this rule.
//
// - Integers and booleans (found classes, decoded labels) are answers: judged by agreement of all elements.
// - Floats are class scores, judged by agreement of the largest along their class axis, where labels or dataset.yaml
// say
//   so, where a Softmax or LogSoftmax makes them, and where a product with a constant matrix makes them (a classifier's
//   logits), unless the float model's answer is nearly always the same one: then they are numbers
//   (Evaluation::leading).
// - All other floats (boxes, pictures, embeddings, states) are numbers: judged by fidelity, each part of their last
//   concatenation by its own spread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "graph/graph.h"
#include "measure/reference.h"

namespace bw {

enum class OutputKind : std::uint8_t { Scores, Integers, Numbers, Other };  // Other: not a tensor of numbers

struct JudgedOutput {
  std::string name;
  OutputKind kind = OutputKind::Numbers;
  int class_axis = -1;   // of scores
  bool guessed = false;  // scores only because a product makes them
  bool decides = true;   // false: dataset.yaml names others
  Channels channels = {};
  std::vector<std::string> metrics = {};  // with labels: of the data set, on this output

  // The metrics by which it is compared with the float model's.
  std::vector<std::string> comparisons() const;
};

// What a graph tells of its outputs, in its order. `graph` has inferred types.
std::vector<JudgedOutput> outputs_of(const Graph& graph);
// The same with what the data say: labels are of the outputs that dataset.yaml names with a metric of labels, else of
// the first one. Error(unsupported) when no output is a tensor of numbers.
std::vector<JudgedOutput> judged_outputs(const Graph& graph, const Dataset& dataset);

}  // namespace bw
