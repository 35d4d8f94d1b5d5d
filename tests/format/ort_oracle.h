// ONNX Runtime as an oracle: what a model computes, as bytes that can be compared. Runs in a child process, because
// some models end the process they run in.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "graph/graph.h"

namespace bw::test {

struct Run {
  enum class State { Ran, NotLoaded, NotRun } state = State::NotLoaded;
  std::string outputs;  // types, shapes and elements of all outputs; what ONNX Runtime said when it did not run
};

// Runs a model on the inputs given in `folder` (input_K.pb), or on fixed ones made from the types of its inputs.
Run run_in_ort(std::string_view model, const fs::path& folder);

// Outputs of a graph whose every input that no node makes is given by name; those that are constants get these numbers.
std::vector<Tensor> computed_in_ort(Graph graph, const std::map<std::string, Tensor>& given);

// Calls body(i) for i in [0, count) in child processes and gives the answers, one character each: what body gave, 'X'
// where it ended the process, 'T' where it took longer than `seconds`.
std::string in_children(std::size_t count, double seconds, const std::function<char(std::size_t)>& body);

}  // namespace bw::test
