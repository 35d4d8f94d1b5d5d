// Models as commands start with them: versions that no runtime takes, codes, bodies, and files that must not be lost.
#include "model/model.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <limits>

#include "base/error.h"
#include "bench/networks.h"
#include "folder.h"
#include "format/onnx/onnx.h"
#include "model/architecture.h"
#include "model/bodies.h"
#include "model/quantized.h"
#include "run/runtime.h"

using namespace bw;

namespace {

Graph product(std::int64_t ir, std::int64_t opset) {
  Graph graph = parse_graph("ir_version 8\nopset \"\" 17\ngraph \"g\" {\n  input %x: float32[N,4]\n" +
                            test::constant("w", {4, 3}, 1) +
                            "  %y: float32[N,3] = MatMul(%x, %w)\n  output %y: float32[N,3]\n}\n");
  graph.ir_version = ir;
  graph.opsets[""] = opset;
  return graph;
}

bool loads(const fs::path& file) {
  try {
    runtime_named("onnxruntime").load({file}, {});
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::string quantized() {
  return R"(ir_version 8
opset "" 17
graph "q" {
  input %x: float32[N,2]
  const %s: float32[] = float32[] {0.5}
  const %z: uint8[] = uint8[] {128}
  const %wq: int8[2,2] = int8[2,2] {1, 2, -3, 4}
  %q: uint8[N,2] = QuantizeLinear(%x, %s, %z)
  %d: float32[N,2] = DequantizeLinear(%q, %s, %z)
  %w: float32[2,2] = DequantizeLinear(%wq, %s)
  %y: float32[N,2] = MatMul(%d, %w)
  output %y: float32[N,2]
}
)";
}

}  // namespace

TEST_CASE("the newest versions that the runtime takes are those that it takes") {
  test::Folder folder;
  const Runtime& runtime = runtime_named("onnxruntime");
  const auto taken = [&](std::int64_t ir, std::int64_t opset) {
    onnx::write(product(ir, opset), folder.path() / "m.onnx");
    return loads(folder.path() / "m.onnx");
  };
  CHECK(taken(runtime.newest_ir_version, runtime.newest_opset));
  CHECK_FALSE(taken(runtime.newest_ir_version + 1, runtime.newest_opset));
  CHECK_FALSE(taken(runtime.newest_ir_version, runtime.newest_opset + 1));
}

TEST_CASE("a model newer than the runtime runs as a copy that it takes, which goes with it") {
  test::Folder folder;
  const fs::path path = folder.path() / "m.onnx";
  onnx::write(product(14, 28), path);
  fs::path copy;
  {
    const LoadedModel model = load_model(path);
    copy = *model.runnable;
    CHECK(copy != path);
    CHECK(loads(copy));
    CHECK(model.notes.size() == 1);
    CHECK(model.prepared.ir_version == 13);
    CHECK(model.bytes == fs::file_size(path));
  }
  CHECK_FALSE(fs::exists(copy));
  onnx::write(product(8, 17), path);
  CHECK(*load_model(path).runnable == path);
}

TEST_CASE("a weight that is no number is refused with its place, an infinity is not") {
  test::Folder folder;
  const fs::path path = folder.path() / "m.onnx";
  const auto save = [&](float bad) {
    Graph graph = product(8, 17);
    std::vector<float> numbers(12, 1);
    numbers[7] = bad;
    graph.value(graph.find("w")).initializer = Tensor::of<float>({4, 3}, std::span<const float>(numbers));
    onnx::write(graph, path);
  };
  save(std::numeric_limits<float>::quiet_NaN());
  try {
    load_model(path);
    FAIL("it was taken");
  } catch (const Error& error) {
    CHECK(error.input_class() == InputClass::Semantic);
    CHECK(std::string(error.what()).find("tensor 'w'") != std::string::npos);
    CHECK(std::string(error.what()).find("index 7") != std::string::npos);
  }
  save(-std::numeric_limits<float>::infinity());
  CHECK_NOTHROW(load_model(path));
}

TEST_CASE("a quantized model says so, and gives its floats where that is asked for") {
  test::Folder folder;
  const fs::path path = folder.path() / "q.onnx";
  onnx::write(parse_graph(quantized()), path);
  const LoadedModel model = load_model(path);
  CHECK(to_sentence(quantized_nodes(model.prepared)) == "Q/DQ: 2 DequantizeLinear, 1 QuantizeLinear");
  const LoadedModel floats = load_model(path, {.read = {}, .requantize = true});
  CHECK(quantized_nodes(floats.prepared).empty());
  const fs::path plain = folder.path() / "plain.onnx";
  onnx::write(product(8, 17), plain);
  CHECK_THROWS_AS(load_model(plain, {.read = {}, .requantize = true}), Error);
}

TEST_CASE("what was done to a model on the way in is among its notes") {
  test::Folder folder;
  Graph graph = parse_graph(R"(ir_version 8
opset "" 17
graph "g" {
  input %x: float32[4]
  %h: float32[4] = Relu(%x) @ "same"
  %y: float32[4] = Neg(%h) @ "other"
  output %y: float32[4]
}
)");
  onnx::write(graph, folder.path() / "plain.onnx");
  CHECK(load_model(folder.path() / "plain.onnx").notes.empty());
  std::swap(graph.nodes[0], graph.nodes[1]);
  graph.nodes[0].name = "same";
  onnx::write(graph, folder.path() / "turned.onnx");
  CHECK(load_model(folder.path() / "turned.onnx").notes ==
        std::vector<std::string>{"nodes of 1 graph(s) were out of order and were sorted",
                                 "1 node(s) had a name of another node and were renamed, 'same' first"});
}

TEST_CASE("what operators on codes are called says how a model is quantized") {
  const auto form = [](const char* op, const char* domain = "com.microsoft") {
    Node node;
    node.op_type = op;
    node.domain = domain;
    node.name = "n";
    Graph graph;
    graph.nodes = {node};
    return to_sentence(quantized_nodes(graph));
  };
  CHECK(form("QuantizeLinear", "") == "Q/DQ: 1 QuantizeLinear");
  CHECK(form("DynamicQuantizeMatMul") == "dynamic: 1 DynamicQuantizeMatMul");
  CHECK(form("MatMulInteger", "") == "dynamic: 1 MatMulInteger");
  CHECK(form("ConvInteger", "") == "dynamic: 1 ConvInteger");
  CHECK(form("MatMulNBits") == "weights in blocks: 1 MatMulNBits");
  CHECK(form("GatherBlockQuantized") == "weights in blocks: 1 GatherBlockQuantized");
  CHECK(form("QLinearConv", "") == "QOperator: 1 QLinearConv");
  CHECK(form("QGemm") == "QOperator: 1 QGemm");
  for (const char* none : {"MatMul", "Q", "Quick"}) CHECK(form(none).empty());
}

TEST_CASE("a plan's base is the graph of the model's file and the passes that prepared it") {
  test::Folder folder;
  const fs::path path = folder.path() / "m.onnx", quantized_path = folder.path() / "q.onnx";
  onnx::write(product(8, 17), path);
  onnx::write(parse_graph(quantized()), quantized_path);
  const LoadedModel model = load_model(path);
  CHECK(model.base.graph == content_hash(onnx::read(path)));
  CHECK(model.base.preparation.size() == 3 + passes().size());
  CHECK(model.base.preparation.front() == "inline-functions 1");
  CHECK(model.base.preparation[3] == "freeze-inputs 1");
  CHECK_FALSE(model.base.requantized);

  // One that knew fewer passes is replayed as it was.
  PlanBase older = model.base;
  older.preparation = {"inline-functions 1", "raise-opset 1", "infer-types 1", "freeze-inputs 1", "constant-nodes 1"};
  const LoadedModel replay = load_model_for(path, older);
  CHECK(replay.base == older);
  const PlanBase floats = load_model(quantized_path, {.read = {}, .requantize = true}).base;
  CHECK(floats.requantized);
  CHECK(quantized_nodes(load_model_for(quantized_path, floats).prepared).empty());

  // What was decided about the graph as it was read is applied to that.
  const LoadedModel unprepared = load_model(path, {.read = {.verify = false, .limits = {}}});
  CHECK(unprepared.base.preparation.empty());
  CHECK(content_hash(load_model_for(path, unprepared.base).prepared) == content_hash(onnx::read(path)));

  const auto refusal = [&](const fs::path& of, const PlanBase& base) {
    try {
      load_model_for(of, base);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::Quantization);
      return std::string(error.what());
    }
    return std::string("taken");
  };
  CHECK(refusal(quantized_path, model.base).find("made for a graph with hash") != std::string::npos);
  PlanBase newer = model.base;
  newer.preparation.back() = "remove-dead-code 9";
  CHECK(refusal(path, newer).find("made with the preparation 'remove-dead-code 9', which this program does not have") !=
        std::string::npos);
  newer = model.base;
  newer.preparation[1] = "raise-opset 2";
  CHECK(refusal(path, newer).find("'raise-opset 2'") != std::string::npos);
  newer.preparation.resize(1);
  CHECK(refusal(path, newer).find("'without raise-opset 1'") != std::string::npos);
}

