// Arithmetic of dimensions, of which some are numbers, some symbols and some unknown.
#include <algorithm>
#include <limits>

#include "graph/infer/inference.h"

namespace bw {

namespace {

// nullopt beyond 63 bits.
std::optional<std::int64_t> multiplied(std::int64_t a, std::int64_t b) {
  if (b != 0 && a > std::numeric_limits<std::int64_t>::max() / b) return std::nullopt;
  return a * b;
}

// One dimension of a broadcast shape.
Dim broadcast_dim(const Inference& at, std::span<const Dim> dims) {
  Dim result = number_dim(1);
  bool symbols_differ = false;
  for (const Dim& dim : dims) {
    if (dim.value == 1) continue;
    if (dim.known()) {
      if (result.known() && result.value != 1 && result.value != dim.value)
        at.fail("dimensions " + std::to_string(result.value) + " and " + std::to_string(dim.value) + " do not match");
      result = dim;
    } else if (result.value == 1) {
      result = dim;
    } else if (!result.known() && (result.symbol != dim.symbol || dim.symbol.empty())) {
      symbols_differ = true;
    }
  }
  return symbols_differ && !result.known() ? Dim{} : result;
}

}  // namespace

Extent Extent::of(const Dim& dim) {
  if (dim.known()) return {dim.value, {}};
  return {std::nullopt, dim.symbol};
}

Dim Extent::dim() const {
  if (!number) return {-1, symbol};
  return *number < 0 ? Dim{} : number_dim(*number);
}

Dims unknown_dims(std::size_t rank) {
  return Dims(rank);
}

std::optional<Dims> copied(const Dims* shape) {
  return shape ? std::optional(*shape) : std::nullopt;
}

Dim product(std::span<const Dim> dims) {
  if (std::any_of(dims.begin(), dims.end(), [](const Dim& dim) { return dim.value == 0; })) return number_dim(0);
  std::optional<std::int64_t> number = 1;
  const Dim* open = nullptr;
  for (const Dim& dim : dims) {
    if (!dim.known() && open) return {};
    if (!dim.known())
      open = &dim;
    else if (number)
      number = multiplied(*number, dim.value);
  }
  if (!number) return {};
  if (open) return *number == 1 ? *open : Dim{};
  return number_dim(*number);
}

Dim times(const Dim& dim, std::int64_t factor) {
  const Dim both[] = {dim, number_dim(factor)};
  return product(both);
}

Dim plus(const Dim& a, const Dim& b) {
  if (a.value == 0) return b;
  if (b.value == 0) return a;
  if (!a.known() || !b.known() || a.value > std::numeric_limits<std::int64_t>::max() - b.value) return {};
  return number_dim(a.value + b.value);
}

Dim unified(const Inference& at, const Dim& a, const Dim& b) {
  if (a.known() && b.known() && a.value != b.value)
    at.fail("dimensions " + std::to_string(a.value) + " and " + std::to_string(b.value) + " must be equal");
  return a.known() || (!b.known() && !a.symbol.empty()) ? a : b;
}

std::optional<Dims> broadcast(const Inference& at, std::span<const Dims* const> shapes) {
  std::size_t rank = 0;
  for (const Dims* shape : shapes) {
    if (!shape) return std::nullopt;
    rank = std::max(rank, shape->size());
  }
  Dims result;
  for (std::size_t from_end = rank; from_end > 0; --from_end) {
    Dims here;
    for (const Dims* shape : shapes)
      if (shape->size() >= from_end) here.push_back((*shape)[shape->size() - from_end]);
    result.push_back(broadcast_dim(at, here));
  }
  return result;
}

std::optional<Dims> broadcast(const Inference& at, std::initializer_list<const Dims*> shapes) {
  return broadcast(at, std::span<const Dims* const>(shapes.begin(), shapes.size()));
}

}  // namespace bw
