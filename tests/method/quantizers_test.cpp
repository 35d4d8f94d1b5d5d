// Codes, scales and zero points of small networks against onnxruntime's own quantizers (tests/oracle/quantizers.py) and
// PyTorch's (torch_quantizers.py).
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "method/graphs.h"

using namespace bw;
using namespace bw::test;
using Catch::Approx;

namespace {

using Arrays = std::map<std::string, Tensor>;

Graph network(const std::string& name) {
  Graph graph = onnx::read(fs::path(BW_GOLDEN) / "method" / (name + ".onnx"));
  onnx::infer_types(graph);
  prepare(graph);
  onnx::infer_types(graph);
  return graph;
}

// As tests/oracle/quantizers.py makes them: two samples of a multiplicative hash, one after the other.
Inputs inputs_of(const Graph& graph) {
  const std::vector<Dim>& dims = *graph.value(graph.inputs[0]).type.shape;
  Shape shape{dims.size() == 4 ? 2 : 4};
  for (std::size_t i = 1; i < dims.size(); ++i) shape.push_back(dims[i].value);
  const std::size_t each = element_count(shape);
  shape[0] *= 2;
  return {{"x", Tensor::fill<float>(shape, [&](std::span<float> out) {
             for (std::size_t i = 0; i < out.size(); ++i) {
               const std::uint64_t index = i % each + (100 + i / each) * 1000003;
               const auto hashed = static_cast<std::uint32_t>(index * 2654435761u);
               out[i] = (static_cast<float>(hashed >> 8) * 0x1p-24f - 0.5f) * 4;
             }
           })}};
}

// The constants of a quantized network by the names that the peers give them.
Arrays arrays_of(const Graph& graph) {
  Arrays arrays;
  for (const Value& value : graph.values)
    if (value.initializer.defined()) arrays[value.name] = value.initializer;
  for (const Node& node : graph.nodes)
    if (node.op_type == "MatMulNBits" || node.op_type == "DynamicQuantizeLSTM")
      for (std::size_t i = 0; i < node.inputs.size(); ++i)
        if (node.inputs[i] != kNoValue && graph.is_constant(node.inputs[i]))
          arrays[fmt::format("{}[{}]", node.op_type, i)] = graph.value(node.inputs[i]).initializer;
  if (arrays.contains("v_quantized_transposed")) arrays["v_quantized"] = arrays.at("v_quantized_transposed");
  for (const char* bias : {"b", "b1", "b2", "b3"})
    for (const char* part : {"scale", "zero_point"})
      if (const auto found = arrays.find(fmt::format("{}_{}", bias, part)); found != arrays.end())
        arrays[fmt::format("{}_quantized_{}", bias, part)] = found->second;
  return arrays;
}

// What the peers have and this network has not: codes of an output that stays in float, and codes before a Relu that
// our range takes over.
bool is_theirs_alone(const std::string& name) {
  return name.starts_with("y_") || name.starts_with("c1_");
}

// Bit for bit; but the two calibrate with differently fused graphs, so that the last digits of an activation's scale
// may differ, and with them the last one of a bias.
void compare(const std::string& name, const std::vector<double>& theirs, const Tensor& ours) {
  const bool bias = name.size() > 1 && name[0] == 'b', activation = theirs.size() == 1 && name.ends_with("_scale");
  const std::vector<double> met = to_doubles(ours);
  REQUIRE(met.size() == theirs.size());
  for (std::size_t i = 0; i < met.size(); ++i) {
    INFO(name << "[" << i << "]: ours " << met[i] << ", theirs " << theirs[i]);
    if (name.ends_with("_scale") && (bias || activation))
      CHECK(met[i] == Approx(theirs[i]).epsilon(1e-6));
    else if (bias)
      CHECK(std::abs(met[i] - theirs[i]) <= 1);
    else if (info(ours.dtype()).is_float)
      CHECK(static_cast<float>(met[i]) == static_cast<float>(theirs[i]));
    else
      CHECK(met[i] == theirs[i]);
  }
}

void compare_rows(const std::string& file, std::size_t rows) {
  const Json golden = parse_json(read_file(fs::path(BW_GOLDEN) / "method" / file), file);
  CHECK(golden.size() == rows);
  for (const Json& row : golden) {
    const auto recipe = row.at("recipe").get<std::string>();
    INFO(row.at("network").get<std::string>() << " " << recipe);
    const Graph graph = network(row.at("network").get<std::string>());
    const Inputs inputs = recipe.starts_with("int8-static") ? inputs_of(graph) : Inputs{};
    const Arrays ours = arrays_of(lowered(graph, recipe, inputs));
    std::size_t compared = 0;
    for (const auto& [name, theirs] : row.at("arrays").items()) {
      if (is_theirs_alone(name)) continue;
      INFO(name);
      REQUIRE(ours.contains(name));
      compare(name, theirs.get<std::vector<double>>(), ours.at(name));
      ++compared;
    }
    CHECK(compared >= 2);
  }
}

}  // namespace

TEST_CASE("codes, scales and zero points are those of onnxruntime's own quantizers") {
  compare_rows("codes.json", 19);
}

TEST_CASE("codes, scales and zero points are those of PyTorch's observers and quantizers") {
  compare_rows("torch.json", 3);
}