TEST_CASE("preparing by fewer passes leaves what the others would have done") {
  test::Folder folder;
  const fs::path path = folder.path() / "m.onnx";
  Graph graph = product(8, 17);
  const ValueId output = graph.outputs.front();
  const std::string inner = "inner";
  graph.value(output).name = inner;
  Value last = graph.value(output);
  last.name = "last";
  graph.values.push_back(last);
  const auto same = static_cast<ValueId>(graph.values.size() - 1);
  Node identity;
  identity.op_type = "Identity";
  identity.name = "same";
  identity.inputs = {output};
  identity.outputs = {same};
  graph.nodes.push_back(identity);
  graph.outputs = {same};
  onnx::write(graph, path);
  const auto count = [](const Graph& of) {
    return std::ranges::count_if(of.nodes, [](const Node& node) { return node.op_type == "Identity"; });
  };
  const LoadedModel today = load_model(path);
  CHECK(today.base.graph == content_hash(onnx::read(path)));
  CHECK(count(today.prepared) == 0);
  PlanBase without = today.base;
  std::erase(without.preparation, "remove-identities 1");
  CHECK(count(load_model_for(path, without).prepared) == 1);
}

TEST_CASE("weights in bodies are counted with those of the graph around them") {
  const Graph graph = parse_graph(R"(ir_version 8
opset "" 17
graph "g" {
  input %x: float32[N,2]
  input %c: bool[]
  const %w: float32[2,2] = float32[2,2] {1, 2, 3, 4}
  %y: float32[N,2] = If(%c) {then_branch = graph "t" { capture %x capture %w
    %i = MatMul(%x, %w)
    output %i }, else_branch = graph "e" { capture %x
    const %v: float32[2,2] = float32[2,2] {1, 2, 3, 4}
    %j = MatMul(%x, %v)
    output %j }} @ "choice"
  output %y: float32[N,2]
}
)");
  const auto bodies = weights_in_bodies(graph);
  REQUIRE(bodies.size() == 1);
  CHECK(bodies[0].count == 2);
  CHECK(to_sentence(bodies).find("2 weights in the bodies of 'choice' (If)") == 0);
}

