// Where a quantized network takes its time beside the float one, as their runtime sees both.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "measure/figure.h"
#include "measure/profile.h"

namespace bw {

// Seconds of one run: the median of several visits, with the least and the most of them. Of six visits these hold the
// true median in 97 % of all cases: 1 - 2 / 2^6.
inline constexpr std::size_t kVisits = 6;

// Profiles of one model, one a visit.
class VisitedProfiles {
 public:
  explicit VisitedProfiles(std::vector<Profile> visits) : visits_(std::move(visits)) {}

  Figure total() const;  // of all nodes
  // Of the nodes with these names; missing where the runtime shows none of them.
  Figure of(const std::vector<std::string>& nodes) const;
  // Of all nodes that ran as one of these kernels.
  Figure of_kernels(std::span<const std::string_view> kernels) const;
  std::string kernel_of(const std::string& node) const;  // "" where it is not shown

 private:
  template <class Counts>
  Figure sum(Counts counts) const;
  std::vector<Profile> visits_;
};

// Whether a kernel of that name computes on codes.
bool is_integer_kernel(std::string_view kernel);

// Why ONNX Runtime computes a node in float though it stands between codes; "" where no rule that is known tells.
// `graph`: as the file has it.
std::string why_in_float(const Graph& graph, const Node& node);

}  // namespace bw
