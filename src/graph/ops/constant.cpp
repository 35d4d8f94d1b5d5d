#include "graph/ops/constant.h"

namespace bw {

namespace {

Shape length_of(const auto& list) {
  return {static_cast<std::int64_t>(list.size())};
}

}  // namespace

Tensor content_of(const Node& node) {
  if (!node.is("Constant")) return {};
  for (const Attribute& attribute : node.attributes) {
    if (const auto* tensor = std::get_if<Tensor>(&attribute.data)) return *tensor;
    if (const auto* integer = std::get_if<std::int64_t>(&attribute.data)) return Tensor::scalar(*integer);
    if (const auto* number = std::get_if<float>(&attribute.data)) return Tensor::scalar(*number);
    if (const auto* text = std::get_if<std::string>(&attribute.data)) return Tensor::of_strings({}, {*text});
    if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&attribute.data))
      return Tensor::of<std::int64_t>(length_of(*integers), std::span(*integers));
    if (const auto* numbers = std::get_if<std::vector<float>>(&attribute.data))
      return Tensor::of<float>(length_of(*numbers), std::span(*numbers));
    if (const auto* texts = std::get_if<std::vector<std::string>>(&attribute.data))
      return Tensor::of_strings(length_of(*texts), *texts);
  }
  return {};
}

}  // namespace bw