TEST_CASE("codes in bodies are no weights in float") {
  const Graph graph = parse_graph(R"(ir_version 8
opset "" 17
graph "g" {
  input %x: uint8[N,2]
  input %c: bool[]
  const %z: uint8[] = uint8[] {0}
  %y: int32[N,2] = If(%c) {then_branch = graph "t" { capture %x capture %z
    const %w: int8[2,2] = int8[2,2] {1, 2, 3, 4}
    %i = MatMulInteger(%x, %w, %z)
    output %i }} @ "choice"
  output %y: int32[N,2]
}
)");
  CHECK(weights_in_bodies(graph).empty());
}

TEST_CASE("a network without weights is none of the kinds") {
  LoadedModel model;
  model.prepared = parse_graph(
      "ir_version 8\nopset \"\" 17\ngraph \"g\" {\n  input %x: float32[N,2]\n  input %z: float32[N,2]\n"
      "  %y: float32[N,2] = Max(%x, %z)\n  output %y: float32[N,2]\n}\n");
  const Architecture kind = architecture(model.prepared);
  CHECK(kind.type == "other");
}

TEST_CASE("a model is not written over itself, however it is called") {
  test::Folder folder;
  const fs::path path = folder.path() / "m.onnx", link = folder.path() / "link.onnx", other = folder.path() / "o.onnx";
  onnx::write(product(8, 17), path);
  fs::create_symlink(path, link);
  {
    const LoadedModel model = load_model(path);
    CHECK_THROWS_AS(onnx::write(model.original, path), Error);
    CHECK_THROWS_AS(onnx::write(model.original, link), Error);
    CHECK_NOTHROW(onnx::write(model.original, other));
  }
  CHECK_NOTHROW(onnx::write(product(8, 17), path));
}
