// RNN, GRU and LSTM. Gates stand in ONNX's order: z r h in GRU, i o f c in LSTM. Formulas: the ONNX operator pages.
#include <algorithm>
#include <cmath>

#include "graph/evaluate/catalog.h"
#include "graph/evaluate/elements.h"

namespace bw {

namespace {

using Activation = double (*)(double);

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}
double relu(double x) {
  return x < 0 ? 0 : x;
}

Activation activation(const Call& call, const std::string& name) {
  if (name == "Sigmoid") return sigmoid;
  if (name == "Tanh") return std::tanh;
  if (name == "Relu") return relu;
  call.fail("activation '" + name + "' is not interpreted", InputClass::Unsupported);
}

// Everything a step of any of the three needs, with batch-major state.
struct Layer {
  std::size_t steps = 0, batch = 0, in = 0, hidden = 0, gates = 0, directions = 1;
  bool batch_first = false;
  std::vector<double> x, w, r, bias;   // bias [directions, 2 * gates * hidden]
  std::vector<double> h, c, peephole;  // [directions, batch, hidden]; [directions, 3 * hidden]
  std::vector<std::size_t> lengths;
  std::vector<Activation> activations;  // by direction
  double clip = INFINITY;

  double input(std::size_t step, std::size_t b, std::size_t k) const {
    return x[((batch_first ? b * steps + step : step * batch + b)) * in + k];
  }
  double clipped(double value) const { return std::clamp(value, -clip, clip); }
};

std::vector<double> state(const Call& call, std::size_t input, const Layer& layer) {
  const std::size_t size = layer.directions * layer.batch * layer.hidden;
  if (!call.has(input)) return std::vector<double>(size, 0);
  std::vector<double> given = to_doubles(call.input(input));
  call.require(given.size() == size, "an initial state does not fit");
  if (!layer.batch_first) return given;
  std::vector<double> turned(size);  // [batch, directions, hidden]
  for (std::size_t d = 0; d < layer.directions; ++d)
    for (std::size_t b = 0; b < layer.batch; ++b)
      for (std::size_t j = 0; j < layer.hidden; ++j)
        turned[(d * layer.batch + b) * layer.hidden + j] = given[(b * layer.directions + d) * layer.hidden + j];
  return turned;
}

std::vector<Activation> activations_of(const Call& call, std::vector<std::string> names, std::size_t directions) {
  if (const Attribute* list = call.node.find("activations")) {
    if (const auto* given = std::get_if<std::vector<std::string>>(&list->data)) names = *given;
  } else {
    const std::vector<std::string> one = names;
    for (std::size_t d = 1; d < directions; ++d) names.insert(names.end(), one.begin(), one.end());
  }
  std::vector<Activation> functions;
  for (const std::string& name : names) functions.push_back(activation(call, name));
  return functions;
}

Layer layer_of(const Call& call, std::size_t gates, const std::vector<std::string>& default_activations,
               std::size_t state_at) {
  Layer layer;
  const Shape &x = call.input(0).shape(), &w = call.input(1).shape(), &r = call.input(2).shape();
  call.require(x.size() == 3 && w.size() == 3 && r.size() == 3, "X, W and R must have rank 3");
  layer.gates = gates;
  layer.batch_first = call.int_of("layout") != 0;
  layer.steps = static_cast<std::size_t>(x[layer.batch_first ? 1 : 0]);
  layer.batch = static_cast<std::size_t>(x[layer.batch_first ? 0 : 1]);
  layer.in = static_cast<std::size_t>(x[2]);
  layer.hidden = static_cast<std::size_t>(r[2]);
  layer.directions = call.string_of("direction") == "bidirectional" ? 2 : 1;
  const auto rows = static_cast<std::int64_t>(gates) * r[2], directions = static_cast<std::int64_t>(layer.directions);
  call.require(w == Shape{directions, rows, x[2]} && r == Shape{directions, rows, r[2]}, "W or R do not fit");
  layer.x = to_doubles(call.input(0));
  layer.w = to_doubles(call.input(1));
  layer.r = to_doubles(call.input(2));
  layer.bias =
      call.has(3) ? to_doubles(call.input(3)) : std::vector<double>(layer.directions * 2 * gates * layer.hidden, 0);
  call.require(layer.bias.size() == layer.directions * 2 * gates * layer.hidden, "B does not fit");
  layer.lengths.assign(layer.batch, layer.steps);
  if (call.has(4)) {
    const std::vector<std::int64_t> lengths = call.integers(4);
    call.require(lengths.size() == layer.batch, "one length a sequence is needed");
    for (std::size_t b = 0; b < layer.batch; ++b) {
      call.require(lengths[b] >= 0 && static_cast<std::size_t>(lengths[b]) <= layer.steps,
                   "a length is outside the sequence");
      layer.lengths[b] = static_cast<std::size_t>(lengths[b]);
    }
  }
  layer.h = state(call, state_at, layer);
  layer.activations = activations_of(call, default_activations, layer.directions);
  call.require(layer.activations.size() == layer.directions * default_activations.size(), "the activations do not fit");
  if (call.node.find("clip")) layer.clip = call.float_of("clip");
  call.require(layer.clip >= 0, "clip is negative");
  return layer;
}

// The weighted sum of gate g for hidden unit j, from the input, and from a state.
struct Sums {
  const Layer& layer;
  std::size_t direction, step, b;

