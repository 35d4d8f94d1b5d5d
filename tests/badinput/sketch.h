// Builds small graphs by hand, valid or not.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace bw::test {

// Builds a graph front to back.
class Sketch {
 public:
  explicit Sketch(std::int64_t opset = 21) {
    graph_.name = "sketch";
    graph_.ir_version = 10;
    graph_.opsets[""] = opset;
  }

  ValueId value(const std::string& name, ValueType type = {}) {
    Value& added = graph_.values.emplace_back();
    added.name = name;
    added.type = std::move(type);
    return static_cast<ValueId>(graph_.values.size() - 1);
  }
  ValueId input(const std::string& name, DType dtype, const Shape& shape) {
    graph_.inputs.push_back(value(name, ValueType::tensor(dtype, shape)));
    return graph_.inputs.back();
  }
  ValueId constant(const std::string& name, Tensor tensor) {
    const ValueId id = value(name, ValueType::tensor(tensor.dtype(), tensor.shape()));
    graph_.value(id).initializer = std::move(tensor);
    return id;
  }
  ValueId capture(const std::string& name) {
    graph_.captured.push_back(value(name));
    return graph_.captured.back();
  }
  ValueId node(const std::string& op, std::vector<ValueId> inputs, std::vector<Attribute> attributes = {},
               const std::string& output = "y", const std::string& domain = "") {
    Node& added = graph_.nodes.emplace_back();
    added.name = op + "_" + std::to_string(graph_.nodes.size());
    added.op_type = op;
    added.domain = domain;
    added.inputs = std::move(inputs);
    added.attributes = std::move(attributes);
    const ValueId id = value(output);
    graph_.nodes.back().outputs.push_back(id);
    return id;
  }
  void another_output(const std::string& name) { graph_.nodes.back().outputs.push_back(value(name)); }
  // Ends the graph with these outputs.
  Graph with_outputs(const std::vector<std::pair<ValueId, ValueType>>& outputs) {
    for (const auto& [id, type] : outputs) {
      graph_.value(id).type = type;
      graph_.outputs.push_back(id);
    }
    return std::move(graph_);
  }
  Graph with_output(ValueId id, DType dtype = DType::Float32) { return with_outputs({{id, ValueType::tensor(dtype)}}); }

 private:
  Graph graph_;
};

inline Attribute attribute(std::string name, Attribute::Data data) {
  return {std::move(name), std::move(data), {}};
}
inline Tensor integers(std::initializer_list<std::int64_t> values) {
  return Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
}
inline Tensor zeros(DType dtype, Shape shape) {
  return Tensor::make(dtype, std::move(shape), [](std::span<std::byte>) {});
}

}  // namespace bw::test
