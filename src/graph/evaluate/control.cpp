// If, Loop and Scan.
#include <algorithm>

#include "graph/evaluate/catalog.h"
#include "graph/evaluate/elements.h"

namespace bw {

namespace {

constexpr std::int64_t kMostTrips = 1 << 20;

const Graph& body_of(const Call& call, const char* attribute) {
  const Attribute* entry = call.node.find(attribute);
  const Subgraph* body = entry ? std::get_if<Subgraph>(&entry->data) : nullptr;
  if (!body || !*body) call.fail(std::string("attribute '") + attribute + "' must be a graph");
  return **body;
}

bool truth(const Call& call, const Tensor& condition) {
  const std::vector<std::int64_t> values = to_int64s(condition);
  call.require(values.size() == 1, "a condition must be one value");
  return values[0] != 0;
}

// Equal tensors one above the other along a new axis.
Tensor stack(const Call& call, const std::vector<Tensor>& parts, std::size_t axis) {
  if (parts.empty()) call.fail("no step was taken: the shape of the result is not known", InputClass::Unsupported);
  Shape shape = parts[0].shape();
  call.require(axis <= shape.size(), "the axis is outside the result");
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis), static_cast<std::int64_t>(parts.size()));
  std::vector<std::int64_t> indices(call.result_size(shape));
  const AxisView view(shape, axis);
  for (std::size_t k = 0; k < parts.size(); ++k) {
    call.require(parts[k].shape() == parts[0].shape(), "steps give different shapes");
    for (std::size_t o = 0; o < view.outer; ++o)
      for (std::size_t i = 0; i < view.inner; ++i)
        indices[view.at(o, k, i)] = static_cast<std::int64_t>(k * parts[0].size() + o * view.inner + i);
  }
  return take(join(parts), shape, indices);
}

// The part at `place` of an axis, without that axis.
Tensor part_at(const Tensor& x, std::size_t axis, std::int64_t place) {
  std::vector<std::vector<std::int64_t>> positions = all_positions(x.shape());
  positions[axis] = {place};
  Shape shape = x.shape();
  shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  return take(x, shape, grid(positions, strides_of(x.shape())));
}

Outputs if_of(const Call& call) {
  return evaluate_subgraph(call, body_of(call, truth(call, call.input(0)) ? "then_branch" : "else_branch"), {});
}

// Body: (trip, condition, carried...) -> (condition, carried..., scanned...).
Outputs loop(const Call& call) {
  const Graph& body = body_of(call, "body");
  const std::int64_t most = call.has(0) ? call.integer(0) : kMostTrips;
  std::vector<Tensor> carried(call.inputs.begin() + 2, call.inputs.end());
  call.require(body.outputs.size() > carried.size(), "the body gives too few values");
  std::vector<std::vector<Tensor>> scanned(body.outputs.size() - 1 - carried.size());
  Tensor condition = call.has(1) ? call.input(1) : Tensor::scalar(true);
  for (std::int64_t trip = 0; trip < most && truth(call, condition); ++trip) {
    if (trip >= kMostTrips) call.fail("the loop does not end", InputClass::Limit);
    std::vector<Tensor> inputs{Tensor::scalar(trip), condition};
    inputs.insert(inputs.end(), carried.begin(), carried.end());
    const Outputs outputs = evaluate_subgraph(call, body, inputs);
    condition = outputs[0];
    std::copy_n(outputs.begin() + 1, carried.size(), carried.begin());
    for (std::size_t i = 0; i < scanned.size(); ++i) scanned[i].push_back(outputs[1 + carried.size() + i]);
  }
  Outputs results = carried;
  for (const std::vector<Tensor>& parts : scanned) results.push_back(stack(call, parts, 0));
  return results;
}

// Body: (states..., elements...) -> (states..., scanned...). Opset 8 had a batch axis and is not interpreted.
Outputs scan(const Call& call) {
  if (call.opset < 9) call.fail("Scan of opset 8 is not interpreted", InputClass::Unsupported);
  const Graph& body = body_of(call, "body");
  const std::int64_t given = call.int_of("num_scan_inputs");
  call.require(given > 0 && static_cast<std::size_t>(given) <= call.inputs.size(), "num_scan_inputs does not fit");
  const auto elements = static_cast<std::size_t>(given);
  const std::size_t states = call.inputs.size() - elements;
  call.require(body.outputs.size() >= states, "the body gives too few values");
  const std::size_t results = body.outputs.size() - states;
  const auto list = [&](const char* name, std::size_t count) {
    std::vector<std::int64_t> values = call.node.ints_or(name, std::vector<std::int64_t>(count, 0));
    call.require(values.size() == count, "attributes do not have one entry a scanned value");
    return values;
  };
  const auto in_axes = list("scan_input_axes", elements), in_reversed = list("scan_input_directions", elements);
  const auto out_axes = list("scan_output_axes", results), out_reversed = list("scan_output_directions", results);
  std::vector<Tensor> state(call.inputs.begin(), call.inputs.begin() + static_cast<std::ptrdiff_t>(states));
  std::vector<std::size_t> axes;
  for (std::size_t i = 0; i < elements; ++i) axes.push_back(call.axis(in_axes[i], call.input(states + i).rank()));
  const std::int64_t steps = call.input(states).shape()[axes[0]];
  std::vector<std::vector<Tensor>> scanned(results);
  for (std::int64_t step = 0; step < steps; ++step) {
    std::vector<Tensor> inputs = state;
    for (std::size_t i = 0; i < elements; ++i) {
      const Tensor& x = call.input(states + i);
      call.require(x.shape()[axes[i]] == steps, "scanned inputs differ in length");
      inputs.push_back(part_at(x, axes[i], in_reversed[i] ? steps - 1 - step : step));
    }
    const Outputs outputs = evaluate_subgraph(call, body, inputs);
    std::copy_n(outputs.begin(), states, state.begin());
    for (std::size_t i = 0; i < results; ++i) scanned[i].push_back(outputs[states + i]);
  }
  Outputs all = state;
  for (std::size_t i = 0; i < results; ++i) {
    if (out_reversed[i]) std::reverse(scanned[i].begin(), scanned[i].end());
    const std::size_t rank = scanned[i].empty() ? 0 : scanned[i][0].rank() + 1;
    all.push_back(stack(call, scanned[i], rank ? call.axis(out_axes[i], rank) : 0));
  }
  return all;
}

constexpr ReferenceKernel kKernels[] = {
    {"If", if_of},
    {"Loop", loop},
    {"Scan", scan},
};

}  // namespace

std::span<const ReferenceKernel> control_kernels() {
  return kKernels;
}

}  // namespace bw
