// Files that were spoiled on purpose, and files that are not the same network.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>

#include "base/error.h"
#include "explain/files.h"
#include "folder.h"
#include "format/format.h"
#include "tensor/convert.h"

namespace bw {
namespace {

using Catch::Matchers::ContainsSubstring;

Tensor times(const Tensor& tensor, float factor) {
  std::vector<float> values = to_floats(tensor);
  for (float& value : values) value *= factor;
  return Tensor::of<float>(tensor.shape(), std::span<const float>(values));
}

Explanation with_scale_times(const std::string& scale, float factor) {
  const test::Folder folder;
  Graph graph = test::golden_model("cnn-qdq").original;
  Value& value = graph.value(graph.find(scale));
  value.initializer = times(value.initializer, factor);
  write_model(graph, folder.path() / "spoiled.onnx");
  return test::explained(test::golden_model("cnn"), load_model(folder.path() / "spoiled.onnx"));
}

TEST_CASE("a layer whose scale is spoiled is named first") {
  const std::pair<const char*, const char*> scales[] = {{"w1_scale", "Conv_c1"}, {"w2_scale", "Conv_c2"},
                                                        {"w3_scale", "Gemm_y"},  {"x_scale", "Conv_c1"},
                                                        {"c2_scale", "Conv_c2"}, {"s_scale", "Add_s"}};
  for (const auto& [scale, node] : scales)
    for (const float factor : {8.0f, 0.125f}) {
      CAPTURE(scale, factor);
      CHECK(with_scale_times(scale, factor).layers.front().node == node);
    }
}

TEST_CASE("what rounds a little too coarsely is made finer, and what is hopeless stays in float") {
  const auto remedy = [](double damage, double weight_noise, std::size_t scales,
                         std::string_view method = "int8-static") {
    ExplainedLayer layer;
    layer.node = "n";
    layer.op = "Conv";
    layer.damage = damage;
    layer.weight = WeightCodes{.scales = scales, .noise = weight_noise};
    layer.rounded = {RoundedValue{.value = "v", .noise = 1e-3}};
    return remedy_for(layer, method).recipe;
  };
  CHECK(remedy(0.001, 1, 1) == "int8-static(per_channel=yes)");
  CHECK(remedy(0.001, 1, 4) == "int8-static+adaround");
  CHECK(remedy(0.001, 0, 4) == "int8-static+range-search");
  CHECK(remedy(0.1, 1, 4) == "int8-static(keep_float=n)");
  CHECK(remedy(0.1, 0, 4) == "int8-static(keep_float=n)");
  CHECK(remedy(0.001, 1, 4, "int8-dynamic") == "int8-dynamic(keep_float=n)");
}

TEST_CASE("the cause of a spoiled layer is told, with what helps") {
  const Remedy gain = *with_scale_times("w2_scale", 4).layers.front().remedy;
  CHECK_THAT(gain.cause, ContainsSubstring("mean 4 times the float weight"));
  CHECK(gain.recipe == "int8-static");
  const ExplainedLayer narrow = with_scale_times("s_scale", 0.125f).layers.front();
  CHECK_THAT(narrow.remedy->cause, ContainsSubstring("the range of its output 's' is too narrow"));
  CHECK(narrow.remedy->recipe == "int8-static(observer=min-max)");
  CHECK(narrow.rounded.front().clipped > 0.3);
  const ExplainedLayer wide = with_scale_times("s_scale", 16).layers.front();
  CHECK_THAT(wide.remedy->cause, ContainsSubstring("is too wide"));
  CHECK(wide.rounded.front().used < 0.1);
  CHECK(wide.rounded.front().clipped == 0);
}

// Channels of what Conv_c1 makes times factors, which Conv_c2 takes back where it reads them: as equalize does.
TEST_CASE("layers that are rescaled by channel are not compared, where what reads them takes the factors back") {
  const test::Folder folder;
  Graph graph = test::golden_model("cnn-qdq").original;
  Value& first = graph.value(graph.find("w1_scale"));
  std::vector<float> scales = to_floats(first.initializer), codes;
  for (std::size_t c = 0; c < scales.size(); ++c) scales[c] *= 1 + static_cast<float>(c);
  first.initializer = Tensor::of<float>(first.initializer.shape(), std::span<const float>(scales));
  write_model(graph, folder.path() / "first.onnx");
  const Explanation alone = test::explained(test::golden_model("cnn"), load_model(folder.path() / "first.onnx"));
  CHECK(alone.layers.front().node == "Conv_c1");  // nothing takes them back: it is spoiled
  CHECK(alone.layers.front().weight->outputs_rescaled);
  CHECK(!alone.layers.front().weight->rescaled);

  Value& second = graph.value(graph.find("w2_quantized"));  // [8, 8, 3, 3]
  codes = to_floats(second.initializer);
  for (std::size_t i = 0; i < codes.size(); ++i)
    codes[i] = std::nearbyint(codes[i] / (1 + static_cast<float>(i / 9 % 8)));
  second.initializer = cast(Tensor::of<float>(second.initializer.shape(), std::span<const float>(codes)), DType::Int8);
  write_model(graph, folder.path() / "both.onnx");
  const Explanation both = test::explained(test::golden_model("cnn"), load_model(folder.path() / "both.onnx"));
  for (const char* node : {"Conv_c1", "Conv_c2"}) {
    CAPTURE(node);
    CHECK(test::layer_named(both, node).weight->rescaled);
    CHECK(!test::layer_named(both, node).isolated);
    CHECK(test::layer_named(both, node).damage == 0);
  }
  CHECK(test::layer_named(both, "Gemm_y").isolated);
}

void refuses(const Graph& quantized, const char* words) {
  const test::Folder folder;
  write_model(quantized, folder.path() / "other.onnx");
  const LoadedModel original = test::golden_model("cnn"), other = load_model(folder.path() / "other.onnx");
  try {
    test::explained(original, other);
    FAIL("it was explained");
  } catch (const Error& error) {
    CHECK(exit_code(error.kind()) == 3);
    CHECK_THAT(error.what(), ContainsSubstring(words) && ContainsSubstring("other.onnx"));
  }
}

TEST_CASE("files that are not the same network are refused, naming what does not match") {
  refuses(test::golden_model("products-dynamic").original, "its input 'x' is float32[N,40]");
  Graph others = test::golden_model("cnn-qdq").original;
  for (Value& value : others.values)
    if (value.name.starts_with("w") && value.name.ends_with("_scale")) value.initializer = times(value.initializer, -1);
  refuses(others, "its weights are not those of the float model: 'Conv_c1' (Conv) holds others");
}

}  // namespace
}  // namespace bw
