// Graphs as methods get them, and their plans carried out by the runtime.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "format/onnx/onnx.h"
#include "graph/evaluate.h"
#include "graph/passes/pass.h"
#include "graph/text.h"
#include "method/method.h"
#include "run/runtime.h"
#include "tensor/convert.h"

namespace bw::test {

using Inputs = std::map<std::string, Tensor>;

inline Graph graph_of(const std::string& body, int opset = 17) {
  Graph graph = parse_graph(fmt::format("ir_version 8\nopset \"\" {}\ngraph \"g\" {{\n{}}}\n", opset, body));
  onnx::infer_types(graph);
  prepare(graph);
  onnx::infer_types(graph);
  return graph;
}

inline Tensor numbers(const Shape& shape, std::uint64_t seed, double spread = 1) {
  Random random(seed);
  return Tensor::fill<float>(shape, [&](std::span<float> out) {
    for (float& x : out) x = static_cast<float>(random.normal() * spread);
  });
}

// "  const %NAME: float32[...] = ..." with random numbers.
inline std::string weight(const std::string& name, const Shape& shape, std::uint64_t seed, double spread = 0.5) {
  const Tensor tensor = numbers(shape, seed, spread);
  std::string list, dims;
  for (const std::int64_t dim : shape) dims += fmt::format("{}{}", dims.empty() ? "" : ",", dim);
  for (const float x : tensor.data<float>()) list += fmt::format("{}{}", list.empty() ? "" : ", ", x);
  return fmt::format("  const %{0}: float32[{1}] = float32[{1}] {{{2}}}\n", name, dims, list);
}

inline Task task_of(const Graph& graph) {
  return {.graph = graph, .target = target_named("cpu"), .seed = 0};
}

inline Evidence evidence_of(const Graph& graph, const Needs& needs, const Inputs& inputs) {
  Evidence evidence(needs);
  for (const auto& [name, keys] : needs.by_value) {
    Graph cut = graph;
    cut.outputs = {graph.find(name)};
    const Tensor value = evaluate(cut, inputs).front();
    evidence.value(name).add(to_floats(value), value.shape(), 0);
  }
  return evidence;
}

// Looks at one sample, in the interpreter.
class Sampled : public Calibrator {
 public:
  explicit Sampled(Inputs inputs) : inputs_(std::move(inputs)) {}
  const Evidence& evidence(const Graph& graph, const Needs& needs) override {
    return seen_.emplace_back(evidence_of(graph, needs, inputs_));
  }
  Evidence glance(const Graph& graph, const Needs& needs) override { return evidence_of(graph, needs, inputs_); }

 private:
  Inputs inputs_;
  std::deque<Evidence> seen_;
};

// Looks at several samples, in the interpreter.
class Many : public Calibrator {
 public:
  explicit Many(std::vector<Inputs> samples) : samples_(std::move(samples)) {}
  const Evidence& evidence(const Graph& graph, const Needs& needs) override {
    return seen_.emplace_back(glance(graph, needs));
  }
  Evidence glance(const Graph& graph, const Needs& needs) override {
    ++looks;
    Evidence evidence(needs);
    for (std::size_t s = 0; s < samples_.size(); ++s)
      for (const auto& [name, keys] : needs.by_value) {
        Graph cut = graph;
        cut.outputs = {graph.find(name)};
        const Tensor value = evaluate(cut, samples_[s]).front();
        evidence.value(name).add(to_floats(value), value.shape(), s);
      }
    return evidence;
  }

  int looks = 0;

 private:
  std::vector<Inputs> samples_;
  std::deque<Evidence> seen_;
};

inline Plan plan_of(const Graph& graph, const std::string& recipe, const Inputs& inputs = {}) {
  Sampled calibrator(inputs);
  Task task = task_of(graph);
  task.calibrator = &calibrator;
  return decide(resolve(parse_recipe(recipe)), task);
}

inline Graph lowered(const Graph& graph, const std::string& recipe, const Inputs& inputs = {}) {
  return built(graph, plan_of(graph, recipe, inputs)).graph;
}

// What the runtime computes, output by output, as floats.
inline std::vector<std::vector<float>> run(const Graph& graph, const Inputs& inputs) {
  const std::string bytes = onnx::serialize(graph);
  const auto runner = runtime_named("onnxruntime").load({.path = {}, .bytes = std::as_bytes(std::span(bytes))}, {});
  std::vector<Tensor> feeds;
  for (const ValueId id : graph.inputs) feeds.push_back(inputs.at(graph.value(id).name));
  std::vector<std::vector<float>> outputs;
  for (const Tensor& output : runner->run(feeds)) outputs.push_back(to_floats(output));
  return outputs;
}

// Decibels; infinite when both are equal, not a number when `met` has such.
inline double sqnr(const std::vector<float>& met, const std::vector<float>& wanted) {
  double signal = 0, noise = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    signal += std::pow(static_cast<double>(wanted[i]), 2);
    noise += std::pow(static_cast<double>(wanted[i]) - met[i], 2);
  }
  return 10 * std::log10(signal / noise);
}

inline bool is_changed(const Plan& plan, const std::string& node) {
  const auto found = plan.nodes.find(node);
  return found != plan.nodes.end() && found->second.changes();
}

inline Precision precision_of(const Plan& plan, const std::string& node) {
  const auto found = plan.nodes.find(node);
  return found == plan.nodes.end() ? Precision::Float32 : found->second.compute;
}

}  // namespace bw::test
