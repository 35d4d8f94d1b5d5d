// GRUs whose activations are quantized at run time. ONNX Runtime has no such kernel, but fast ones for products: the
// gates are taken apart, with the products of the input before a Scan over the steps, whose body is one step.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/error.h"
#include "plan/apply_steps.h"
#include "target/lower/dynamic.h"
#include "target/lower/onnxruntime.h"
#include "target/lower/steps.h"

namespace bw {
namespace {

constexpr std::int64_t kGates = 3;
// Gates that one product gives: update and reset, which are sigmoids, and the candidate for the hidden state.
struct Gates {
  std::int64_t first, count;
};
constexpr Gates kSigmoids{0, 2}, kCandidate{2, 1};

// The two weights, in the order of their inputs and their biases.
enum Side : std::size_t { kInput, kRecurrence };

struct Gru {
  Node node;
  std::array<RecurrentWeight, 2> weights;
  Tensor bias;  // [directions, 2 * gates * hidden], those of W first; undefined without
  std::int64_t hidden;
  std::string name;  // of what is made of it
};

// The tensor's elements from `first` on, as many as `shape` has.
Tensor part(const Tensor& whole, const Shape& shape, std::int64_t first) {
  const std::size_t width = whole.bytes().size() / whole.size();
  return Tensor::copy(whole.dtype(), shape,
                      whole.bytes().subspan(static_cast<std::size_t>(first) * width, element_count(shape) * width));
}

Tensor repeated(float number, std::int64_t count) {
  return Tensor::fill<float>({count}, [&](std::span<float> out) { std::ranges::fill(out, number); });
}

Tensor vector_of(std::initializer_list<std::int64_t> numbers) {
  return Tensor::of<std::int64_t>({static_cast<std::int64_t>(numbers.size())}, numbers);
}

// The products of x with some gates' rows of one weight in one direction, with their bias.
class Products {
 public:
  Products(const Gru& gru, Side side, std::int64_t direction)
      : gru_(gru), weight_(gru.weights[side]), side_(side), direction_(direction) {}

  ValueId of(Rewriter& rewriter, const std::vector<ValueId>& x, Gates gates, const std::string& name) const {
    const std::int64_t rows = gates.count * gru_.hidden, width = weight_.codes.shape()[2];
    const std::int64_t first = (kGates * direction_ + gates.first) * gru_.hidden;
    const bool by_row = weight_.scales.rank() == 2;
    const Tensor codes = transposed(part(weight_.codes, {rows, width}, first * width));
    // One a row, if need be all equal: two products that shared the value of a scale would not be fused.
    const Tensor scale = by_row ? part(weight_.scales, {rows}, first)
                                : repeated(weight_.scales.data<float>()[static_cast<std::size_t>(direction_)], rows);
    ValueId bias = kNoValue;
    if (gru_.bias) bias = rewriter.add_constant(name + "_bias", part(gru_.bias, {rows}, first_bias(gates)));
    return integer_product(
        rewriter, {x[0], x[1], x[2]},
        {rewriter.add_constant(name + "_codes", codes), rewriter.add_constant(name + "_scales", scale), kNoValue}, bias,
        name);
  }

 private:
  std::int64_t first_bias(Gates gates) const { return (kGates * (2 * direction_ + side_) + gates.first) * gru_.hidden; }

