// Small ONNX models that kill, hang or exhaust ONNX Runtime 1.31: the verifier refuses each, and a worker that gets one
// all the same must be the only thing that dies.
#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "badinput/sketch.h"
#include "base/error.h"
#include "format/onnx/onnx.h"

namespace bw::test {

enum class Harm { Signal, Endless, Memory, Error };  // Error: an ordinary error of ONNX Runtime 1.31.1, harm in others

struct DeadlyModel {
  std::string name, bytes;
  Harm harm;
  InputClass refused_as;
};

namespace deadly {

inline Graph variadic(const std::string& op) {
  Sketch s;
  const ValueId x = s.input("x", DType::Float32, {2});
  return s.with_output(s.node(op, {x, kNoValue}));
}

inline Graph einsum() {
  Sketch s;
  const ValueId x = s.input("x", DType::Float32, {2, 2});
  return s.with_output(s.node("Einsum", {x, kNoValue}, {attribute("equation", std::string("ij,jk->ik"))}));
}

template <class T>
Graph division(const std::string& op) {
  Sketch s;
  const ValueId a = s.constant("a", Tensor::of<T>({1}, {std::numeric_limits<T>::min()}));
  const ValueId b = s.constant("b", Tensor::of<T>({1}, {T{-1}}));
  return s.with_output(s.node(op, {a, b}), dtype_of<T>());
}

inline Graph conv_transpose() {
  Sketch s;
  const ValueId x = s.input("x", DType::Float32, {1, 2, 4, 4});
  const ValueId w = s.constant("w", zeros(DType::Float32, {2, 2, 3, 3}));
  return s.with_output(s.node("ConvTranspose", {x, w}, {attribute("group", std::int64_t{0})}));
}

inline Graph depth_to_space() {
  Sketch s;
  const ValueId x = s.input("x", DType::Float32, {1, 4, 2, 2});
  return s.with_output(s.node("DepthToSpace", {x}, {attribute("blocksize", std::int64_t{1} << 32)}));
}

inline Graph dft() {
  Sketch s;
  const ValueId x = s.constant("x", zeros(DType::Float32, {1, 2, 5}));
  return s.with_output(s.node("DFT", {x, kNoValue, kNoValue}));
}

inline Graph gather_nd() {
  Sketch s;
  const ValueId x = s.input("x", DType::Float32, {2, 2});
  const ValueId index = s.input("index", DType::Int64, {1});
  return s.with_output(s.node("GatherND", {x, index}, {attribute("batch_dims", -(std::int64_t{1} << 31))}));
}

inline Graph one_hot() {
  Sketch s;
  const ValueId indices = s.constant("indices", zeros(DType::Int64, {0}));
  const ValueId depth = s.constant("depth", zeros(DType::Int64, {0}));
  const ValueId values = s.constant("values", zeros(DType::Float32, {0}));
  return s.with_output(s.node("OneHot", {indices, depth, values}, {attribute("axis", std::int64_t{1})}));
}

inline Graph layer_normalization() {
  Sketch s;
  const ValueId x = s.constant("x", zeros(DType::Float32, {0}));
  const ValueId scale = s.constant("scale", zeros(DType::Float32, {0}));
  return s.with_output(s.node("LayerNormalization", {x, scale, kNoValue}));
}

inline Graph random(const std::string& op, const std::string& first, float a, const std::string& second, float b) {
  Sketch s;
  std::vector<Attribute> attributes{attribute(first, a), attribute(second, b)};
  if (!op.ends_with("Like")) {
    attributes.push_back(attribute("shape", std::vector<std::int64_t>{2, 2}));
    return s.with_output(s.node(op, {}, attributes));
  }
  const ValueId x = s.input("x", DType::Float32, {2, 2});
  return s.with_output(s.node(op, {x}, attributes));
}

inline Graph stft() {
  Sketch s;
  const ValueId signal = s.constant("signal", zeros(DType::Float32, {1, 0, 1}));
  const ValueId step = s.constant("step", Tensor::scalar(std::int64_t{1}));
  const ValueId window = s.constant("window", zeros(DType::Float32, {4}));
  return s.with_output(
      s.node("STFT", {signal, step, window}, {attribute("onesided", std::numeric_limits<std::int64_t>::min())}));
}

// Function k calls function k + 1 `calls` times; the last one is Identity.
inline Graph functions(int levels, int calls) {
  Sketch main;
  main.input("x", DType::Float32, {1});
  Graph graph = main.with_output(main.node("F0", {0}, {}, "y", "ours"));
  graph.opsets["ours"] = 1;
  for (int level = 0; level < levels; ++level) {
    Sketch s;
    const ValueId x = s.value("x");
    const bool last = level + 1 == levels;
    ValueId at = x;
    for (int call = 0; call < (last ? 1 : calls); ++call)
      at = s.node(last ? "Identity" : "F" + std::to_string(level + 1), {at}, {}, "y" + std::to_string(call),
                  last ? "" : "ours");
    Function& function = graph.functions.emplace_back();
    function.domain = "ours";
    function.name = "F" + std::to_string(level);
    function.body = s.with_outputs({{at, {}}});
    function.body.opsets["ours"] = 1;
    function.body.inputs = {x};
  }
  return graph;
}

inline Graph nested_if(int levels) {
  Subgraph inner;
  for (int level = levels; level >= 0; --level) {
    Sketch s;
    const std::string output = "y" + std::to_string(level);
    const bool outermost = level == 0;
    const ValueId condition = outermost ? s.input("condition", DType::Bool, {}) : s.capture("condition");
    const ValueId x = outermost ? s.input("x", DType::Float32, {1}) : s.capture("x");
    const ValueId y =
        inner ? s.node("If", {condition}, {attribute("then_branch", inner), attribute("else_branch", inner)}, output)
              : s.node("Identity", {x}, {}, output);
    Graph graph = s.with_output(y);
    if (outermost) return graph;
    inner = std::make_shared<const Graph>(std::move(graph));
  }
  return {};
}

// A loop round `body`, which takes and gives (round, condition, states...).
inline Graph loop(Graph body, std::optional<std::int64_t> trips, Tensor state) {
  Sketch s;
  const ValueId count = trips ? s.constant("count", Tensor::scalar(*trips)) : kNoValue;
  const ValueId condition = s.constant("condition", Tensor::scalar(true));
  const DType dtype = state.dtype();
  const ValueId start = s.constant("start", std::move(state));
  auto subgraph = std::make_shared<const Graph>(std::move(body));
  const ValueId y = s.node("Loop", {count, condition, start}, {attribute("body", Subgraph(subgraph))});
  for (std::size_t i = 2; i < subgraph->outputs.size(); ++i) s.another_output("scanned_" + std::to_string(i));
  return s.with_output(y, dtype);
}

inline Graph endless_loop() {
  Sketch body;
  body.input("round", DType::Int64, {});
  const ValueId condition = body.input("go_on", DType::Bool, {});
  const ValueId state = body.input("state", DType::Float32, {1});
  const ValueId next_condition = body.node("Identity", {condition}, {}, "go_on_out");
  const ValueId next = body.node("Identity", {state}, {}, "state_out");
  return loop(
      body.with_outputs({{next_condition, ValueType::tensor(DType::Bool)}, {next, ValueType::tensor(DType::Float32)}}),
      std::int64_t{1} << 62, zeros(DType::Float32, {1}));
}

inline Graph doubling_loop() {
  Sketch body;
  body.input("round", DType::Int64, {});
  const ValueId condition = body.input("go_on", DType::Bool, {});
  const ValueId state = body.value("state", ValueType::tensor(DType::Float32));
  const ValueId next_condition = body.node("Identity", {condition}, {}, "go_on_out");
  const ValueId next = body.node("Concat", {state, state}, {attribute("axis", std::int64_t{0})}, "state_out");
  Graph graph =
      body.with_outputs({{next_condition, ValueType::tensor(DType::Bool)}, {next, ValueType::tensor(DType::Float32)}});
  graph.inputs.push_back(state);
  return loop(std::move(graph), 60, zeros(DType::Float32, {1}));
}

inline Graph scanning_loop() {
  Sketch body;
  body.input("round", DType::Int64, {});
  const ValueId condition = body.input("go_on", DType::Bool, {});
  const ValueId state = body.input("state", DType::Float32, {1});
  const ValueId next_condition = body.node("Identity", {condition}, {}, "go_on_out");
  const ValueId next = body.node("Identity", {state}, {}, "state_out");
  const ValueId million = body.constant("million", zeros(DType::Float32, {1'000'000}));
  const ValueId scanned = body.node("Identity", {million}, {}, "scanned");
  return loop(body.with_outputs({{next_condition, ValueType::tensor(DType::Bool)},
                                 {next, ValueType::tensor(DType::Float32)},
                                 {scanned, ValueType::tensor(DType::Float32, Shape{1'000'000})}}),
              std::nullopt, zeros(DType::Float32, {1}));
}

inline Graph constant_of_shape() {
  Sketch s;
  const ValueId shape = s.constant("shape", integers({std::int64_t{1} << 31}));
  return s.with_output(s.node("ConstantOfShape", {shape}, {attribute("value", Tensor::of<float>({1}, {1.0f}))}));
}

inline Graph window(const std::string& op) {
  Sketch s;
  const ValueId size = s.constant("size", Tensor::scalar(std::int64_t{1} << 31));
  return s.with_output(s.node(op, {size}));
}

inline Graph resize() {
  Sketch s;
  const ValueId x = s.input("x", DType::Float32, {1, 1, 2, 2});
  const ValueId sizes = s.constant("sizes", integers({1, 1, 1 << 15, 1 << 15}));
  return s.with_output(s.node("Resize", {x, kNoValue, kNoValue, sizes}, {attribute("mode", std::string("cubic"))}));
}

}  // namespace deadly

inline std::vector<DeadlyModel> deadly_models() {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<DeadlyModel> all;
  const auto add = [&](std::string name, const Graph& graph, Harm harm, InputClass refused_as = InputClass::Semantic) {
    all.push_back({std::move(name), onnx::serialize(graph), harm, refused_as});
  };
  for (const char* op : {"Max", "Min", "Sum", "Mean"})
    add(std::string(op) + " of (x, \"\")", deadly::variadic(op), Harm::Signal);
  add("Einsum of (x, \"\")", deadly::einsum(), Harm::Signal);
  for (const char* op : {"Div", "Mod"}) {
    add(std::string(op) + " of the least int32 by -1", deadly::division<std::int32_t>(op), Harm::Signal);
    add(std::string(op) + " of the least int64 by -1", deadly::division<std::int64_t>(op), Harm::Signal);
  }
  add("ConvTranspose with group 0", deadly::conv_transpose(), Harm::Signal);
  add("DepthToSpace with blocksize 2^32", deadly::depth_to_space(), Harm::Signal);
  add("DFT of constant [1, 2, 5]", deadly::dft(), Harm::Signal);
  add("GatherND with batch_dims -2^31", deadly::gather_nd(), Harm::Signal);
  add("OneHot of empty inputs", deadly::one_hot(), Harm::Signal);
  add("LayerNormalization of empty inputs", deadly::layer_normalization(), Harm::Signal);
  for (const char* like : {"", "Like"}) {
    add("RandomUniform" + std::string(like) + " with high < low",
        deadly::random("RandomUniform" + std::string(like), "low", 1, "high", 0), Harm::Signal);
    add("RandomNormal" + std::string(like) + " with scale < 0",
        deadly::random("RandomNormal" + std::string(like), "mean", 0, "scale", -1), Harm::Signal);
    add("RandomNormal" + std::string(like) + " with scale NaN",
        deadly::random("RandomNormal" + std::string(like), "mean", 0, "scale", nan), Harm::Signal);
  }
  add("STFT of an empty signal", deadly::stft(), Harm::Error);
  add("20,000 functions in a chain", deadly::functions(20'000, 1), Harm::Signal, InputClass::Limit);
  add("functions that fan out by 10, 7 levels", deadly::functions(7, 10), Harm::Endless, InputClass::Limit);
  add("functions that fan out by 10, 9 levels", deadly::functions(9, 10), Harm::Endless, InputClass::Limit);
  add("17 nested If", deadly::nested_if(17), Harm::Memory, InputClass::Limit);
  add("Loop of 2^62 rounds", deadly::endless_loop(), Harm::Endless, InputClass::Limit);
  add("Loop that doubles its state", deadly::doubling_loop(), Harm::Memory, InputClass::Limit);
  add("endless Loop that collects a million floats a round", deadly::scanning_loop(), Harm::Memory, InputClass::Limit);
  add("ConstantOfShape of 2^31 floats", deadly::constant_of_shape(), Harm::Memory, InputClass::Limit);
  add("HammingWindow of 2^31", deadly::window("HammingWindow"), Harm::Memory, InputClass::Limit);
  add("BlackmanWindow of 2^31", deadly::window("BlackmanWindow"), Harm::Memory, InputClass::Limit);
  add("Resize, cubic, from 2x2 to 2^15x2^15", deadly::resize(), Harm::Endless, InputClass::Limit);
  return all;
}

}  // namespace bw::test
