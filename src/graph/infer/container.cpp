// Control flow, sequences and optionals.
#include <algorithm>
#include <memory>

#include "base/error.h"
#include "graph/infer/rules.h"

namespace bw::rule {

namespace {

using Kind = ValueType::Kind;

// Nothing where the types would be nested without end.
ValueType holding(Kind kind, const ValueType& element) {
  constexpr int kDeepest = 16;
  ValueType type;
  int depth = 0;
  for (const ValueType* inner = &element; inner; inner = inner->element.get()) ++depth;
  if (element.kind == Kind::Unknown || depth > kDeepest) return type;
  type.kind = kind;
  type.element = std::make_shared<const ValueType>(element);
  return type;
}

ValueType element_of(const ValueType& type, Kind kind) {
  return type.kind == kind && type.element ? *type.element : ValueType{};
}

// What is true of both: equal dimensions, equal rank, equal element type.
ValueType common(const ValueType& a, const ValueType& b) {
  if (a.kind != b.kind) return {};
  ValueType type = a;
  if (a.dtype != b.dtype) type.dtype = DType::Undefined;
  if (a.element && b.element) type.element = std::make_shared<const ValueType>(common(*a.element, *b.element));
  if (!a.shape || !b.shape || a.shape->size() != b.shape->size()) {
    type.shape.reset();
    return type;
  }
  for (std::size_t i = 0; i < a.shape->size(); ++i)
    if ((*a.shape)[i] != (*b.shape)[i]) (*type.shape)[i] = Dim{};
  return type;
}

ValueType without_shape(ValueType type) {
  type.shape.reset();
  if (type.element) type.element = std::make_shared<const ValueType>(without_shape(*type.element));
  return type;
}

ValueType without_axis(const Inference& at, ValueType type, std::int64_t axis) {
  if (type.shape)
    type.shape->erase(type.shape->begin() + static_cast<std::ptrdiff_t>(at.axis(axis, type.shape->size())));
  return type;
}

ValueType with_axis(const Inference& at, ValueType type, std::int64_t axis, const Dim& extent) {
  if (type.shape)
    type.shape->insert(type.shape->begin() + static_cast<std::ptrdiff_t>(at.axis(axis, type.shape->size() + 1)),
                       extent);
  return type;
}

}  // namespace

// A branch that could not run is never taken (exporters write "drop the axis if its extent is 1"): then the results are
// the other's.
void if_else(Inference& at) {
  std::vector<std::vector<ValueType>> results;
  std::optional<Error> impossible;
  for (const std::string_view branch : {"then_branch", "else_branch"}) {
    try {
      results.push_back(at.body(branch, {}));
    } catch (const Error& error) {
      if (impossible) throw;
      impossible = error;
    }
  }
  for (std::size_t i = 0; i < std::min({at.outputs(), results.front().size(), results.back().size()}); ++i)
    at.output(i, common(results.front()[i], results.back()[i]));
}

// Inputs: most trips, condition, states. The body takes (trip, condition, states...) and gives (condition, states...,
// one element of each scan output). A state may change its shape from trip to trip.
void loop(Inference& at) {
  std::vector<ValueType> inputs{ValueType::tensor(DType::Int64), ValueType::tensor(DType::Bool)};  // of rank 0 or 1
  const std::size_t states = at.inputs() > 2 ? at.inputs() - 2 : 0;
  for (std::size_t i = 0; i < states; ++i) inputs.push_back(without_shape(at.input(i + 2)));
  const auto results = at.body("body", inputs);
  for (std::size_t i = 0; i < at.outputs() && i + 1 < results.size(); ++i)
    at.output(i, i < states ? without_shape(results[i + 1]) : with_axis(at, results[i + 1], 0, Dim{}));
}

namespace {

// Before opset 9: input 0 is the lengths, and all else has a batch axis before the one that is scanned.
void scan_of_batches(Inference& at) {
  const std::int64_t scanned = at.attribute("num_scan_inputs"), others = static_cast<std::int64_t>(at.inputs()) - 1;
  at.require(scanned >= 1 && scanned <= others, "fewer inputs than are scanned");
  const auto states = static_cast<std::size_t>(others - scanned);
  std::vector<ValueType> inputs;
  Dim batch, length;
  for (std::size_t i = 1; i < at.inputs(); ++i) {
    ValueType type = without_axis(at, at.input(i), 0);
    const Dims* shape = at.shape(i);
    if (shape) batch = unified(at, batch, shape->front());
    if (i > states && shape) {
      type = without_axis(at, type, 0);
      length = unified(at, length, (*shape)[1]);
    }
    inputs.push_back(std::move(type));
  }
  const auto results = at.body("body", inputs);
  for (std::size_t i = 0; i < std::min(at.outputs(), results.size()); ++i)
    at.output(i, with_axis(at, i < states ? results[i] : with_axis(at, results[i], 0, length), 0, batch));
}

}  // namespace

// Inputs: states, then what is scanned along an axis. The body takes (states..., one element of each) and gives
// (states..., one element of each result).
void scan(Inference& at) {
  if (at.opset() < 9) return scan_of_batches(at);
  const std::int64_t scanned = at.attribute("num_scan_inputs");
  at.require(scanned >= 1 && scanned <= static_cast<std::int64_t>(at.inputs()), "fewer inputs than are scanned");
  const std::size_t states = at.inputs() - static_cast<std::size_t>(scanned);
  const auto in_axes = at.list("scan_input_axes"), out_axes = at.list("scan_output_axes");
  const auto axis = [](const std::vector<std::int64_t>& axes, std::size_t i) { return i < axes.size() ? axes[i] : 0; };
  std::vector<ValueType> inputs;
  Dim length;
  for (std::size_t i = 0; i < at.inputs(); ++i) {
    const ValueType& type = at.input(i);
    inputs.push_back(i < states ? type : without_axis(at, type, axis(in_axes, i - states)));
    if (i >= states && type.shape)
      length = unified(at, length, (*type.shape)[at.axis(axis(in_axes, i - states), type.shape->size())]);
  }
  const auto results = at.body("body", inputs);
  for (std::size_t i = 0; i < std::min(at.outputs(), results.size()); ++i) {
    if (i < states) at.output(i, at.input(i));
    at.output(i, i < states ? results[i] : with_axis(at, results[i], axis(out_axes, i - states), length));
  }
}

void sequence_at(Inference& at) {
  at.output(0, element_of(at.input(0), Kind::Sequence));
}

void sequence_construct(Inference& at) {
  ValueType element = at.input(0);
  for (std::size_t i = 1; i < at.inputs(); ++i) element = common(element, at.input(i));
  at.output(0, holding(Kind::Sequence, element));
}

void sequence_empty(Inference& at) {
  at.output(0, holding(Kind::Sequence, ValueType::tensor(at.dtype_attribute("dtype", DType::Float32))));
}

void sequence_insert(Inference& at) {
  const ValueType element = element_of(at.input(0), Kind::Sequence);
  at.output(0, holding(Kind::Sequence, common(element, at.input(1))));
}

void sequence_length(Inference& at) {
  at.output(0, DType::Int64, Dims{});
}

// The body takes one element of each sequence (or a tensor as it is) and gives one element of each result.
void sequence_map(Inference& at) {
  std::vector<ValueType> inputs;
  for (std::size_t i = 0; i < at.inputs(); ++i)
    inputs.push_back(at.input(i).kind == Kind::Sequence ? element_of(at.input(i), Kind::Sequence) : at.input(i));
  const auto results = at.body("body", inputs);
  for (std::size_t i = 0; i < std::min(at.outputs(), results.size()); ++i)
    at.output(i, holding(Kind::Sequence, results[i]));
}

// Parts of the sizes given, of one size, or of one each: then the axis may be dropped.
void split_to_sequence(Inference& at) {
  ValueType element = ValueType::tensor(at.dtype(0), copied(at.shape(0)));
  if (element.shape) {
    const std::size_t axis = at.axis(at.attribute("axis"), element.shape->size());
    Dim& extent = (*element.shape)[axis];
    if (!at.has(1)) {
      if (at.attribute("keepdims") != 0)
        extent = number_dim(1);
      else
        element.shape->erase(element.shape->begin() + static_cast<std::ptrdiff_t>(axis));
    } else {
      const auto sizes = at.integers(1);
      const Dims* shape = at.shape(1);
      const bool one_size = shape && shape->empty();
      const bool equal = sizes && !sizes->empty() &&
                         std::all_of(sizes->begin(), sizes->end(), [&](std::int64_t s) { return s == sizes->front(); });
      const bool fills =
          equal && sizes->front() > 0 && (!one_size || (extent.known() && extent.value % sizes->front() == 0));
      extent = fills ? number_dim(sizes->front()) : Dim{};
    }
  }
  at.output(0, holding(Kind::Sequence, element));
}

void concat_from_sequence(Inference& at) {
  const ValueType element = element_of(at.input(0), Kind::Sequence);
  if (element.kind != Kind::Tensor) return;
  if (at.attribute("new_axis") != 0) return at.output(0, with_axis(at, element, at.attribute("axis"), Dim{}));
  ValueType type = element;
  if (type.shape) (*type.shape)[at.axis(at.attribute("axis"), type.shape->size())] = Dim{};
  at.output(0, type);
}

void optional(Inference& at) {
  if (at.has(0)) return at.output(0, holding(Kind::Optional, at.input(0)));
  if (const Attribute* type = at.node().find("type"))
    if (const auto* of = std::get_if<ValueType>(&type->data)) at.output(0, holding(Kind::Optional, *of));
}

void optional_get_element(Inference& at) {
  const ValueType& type = at.input(0);
  at.output(0, type.kind == Kind::Optional ? element_of(type, Kind::Optional) : type);
}

void optional_has_element(Inference& at) {
  at.output(0, DType::Bool, Dims{});
}

}  // namespace bw::rule