  const Gru& gru_;
  const RecurrentWeight& weight_;
  std::int64_t side_, direction_;
};

// The sigmoids of one step apart.
struct Split {
  ValueId update, reset;
};
Split split_gates(Rewriter& step, ValueId sigmoids, std::int64_t hidden, const std::string& name) {
  const Split split{step.add_value(name + "_update"), step.add_value(name + "_reset")};
  step.add_node({.name = name + "_split",
                 .op_type = "Split",
                 .domain = "",
                 .overload = "",
                 .inputs = {sigmoids, step.add_constant(name + "_parts", vector_of({hidden, hidden}))},
                 .outputs = {split.update, split.reset},
                 .attributes = {{"axis", std::int64_t{1}, {}}},
                 .doc = {},
                 .metadata = {}});
  return split;
}

// One step: (hidden state, W's products for the sigmoids, for the candidate) -> (hidden state, the same for Y).
Graph step_of(const Gru& gru, std::int64_t direction, const std::string& name) {
  Graph body;
  body.name = name;
  Rewriter step(body);
  const auto input = [&](const char* what, std::int64_t gates) {
    body.inputs.push_back(step.add_value(
        name + what, ValueType::tensor(DType::Float32, std::vector<Dim>{Dim{}, Dim{gates * gru.hidden, {}}})));
    return body.inputs.back();
  };
  const ValueId before = input("_before", 1), x_sigmoids = input("_sigmoids_x", 2),
                x_candidate = input("_candidate_x", 1);
  const auto op = [&](const char* type, std::vector<ValueId> inputs, const char* what) {
    return step.add_op(type, std::move(inputs), {}, name + what);
  };

  const Products products(gru, kRecurrence, direction);
  const std::vector<ValueId> h = add_dynamic_quantizer(step, before);
  const ValueId sigmoids =
      op("Sigmoid", {op("Add", {x_sigmoids, products.of(step, h, kSigmoids, name + "_sigmoids_h")}, "_sums")},
         "_sigmoids");
  const auto [update, reset] = split_gates(step, sigmoids, gru.hidden, name);
  const auto candidate_of = [&](const std::vector<ValueId>& x) {
    return products.of(step, x, kCandidate, name + "_candidate_h");
  };
  const ValueId from_h = gru.node.int_or("linear_before_reset", 0) != 0
                             ? op("Mul", {reset, candidate_of(h)}, "_kept")
                             : candidate_of(add_dynamic_quantizer(step, op("Mul", {reset, before}, "_kept")));
  const ValueId candidate = op("Tanh", {op("Add", {x_candidate, from_h}, "_candidate_sum")}, "_candidate");
  // (1 - update) * candidate + update * before
  const ValueId change = op("Mul", {update, op("Sub", {before, candidate}, "_difference")}, "_change");
  const ValueId after = op("Add", {candidate, change}, "_after");
  body.outputs = {after, op("Identity", {after}, "_y")};
  step.finish();
  return body;
}

// [batch, hidden]: the hidden state before the first step of a direction.
ValueId initial_state(Rewriter& rewriter, const Gru& gru, std::int64_t direction, const std::string& name) {
  const auto op = [&](const char* type, std::vector<ValueId> inputs, const char* what) {
    return rewriter.add_op(type, std::move(inputs), {}, name + what);
  };
  if (gru.node.input(5) != kNoValue)
    return op("Gather", {gru.node.input(5), rewriter.add_constant(name + "_direction", Tensor::scalar(direction))},
              "_initial");
  const ValueId batch =
      op("Gather",
         {op("Shape", {gru.node.input(0)}, "_shape"), rewriter.add_constant(name + "_batch_axis", vector_of({1}))},
         "_batch");
  const ValueId shape =
      rewriter.add_op("Concat", {batch, rewriter.add_constant(name + "_hidden_size", vector_of({gru.hidden}))},
                      {{"axis", std::int64_t{0}, {}}}, name + "_state_shape");
  return op("ConstantOfShape", {shape}, "_initial");
}

// A start of names that no value has: inside a subgraph they must not hide those around it.
std::string free_prefix(const Graph& graph, std::string name) {
  while (std::ranges::any_of(graph.values, [&](const Value& value) { return value.name.starts_with(name); }))
    name += '_';
  return name;
}

bool has_usual_functions(const Node& node, std::int64_t directions) {
  const Attribute* functions = node.find("activations");
  if (functions == nullptr) return true;
  std::vector<std::string> usual;
  for (std::int64_t d = 0; d < directions; ++d) usual.insert(usual.end(), {"Sigmoid", "Tanh"});
  const auto* named = std::get_if<std::vector<std::string>>(&functions->data);
  return named != nullptr && *named == usual;
}

struct States {
  ValueId last, all;  // [batch, hidden], [steps, batch, hidden]
};

States lower_direction(Rewriter& rewriter, const Gru& gru, const std::vector<ValueId>& x, std::int64_t direction) {
  const std::string name = fmt::format("{}_{}", gru.name, direction);
  const Products products(gru, kInput, direction);
  const ValueId sigmoids = products.of(rewriter, x, kSigmoids, name + "_sigmoids"),
                candidate = products.of(rewriter, x, kCandidate, name + "_candidate"),
                state = initial_state(rewriter, gru, direction, name);
  const States states{rewriter.add_value(name + "_last"), rewriter.add_value(name + "_all")};
  const std::int64_t backwards = direction == 1 || gru.node.string_or("direction", "forward") == "reverse" ? 1 : 0;
  const Graph body = step_of(gru, direction, free_prefix(rewriter.graph(), name + "_step"));
  rewriter.add_node({.name = name,
                     .op_type = "Scan",
                     .domain = "",
                     .overload = "",
                     .inputs = {state, sigmoids, candidate},
                     .outputs = {states.last, states.all},
                     .attributes = {{"body", std::make_shared<const Graph>(body), {}},
                                    {"num_scan_inputs", std::int64_t{2}, {}},
                                    {"scan_input_directions", std::vector<std::int64_t>(2, backwards), {}},
                                    {"scan_output_directions", std::vector<std::int64_t>(1, backwards), {}}},
                     .doc = {},
                     .metadata = {}});
  return states;
}

// The directions' results side by side on a new axis, in place of an output of the GRU.
void replace_output(Rewriter& rewriter, const Gru& gru, std::size_t output, const std::vector<ValueId>& parts,
                    std::int64_t axis) {
  if (gru.node.output(output) == kNoValue) return;
  const Value old = rewriter.graph().value(gru.node.output(output));
  std::vector<ValueId> widened;
  const ValueId axes = rewriter.add_constant(old.name + "_axis", vector_of({axis}));
  for (const ValueId each : parts)
    widened.push_back(rewriter.add_op("Unsqueeze", {each, axes}, {}, old.name + "_part"));
  const ValueId joined = rewriter.add_op("Concat", widened, {{"axis", axis, {}}}, old.name + "_joined", old.type);
  rewriter.replace_uses(gru.node.output(output), joined);
}

}  // namespace

std::string apart_obstacle(const Graph& graph, const Node& node) {
  if (node.input(4) != kNoValue) return "lengths of sequences have no integer form";
  const std::int64_t directions = node.string_or("direction", "forward") == "bidirectional" ? 2 : 1;
  if (!has_usual_functions(node, directions) || node.find("clip") != nullptr || node.int_or("layout", 0) != 0)
    return "its attributes have no integer form";
  const auto shape = [&](std::size_t position) {
    return graph.value(node.input(position)).type.static_shape().value_or(Shape{});
  };
  const Shape w = shape(1), r = shape(2);
  const std::int64_t hidden = r.size() == 3 ? r[2] : 0, rows = kGates * hidden;
  if (hidden == 0 || w.size() != 3 || w[2] == 0 || w != Shape{directions, rows, w[2]} ||
      r != Shape{directions, rows, hidden})
    return "its weights do not have the shapes of a GRU";
  if (node.input(3) == kNoValue) return "";
  if (!graph.is_constant(node.input(3))) return "its bias is not constant";
  return shape(3) == Shape{directions, 2 * rows} ? "" : "its bias does not have the shape of a GRU's";
}

void lower_gru(Rewriter& rewriter, NodeId id, const RecurrentWeight& w, const RecurrentWeight& r) {
  const Node node = rewriter.graph().node(id);
  if (const std::string obstacle = apart_obstacle(rewriter.graph(), node); !obstacle.empty())
    throw Error(ErrorKind::Quantization, fmt::format("the GRU '{}' cannot be dynamic: {}", node.name, obstacle));
  const Gru gru{.node = node,
                .weights = {w, r},
                .bias = node.input(3) == kNoValue ? Tensor() : constant(rewriter, node.input(3)),
                .hidden = r.codes.shape()[2],
                .name = node.name + "_dynamic"};
  const std::vector<ValueId> x = add_dynamic_quantizer(rewriter, node.input(0));
  std::vector<ValueId> last, all;
  for (std::int64_t direction = 0; direction < r.codes.shape()[0]; ++direction) {
    const States states = lower_direction(rewriter, gru, x, direction);
    last.push_back(states.last);
    all.push_back(states.all);
  }
  replace_output(rewriter, gru, 0, all, 1);
  replace_output(rewriter, gru, 1, last, 0);
  remove_unused(rewriter, id);
}

}  // namespace bw
