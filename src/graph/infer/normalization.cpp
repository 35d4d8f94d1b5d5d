#include "graph/infer/rules.h"

namespace bw::rule {

namespace {

// The shape with the axes from `from` on reduced to 1.
std::optional<Dims> statistics(const Dims* x, std::size_t from) {
  std::optional<Dims> shape = copied(x);
  if (shape)
    for (std::size_t i = from; i < shape->size(); ++i) (*shape)[i] = number_dim(1);
  return shape;
}

}  // namespace

// Outputs: y, and in training the running mean and variance (opset 14), or these and the batch's (before).
void batch_normalization(Inference& at) {
  unary(at);
  const Dims* x = at.shape(0);
  const Dims channels{x && x->size() > 1 ? (*x)[1] : x ? number_dim(1) : Dim{}};
  for (std::size_t i = 1; i < at.outputs(); ++i) at.output(i, at.dtype(i % 2 == 1 ? 3 : 4), channels);
}

// Outputs: y, mean, inverse standard deviation over the axes from `axis` on.
void layer_normalization(Inference& at) {
  unary(at);
  const Dims* x = at.shape(0);
  const auto shape = statistics(x, x ? at.axis(at.attribute("axis"), x->size()) : 0);
  const DType dtype = at.dtype_attribute("stash_type", DType::Float32);
  at.output(1, dtype, shape);
  at.output(2, dtype, shape);
}

void simplified_layer_normalization(Inference& at) {
  unary(at);
  const Dims* x = at.shape(0);
  at.output(1, at.dtype_attribute("stash_type", DType::Float32),
            statistics(x, x ? at.axis(at.attribute("axis"), x->size()) : 0));
}

// Outputs: y, mean, inverse standard deviation, and the sum of input and skip.
void skip_layer_normalization(Inference& at) {
  unary(at);
  const Dims* x = at.shape(0);
  const auto shape = statistics(x, x && !x->empty() ? x->size() - 1 : 0);
  at.output(1, DType::Float32, shape);
  at.output(2, DType::Float32, shape);
  at.output(3, at.dtype(0), copied(x));
}

// ids [batch, steps], segments, and tables [entries, width] of words, positions and segments. Outputs: y, mask index,
// sum of the embeddings.
void embed_layer_normalization(Inference& at) {
  const Dims *ids = at.shape(0), *words = at.shape(2);
  Dims shape(3), batch(1);
  if (ids && ids->size() == 2) {
    shape[0] = batch[0] = (*ids)[0];
    shape[1] = (*ids)[1];
  }
  if (words && words->size() == 2) shape[2] = (*words)[1];
  at.output(0, at.dtype(2), shape);
  at.output(1, DType::Int32, batch);
  at.output(2, at.dtype(2), shape);
}

}  // namespace bw::rule
