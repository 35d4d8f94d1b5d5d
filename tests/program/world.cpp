#include "program/world.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "archive/npy.h"
#include "badinput/onnx_models.h"
#include "base/file.h"
#include "base/random.h"
#include "bench/networks.h"
#include "format/onnx/onnx.h"
#include "graph/evaluate.h"

namespace bw::test {

Tensor normal(const Shape& shape, std::uint64_t seed) {
  Random random(seed);
  return Tensor::fill<float>(shape, [&](std::span<float> out) {
    for (float& x : out) x = static_cast<float>(random.normal());
  });
}

void put_images(const fs::path& npz, std::int64_t count, bool labels) {
  const Tensor images = normal({count, 4, 8, 8}, 7);
  std::map<std::string, Tensor> arrays{{"x", images}};
  if (labels) {
    const Tensor answers = evaluate(cnn(), {{"x", images}}).front();
    const std::span<const float> scores = answers.data<float>();
    arrays["y"] = Tensor::fill<std::int64_t>({count}, [&](std::span<std::int64_t> out) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        const auto row = scores.subspan(5 * i, 5);
        const std::int64_t best = std::max_element(row.begin(), row.end()) - row.begin();
        out[i] = i % 8 == 7 ? (best + 1) % 5 : best;
      }
    });
  }
  write_npz(arrays, npz);
}

namespace {

const ValueType kImages = ValueType::tensor(DType::Float32, std::vector<Dim>{{-1, "N"}, {4, ""}, {8, ""}, {8, ""}});

}  // namespace

Graph dies() {
  Sketch s;
  const ValueId x = s.value("x", kImages);
  Graph graph = s.with_output(s.node("Max", {x, kNoValue}));
  graph.inputs = {x};
  return graph;
}

Graph hangs() {
  Graph graph = deadly::endless_loop();
  graph.inputs.push_back(static_cast<ValueId>(graph.values.size()));
  Value& x = graph.values.emplace_back();
  x.name = "x";
  x.type = kImages;
  return graph;
}

World::World() {
  fs::create_directory(*this / "data");
  onnx::write(cnn(), *this / "cnn.onnx");
  put_images(*this / "data/samples.npz", 60);
}

void World::write_text(const std::string& name, const std::string& text) const {
  write_file(*this / name, text);
}

Json json_file(const fs::path& path) {
  return parse_json(read_file(path), path.string());
}

}  // namespace bw::test
