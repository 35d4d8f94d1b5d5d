// What kind of network a graph is.
#pragma once

#include <cstdint>
#include <string>

#include "graph/graph.h"

namespace bw {

struct Architecture {
  std::string type;              // transformer, cnn, rnn, mlp, mixed (more than one of these), other (none of them)
  std::uint64_t parameters = 0;  // floats in constants
  std::uint64_t multiply_accumulates = 0;  // of one sample, where shapes are known
};
Architecture architecture(const Graph& prepared);

}  // namespace bw