  std::size_t row(std::size_t gate, std::size_t j) const { return (direction * layer.gates + gate) * layer.hidden + j; }
  double from_input(std::size_t gate, std::size_t j) const {
    double sum = bias(0, gate, j);
    for (std::size_t k = 0; k < layer.in; ++k) sum += layer.input(step, b, k) * layer.w[row(gate, j) * layer.in + k];
    return sum;
  }
  double from_state(std::size_t gate, std::size_t j, std::span<const double> h) const {
    double sum = 0;
    for (std::size_t k = 0; k < layer.hidden; ++k) sum += h[k] * layer.r[row(gate, j) * layer.hidden + k];
    return sum;
  }
  double bias(std::size_t half, std::size_t gate, std::size_t j) const {
    return layer.bias[((direction * 2 + half) * layer.gates + gate) * layer.hidden + j];
  }
  double all(std::size_t gate, std::size_t j, std::span<const double> h) const {
    return from_input(gate, j) + bias(1, gate, j) + from_state(gate, j, h);
  }
};

// One step of one sequence: reads h (and c), writes both.
using Step = void (*)(const Call&, const Layer&, const Sums&, std::span<double> h, std::span<double> c);

void rnn_step(const Call&, const Layer& layer, const Sums& sums, std::span<double> h, std::span<double>) {
  const std::vector<double> old(h.begin(), h.end());
  for (std::size_t j = 0; j < h.size(); ++j)
    h[j] = layer.activations[sums.direction](layer.clipped(sums.all(0, j, old)));
}

void gru_step(const Call& call, const Layer& layer, const Sums& sums, std::span<double> h, std::span<double>) {
  const Activation f = layer.activations[2 * sums.direction], g = layer.activations[2 * sums.direction + 1];
  const bool linear_first = call.node.int_or("linear_before_reset", 0) != 0;
  const std::vector<double> old(h.begin(), h.end());
  std::vector<double> reset(old), gated(old);
  for (std::size_t j = 0; j < h.size(); ++j) {
    reset[j] = f(layer.clipped(sums.all(1, j, old)));
    gated[j] = reset[j] * old[j];
  }
  for (std::size_t j = 0; j < h.size(); ++j) {
    const double z = f(layer.clipped(sums.all(0, j, old)));
    const double inner = linear_first ? reset[j] * (sums.from_state(2, j, old) + sums.bias(1, 2, j))
                                      : sums.from_state(2, j, gated) + sums.bias(1, 2, j);
    h[j] = (1 - z) * g(layer.clipped(sums.from_input(2, j) + inner)) + z * old[j];
  }
}

void lstm_step(const Call& call, const Layer& layer, const Sums& sums, std::span<double> h, std::span<double> c) {
  const Activation* act = layer.activations.data() + 3 * sums.direction;
  const bool coupled = call.int_of("input_forget") != 0;
  const std::vector<double> old(h.begin(), h.end());
  const auto peep = [&](std::size_t which, std::size_t j, double cell) {
    return layer.peephole.empty() ? 0 : layer.peephole[(sums.direction * 3 + which) * layer.hidden + j] * cell;
  };
  for (std::size_t j = 0; j < h.size(); ++j) {
    const double i = act[0](layer.clipped(sums.all(0, j, old) + peep(0, j, c[j])));
    const double forget = coupled ? 1 - i : act[0](layer.clipped(sums.all(2, j, old) + peep(2, j, c[j])));
    const double cell = act[1](layer.clipped(sums.all(3, j, old)));
    c[j] = forget * c[j] + i * cell;
    const double o = act[0](layer.clipped(sums.all(1, j, old) + peep(1, j, c[j])));
    h[j] = o * act[2](c[j]);
  }
}

// Runs all sequences; returns Y as [steps, directions, batch, hidden] and leaves the last states in the layer.
std::vector<double> run(const Call& call, Layer& layer, Step step) {
  const std::size_t states = layer.directions * layer.batch * layer.hidden;
  std::vector<double> y(call.result_size({static_cast<std::int64_t>(layer.steps), static_cast<std::int64_t>(states)}),
                        0);
  const std::string direction = call.string_of("direction");
  for (std::size_t d = 0; d < layer.directions; ++d) {
    const bool backward = direction == "reverse" || d == 1;
    for (std::size_t b = 0; b < layer.batch; ++b) {
      const std::size_t at = (d * layer.batch + b) * layer.hidden;
      const std::span<double> h = std::span(layer.h).subspan(at, layer.hidden);
      const std::span<double> c = layer.c.empty() ? std::span<double>{} : std::span(layer.c).subspan(at, layer.hidden);
      for (std::size_t t = 0; t < layer.lengths[b]; ++t) {
        const std::size_t place = backward ? layer.lengths[b] - 1 - t : t;
        step(call, layer, Sums{layer, d, place, b}, h, c);
        std::copy(
            h.begin(), h.end(),
            y.begin() + static_cast<std::ptrdiff_t>(((place * layer.directions + d) * layer.batch + b) * layer.hidden));
      }
    }
  }
  return y;
}

// [rest..., batch, hidden] with batch moved to the front, when the layout asks for it.
Tensor laid_out(const Layer& layer, const std::vector<double>& values, const Shape& leading, DType dtype) {
  Shape shape = leading;
  shape.push_back(static_cast<std::int64_t>(layer.batch));
  shape.push_back(static_cast<std::int64_t>(layer.hidden));
  Tensor tensor = tensor_of(values, shape, dtype);
  if (!layer.batch_first) return tensor;
  const Shape own = strides_of(shape);
  const std::size_t batch_axis = leading.size();
  std::vector<std::size_t> order{batch_axis};
  for (std::size_t i = 0; i < leading.size(); ++i) order.push_back(i);
  order.push_back(batch_axis + 1);
  std::vector<std::vector<std::int64_t>> positions;
  Shape strides, turned;
  for (std::size_t axis : order) {
    positions.push_back(positions_from(0, 1, shape[axis]));
    strides.push_back(own[axis]);
    turned.push_back(shape[axis]);
  }
  return take(tensor, turned, grid(positions, strides));
}

Outputs finish(const Call& call, const Layer& layer, const std::vector<double>& y) {
  const DType dtype = call.input(0).dtype();
  const auto directions = static_cast<std::int64_t>(layer.directions);
  Outputs outputs{laid_out(layer, y, {static_cast<std::int64_t>(layer.steps), directions}, dtype),
                  laid_out(layer, layer.h, {directions}, dtype)};
  if (!layer.c.empty()) outputs.push_back(laid_out(layer, layer.c, {directions}, dtype));
  return outputs;
}

Outputs rnn(const Call& call) {
  Layer layer = layer_of(call, 1, {"Tanh"}, 5);
  return finish(call, layer, run(call, layer, rnn_step));
}

Outputs gru(const Call& call) {
  Layer layer = layer_of(call, 3, {"Sigmoid", "Tanh"}, 5);
  return finish(call, layer, run(call, layer, gru_step));
}

Outputs lstm(const Call& call) {
  Layer layer = layer_of(call, 4, {"Sigmoid", "Tanh", "Tanh"}, 5);
  layer.c = state(call, 6, layer);
  if (call.has(7)) {
    layer.peephole = to_doubles(call.input(7));
    call.require(layer.peephole.size() == layer.directions * 3 * layer.hidden, "P does not fit");
  }
  return finish(call, layer, run(call, layer, lstm_step));
}

constexpr ReferenceKernel kKernels[] = {
    {"GRU", gru},
    {"LSTM", lstm},
    {"RNN", rnn},
};

}  // namespace

std::span<const ReferenceKernel> recurrent_kernels() {
  return kKernels;
}

}  // namespace bw
