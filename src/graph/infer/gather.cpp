// Elements chosen by indices.
#include "graph/infer/rules.h"

namespace bw::rule {

namespace {

std::optional<Dims> gathered(const Inference& at, const Dims* data, const Dims* indices, std::int64_t axis_number) {
  if (!data || !indices) return std::nullopt;
  at.require(!data->empty(), "the data have no axes");
  const auto axis = static_cast<std::ptrdiff_t>(at.axis(axis_number, data->size()));
  Dims result(data->begin(), data->begin() + axis);
  result.insert(result.end(), indices->begin(), indices->end());
  result.insert(result.end(), data->begin() + axis + 1, data->end());
  return result;
}

}  // namespace

void gather(Inference& at) {
  at.output(0, at.dtype(0), gathered(at, at.shape(0), at.shape(1), at.attribute("axis")));
  const auto data = at.contents(0), indices = at.contents(1);
  if (!data || data->scalar || !indices) return;
  const auto count = static_cast<std::int64_t>(data->elements.size());
  Contents result{{}, indices->scalar};
  for (const Extent& index : indices->elements) {
    if (!index.number) return;
    at.require(*index.number >= -count && *index.number < count, "an index is outside of the data");
    result.elements.push_back(
        data->elements[static_cast<std::size_t>(*index.number < 0 ? *index.number + count : *index.number)]);
  }
  at.contents_of_output(std::move(result));
}

void gather_elements(Inference& at) {
  at.output(0, at.dtype(0), copied(at.shape(1)));
}

// Indices [..., k] name places in the first k axes of the data (after the batch axes).
void gather_nd(Inference& at) {
  at.output(0, at.dtype(0));
  const Dims *data = at.shape(0), *indices = at.shape(1);
  if (!data || !indices) return;
  at.require(!indices->empty(), "the indices have no axes");
  if (!indices->back().known()) return;
  const std::int64_t batch = at.attribute("batch_dims"), rank = static_cast<std::int64_t>(data->size());
  at.require(batch >= 0 && batch <= rank && indices->back().value <= rank - batch,
             "the indices name more axes than there are");
  const std::int64_t named = batch + indices->back().value;
  Dims result(indices->begin(), indices->end() - 1);
  result.insert(result.end(), data->begin() + named, data->end());
  at.output(0, at.dtype(0), std::move(result));
}

// Codes in bytes hold two values of 4 bits each along the last axis.
void gather_block_quantized(Inference& at) {
  auto shape = gathered(at, at.shape(0), at.shape(1), at.attribute("gather_axis"));
  if (shape && at.dtype(0) == DType::UInt8 && at.attribute("bits") == 4) shape->back() = times(shape->back(), 2);
  at.output(0, at.dtype(2), std::move(shape));
}

void array_feature_extractor(Inference& at) {
  at.output(0, at.dtype(0));
  const Dims *x = at.shape(0), *indices = at.shape(1);
  if (!x || x->size() < 2) return;
  Dims result = *x;
  result.back() = indices ? product(*indices) : Dim{};
  at.output(0, at.dtype(0), std::move(result));
}

void compress(Inference& at) {
  const Dims* x = at.shape(0);
  if (!at.node().find("axis")) return at.output(0, at.dtype(0), Dims{Dim{}});
  if (!x) return at.output(0, at.dtype(0));
  Dims result = *x;
  result[at.axis(at.attribute("axis"), x->size())] = Dim{};
  at.output(0, at.dtype(0), std::move(result));
}

void one_hot(Inference& at) {
  const Dims* indices = at.shape(0);
  if (!indices) return at.output(0, at.dtype(2));
  const auto depth = at.contents(1);
  Dims result = *indices;
  const auto axis = static_cast<std::ptrdiff_t>(at.axis(at.attribute("axis"), indices->size() + 1));
  result.insert(result.begin() + axis, depth && depth->elements.size() == 1 ? depth->elements[0].dim() : Dim{});
  at.output(0, at.dtype(2), std::move(result));
}

}  // namespace bw::rule
