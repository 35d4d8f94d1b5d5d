#include "graph/twins.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <tuple>
#include <vector>

namespace bw {
namespace {

template <class Element>
std::uint64_t sum_of(std::span<const std::byte> bytes) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at + sizeof(Element) <= bytes.size(); at += sizeof(Element)) {
    Element element;
    std::memcpy(&element, bytes.data() + at, sizeof element);
    const std::uint64_t mixed = (std::uint64_t{element} + 1) * 0x9E3779B97F4A7C15u;
    sum += mixed ^ mixed >> 29;
  }
  return sum;
}

// Equal for tensors that have the same elements in any order.
std::uint64_t fingerprint(const Tensor& tensor) {
  switch (info(tensor.dtype()).bits) {
    case 16:
      return sum_of<std::uint16_t>(tensor.bytes());
    case 32:
      return sum_of<std::uint32_t>(tensor.bytes());
    case 64:
      return sum_of<std::uint64_t>(tensor.bytes());
    default:
      return sum_of<std::uint8_t>(tensor.bytes());
  }
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  return std::ranges::equal(a.bytes(), b.bytes());
}

bool is_transpose(const Tensor& a, const Tensor& b) {
  if (a.rank() != 2 || b.rank() != 2 || info(a.dtype()).bits < 8) return false;
  if (a.shape()[0] != b.shape()[1] || a.shape()[1] != b.shape()[0]) return false;
  const auto rows = static_cast<std::size_t>(a.shape()[0]), columns = static_cast<std::size_t>(a.shape()[1]);
  const auto width = static_cast<std::size_t>(info(a.dtype()).bits / 8);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j)
      if (std::memcmp(a.bytes().data() + (i * columns + j) * width, b.bytes().data() + (j * rows + i) * width, width) !=
          0)
        return false;
  return true;
}

std::optional<Twin> twin_of(const Graph& graph, ValueId id, const std::vector<ValueId>& earlier) {
  const Tensor& tensor = graph.value(id).initializer;
  for (const ValueId other : earlier) {
    if (same_bytes(graph.value(other).initializer, tensor)) return Twin{other, false};
    if (is_transpose(graph.value(other).initializer, tensor)) return Twin{other, true};
  }
  return std::nullopt;
}

void add_twins(const Graph& graph, const std::vector<ValueId>& alike, std::map<ValueId, Twin>& found) {
  std::map<std::uint64_t, std::vector<ValueId>> firsts;
  for (const ValueId id : alike) {
    std::vector<ValueId>& earlier = firsts[fingerprint(graph.value(id).initializer)];
    if (const auto twin = twin_of(graph, id, earlier))
      found.emplace(id, *twin);
    else
      earlier.push_back(id);
  }
}

}  // namespace

std::map<ValueId, Twin> twins(const Graph& graph, std::size_t least_bytes) {
  std::map<std::tuple<DType, std::size_t>, std::vector<ValueId>> by_size;
  for (std::size_t i = 0; i < graph.values.size(); ++i) {
    const auto id = static_cast<ValueId>(i);
    const Tensor& tensor = graph.values[i].initializer;
    if (!tensor.defined() || tensor.dtype() == DType::String || tensor.bytes().size() < least_bytes) continue;
    if (graph.is_constant(id) && !graph.is_output(id)) by_size[{tensor.dtype(), tensor.size()}].push_back(id);
  }
  std::map<ValueId, Twin> found;
  for (const auto& [size, alike] : by_size)
    if (alike.size() > 1) add_twins(graph, alike, found);
  return found;
}

}  // namespace bw
