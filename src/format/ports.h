// Where the inputs and outputs of a graph stand in a file that was made of it: a format may order, name and lay them
// out in its own way.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bw {

struct PortPlace {
  std::string name;          // in the file
  std::size_t position = 0;  // among the file's inputs, or its outputs
  // Which axis of the graph's tensor each axis of the file's is: {0, 2, 3, 1} where NCHW became NHWC. Empty: all stand
  // where they stood.
  std::vector<std::size_t> layout = {};
};

// Of each input and output of the graph, in its order. Empty: the file has them as the graph has.
struct Ports {
  std::vector<PortPlace> inputs = {}, outputs = {};
};

}  // namespace bw
