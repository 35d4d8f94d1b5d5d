// What the reader keeps and mends, what the writer puts where, and what the onnx library is asked for.
#include <onnx/onnx_pb.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fstream>

#include "badinput/onnx_models.h"
#include "base/error.h"
#include "folder.h"
#include "format/format.h"
#include "format/onnx/onnx.h"

namespace bw {
namespace {

using test::attribute;
using test::Sketch;

Tensor counting(DType dtype, Shape shape) {
  return Tensor::make(dtype, std::move(shape), [](std::span<std::byte> bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i % 2);
  });
}

Graph with_weight(Tensor tensor) {
  Sketch s(23);
  const DType dtype = tensor.dtype();
  const ValueId w = s.constant("w", std::move(tensor));
  return s.with_output(s.node("Identity", {w}), dtype);
}

Graph round_trip(const Graph& graph) {
  return onnx::parse(as_bytes(onnx::serialize(graph)), ".");
}

ValueId find(const Graph& graph, const char* name) {
  const ValueId id = graph.find(name);
  REQUIRE(id != kNoValue);
  return id;
}

// One branch of an If that adds the captured x to itself, under the name `output`.
Subgraph branch(const std::string& output) {
  Sketch s;
  const ValueId x = s.capture("x");
  return std::make_shared<const Graph>(s.with_output(s.node("Add", {x, x}, {}, output)));
}

}  // namespace

TEST_CASE("tensors of every type come back") {
  for (int number = 1; number < 64; ++number) {
    if (!is_known_dtype(number) || static_cast<DType>(number) == DType::String) continue;
    INFO(name_of(static_cast<DType>(number)));
    const Tensor tensor = counting(static_cast<DType>(number), {4, 4});
    const Graph back = round_trip(with_weight(tensor));
    CHECK(back.value(find(back, "w")).initializer == tensor);
  }
  const Tensor text = Tensor::of_strings({2}, {"one", std::string("t\0o", 3)});
  const Graph back = round_trip(with_weight(text));
  CHECK(back.value(find(back, "w")).initializer.strings() == text.strings());
}

TEST_CASE("typed data fields become packed bytes") {
  ::onnx::ModelProto model;
  REQUIRE(model.ParseFromString(onnx::serialize(with_weight(Tensor::of<float>({2}, {1.0f, 2.0f})))));
  auto& proto = *model.mutable_graph()->mutable_initializer(0);
  const auto read = [&] {
    const Graph graph = onnx::parse(as_bytes(model.SerializeAsString()), ".", {.verify = false});
    return graph.value(find(graph, "w")).initializer;
  };
  const auto refill = [&](int type, std::initializer_list<int> values) {
    proto.clear_raw_data();
    proto.clear_int32_data();
    proto.set_data_type(type);
    for (const int value : values) proto.add_int32_data(value);
  };
  refill(::onnx::TensorProto::INT8, {-3, 127});
  CHECK(read() == Tensor::of<std::int8_t>({2}, {-3, 127}));
  refill(::onnx::TensorProto::FLOAT16, {0x3C00, 0xC000});
  CHECK(read() == Tensor::of<Half>({2}, {Half{0x3C00}, Half{0xC000}}));
  refill(::onnx::TensorProto::BOOL, {1, 0});
  CHECK(read() == Tensor::of<bool>({2}, {true, false}));
  refill(::onnx::TensorProto::UINT64, {});
  proto.add_uint64_data(std::uint64_t{1} << 40);
  proto.add_uint64_data(7);
  CHECK(read() == Tensor::of<std::uint64_t>({2}, {std::uint64_t{1} << 40, 7}));
  proto.clear_uint64_data();
  proto.set_dims(0, 3);
  refill(::onnx::TensorProto::INT4, {0x21, 0xF3});  // the upper half of the last byte is padding
  const Tensor packed = read();
  CHECK(packed.bytes()[0] == std::byte{0x21});
  CHECK(packed.bytes()[1] == std::byte{0x03});
}

TEST_CASE("types of inputs come back, whatever their kind") {
  const auto element = std::make_shared<const ValueType>(ValueType::tensor(DType::Float32, Shape{2}));
  ValueType map, sparse = ValueType::tensor(DType::Float16, Shape{3, 4}), sequence;
  map.kind = ValueType::Kind::Map;
  map.dtype = DType::Int64;
  map.element = sequence.element = element;
  sparse.kind = ValueType::Kind::SparseTensor;
  sequence.kind = ValueType::Kind::Sequence;
  for (const ValueType& type : {map, sparse, sequence}) {
    INFO(to_string(type));
    Graph graph = with_weight(Tensor::scalar(1.0f));
    graph.inputs.push_back(static_cast<ValueId>(graph.values.size()));
    graph.values.emplace_back().name = "in";
    graph.values.back().type = type;
    const Graph back = onnx::parse(as_bytes(onnx::serialize(graph)), ".", {.verify = false});
    CHECK(to_string(back.value(find(back, "in")).type) == to_string(type));
  }
}

TEST_CASE("a negative extent is none that is known, as old exporters mean it") {
  Graph graph = with_weight(Tensor::scalar(1.0f));
  graph.inputs.push_back(static_cast<ValueId>(graph.values.size()));
  graph.values.emplace_back().name = "in";
  graph.values.back().type = ValueType::tensor(DType::Float32, Shape{2, 3});
  ::onnx::ModelProto model;
  REQUIRE(model.ParseFromString(onnx::serialize(graph)));
  auto& shape = *model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  shape.mutable_dim(0)->set_dim_value(-5);
  const Graph back = onnx::parse(as_bytes(model.SerializeAsString()), ".", {.verify = false});
  CHECK(to_string(back.value(find(back, "in")).type) == "float32[?,3]");
}

TEST_CASE("the limit of bytes is that of all tensors together") {
  Sketch s(23);
  const ValueId a = s.constant("a", counting(DType::UInt8, {60})), b = s.constant("b", counting(DType::UInt8, {60}));
  const std::string bytes = onnx::serialize(s.with_output(s.node("Add", {a, b}), DType::UInt8));
  ReadOptions options;
  options.limits.bytes = 120;
  CHECK_NOTHROW(onnx::parse(as_bytes(bytes), ".", options));
  options.limits.bytes = 119;
  CHECK_THROWS_AS(onnx::parse(as_bytes(bytes), ".", options), Error);
}

TEST_CASE("external data: written once for shared bytes, mapped, and read back") {
  const test::Folder folder;
  const fs::path path = folder.path() / "m.onnx";
  const Tensor shared = counting(DType::Float32, {1000});
  Sketch s;
  const ValueId a = s.constant("a", shared), b = s.constant("b", shared.reshaped({10, 100}));
  const ValueId c = s.constant("c", counting(DType::Float32, {1 << 19}));
  const ValueId small = s.constant("small", Tensor::scalar(1.0f));
  const ValueId list = s.node("SequenceConstruct", {a, b, c, small});
  const Graph graph = s.with_outputs({{list, {}}});

  onnx::write(graph, path, {.external_above = 0});
  std::vector<fs::path> data;
  for (const auto& entry : fs::directory_iterator(folder.path()))
    if (entry.path() != path) data.push_back(entry.path());
  REQUIRE(data.size() == 1);
  CHECK(fs::file_size(data[0]) == 4096 + (4u << 19));  // 4,000 bytes once, then one page on
  CHECK(fs::file_size(path) < 1000);

  const Graph back = onnx::read(path);
  CHECK(content_hash(back) == content_hash(graph));
  CHECK(back.value(find(back, "a")).initializer.bytes().data() ==
        back.value(find(back, "b")).initializer.bytes().data());

  SECTION("another model in its place leaves no data behind, the same one writes the same bytes") {
    const std::string before = read_file(path);
    onnx::write(graph, path, {.external_above = 0});
    CHECK(read_file(path) == before);
    onnx::write(with_weight(Tensor::scalar(2.0f)), path);
    CHECK(!fs::exists(data[0]));
    CHECK(content_hash(onnx::read(path)) == content_hash(with_weight(Tensor::scalar(2.0f))));
  }
}

TEST_CASE("nodes out of order are sorted, and names made unique") {
  ::onnx::ModelProto model;
  Sketch s;
  const ValueId x = s.input("x", DType::Float32, {2});
  const ValueId first = s.node("Relu", {x}, {}, "first");
  const Graph graph = s.with_output(s.node("Abs", {first}, {}, "second"));
  REQUIRE(model.ParseFromString(onnx::serialize(graph)));
  model.mutable_graph()->mutable_node()->SwapElements(0, 1);
  for (auto& node : *model.mutable_graph()->mutable_node()) node.set_name("same");
  const Graph back = onnx::parse(as_bytes(model.SerializeAsString()), ".");
  CHECK(content_hash(back) == content_hash(graph));
  CHECK(back.nodes[0].is("Relu"));
  CHECK(back.nodes[0].name != back.nodes[1].name);
}

TEST_CASE("subgraphs capture, and what shadows an outer value is renamed") {
  const std::string output = GENERATE(std::string("inner"), std::string("y"));  // y is also the outer result
  Sketch s;
  const ValueId condition = s.input("condition", DType::Bool, {});
  s.input("x", DType::Float32, {2});
  const ValueId y =
      s.node("If", {condition}, {attribute("then_branch", branch(output)), attribute("else_branch", branch(output))});
  const Graph graph = s.with_output(y);
  const Graph back = round_trip(graph);
  CHECK(content_hash(back) == content_hash(graph));
  const Subgraph& inner = std::get<Subgraph>(back.nodes[0].find("then_branch")->data);
  REQUIRE(inner->captured.size() == 1);
  CHECK(inner->value(inner->captured[0]).name == "x");
  CHECK(inner->value(inner->outputs[0]).name == (output == "y" ? "y_1" : "inner"));
}

TEST_CASE("initializers of IR 3 are constants though they are listed as inputs") {
  ::onnx::ModelProto model;
  Sketch s(9);
  const ValueId x = s.input("x", DType::Float32, {2});
  const ValueId w = s.input("w", DType::Float32, {2});
  Graph graph = s.with_output(s.node("Add", {x, w}));
  graph.value(w).initializer = Tensor::of<float>({2}, {1.0f, 2.0f});
  graph.ir_version = GENERATE(3, 8);
  const bool old = graph.ir_version == 3;
  const Graph back = round_trip(graph);
  CHECK(back.is_constant(find(back, "w")) == old);
  CHECK(back.inputs.size() == (old ? 1u : 2u));
}

TEST_CASE("types are inferred, also inside subgraphs, and symbols stay") {
  Sketch s;
  const ValueId condition = s.input("condition", DType::Bool, {});
  const ValueId x = s.input("x", DType::Float32, {});
  const ValueId flat = s.node("Flatten", {x}, {}, "flat");
  const ValueId y =
      s.node("If", {condition}, {attribute("then_branch", branch("a")), attribute("else_branch", branch("b"))});
  Graph graph = s.with_outputs({{y, {}}, {flat, {}}});
  graph.value(x).type.shape = {{-1, "N"}, {3, {}}, {4, {}}};
  onnx::infer_types(graph);
  CHECK(to_string(graph.value(flat).type) == "float32[N,12]");
  CHECK(to_string(graph.value(y).type) == "float32[N,3,4]");
  const Subgraph& inner = std::get<Subgraph>(graph.nodes[1].find("then_branch")->data);
  CHECK(to_string(inner->value(inner->captured[0]).type) == "float32[N,3,4]");
  CHECK(to_string(inner->value(inner->outputs[0]).type) == "float32[N,3,4]");
}

TEST_CASE("opset conversion keeps names and large tensors, and says what it cannot do") {
  Sketch s(11);
  const ValueId x = s.input("x", DType::Float32, {2, 5000});
  const ValueId w = s.constant("w", counting(DType::Float32, {5000, 4}));
  const ValueId product = s.node("MatMul", {x, w}, {}, "product");
  Graph graph = s.with_output(s.node("Softmax", {product}, {attribute("axis", std::int64_t{1})}));
  graph.producer_name = "author";
  const Graph converted = onnx::convert_opset(graph, 21);
  CHECK(converted.opset() == 21);
  CHECK(converted.producer_name == "author");
  CHECK(converted.inputs.size() == 1);
  CHECK(converted.value(find(converted, "w")).initializer == graph.value(w).initializer);
  CHECK(converted.find("product") != kNoValue);
  CHECK_NOTHROW(onnx::check(converted));
  CHECK_THROWS_AS(onnx::convert_opset(graph, 999), Error);
  Graph invalid = graph;
  invalid.nodes[1].inputs.clear();
  CHECK_THROWS_AS(onnx::convert_opset(invalid, 21), Error);
  CHECK_THROWS_AS(onnx::check(invalid), Error);
}

TEST_CASE("the format is known by content, the one to write by extension") {
  const test::Folder folder;
  write_model(with_weight(Tensor::scalar(1.0f)), folder.path() / "m.onnx");
  fs::rename(folder.path() / "m.onnx", folder.path() / "m.bin");
  CHECK(format_of(folder.path() / "m.bin").name == "onnx");
  CHECK(read_model(folder.path() / "m.bin").nodes.size() == 1);
  CHECK_THROWS_AS(write_model(with_weight(Tensor::scalar(1.0f)), folder.path() / "m.bin"), Error);
}

TEST_CASE("a model that its format does not know is refused by the format that its name means, a folder by all") {
  const test::Folder folder;
  const auto refusal = [](const fs::path& path) {
    try {
      read_model(path);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::Input);
      return error.message();
    }
    return std::string("accepted");
  };
  write_file(folder.path() / "m.onnx", std::string_view("text"));
  write_file(folder.path() / "m.txt", std::string_view("text"));
  fs::create_directory(folder.path() / "m.package");
  CHECK(refusal(folder.path() / "m.onnx").find("not an ONNX model") != std::string::npos);
  CHECK(refusal(folder.path() / "m.txt") == "not a model of a known format");
  CHECK(refusal(folder.path() / "m.package") == "a folder, and no model of a known format");
  CHECK(format_named("onnx").extension == ".onnx");
  CHECK_THROWS_AS(format_named("onxn"), Error);
}

TEST_CASE("writing gives the files that were written, each entry of the catalog alike") {
  const test::Folder folder;
  const Graph graph = with_weight(Tensor::of<float>({2, 300}, std::vector<float>(600, 1.5f)));
  const fs::path path = folder.path() / "m.onnx";
  CHECK(onnx::write(graph, path) == std::vector<fs::path>{path});
  const std::vector<fs::path> apart = onnx::write(graph, path, {.external_above = 0});
  REQUIRE(apart.size() == 2);
  CHECK(apart == files_of(path));
  CHECK(fs::file_size(apart[1]) == 600 * sizeof(float));
  for (const Format& format : formats()) {
    const fs::path file = folder.path() / ("any" + std::string(format.extension));
    fs::path seen;
    const std::vector<fs::path> files = format.write(graph, file, [&](const fs::path& whole) { seen = whole; });
    CHECK(files == format.files(file));
    CHECK(seen.parent_path() == folder.path());
    CHECK(content_hash(read_model(file)) == content_hash(graph));
    CHECK_THROWS_AS(format.write(graph, folder.path() / "refused",
                                 [](const fs::path&) { throw Error(ErrorKind::Quantization, "no"); }),
                    Error);
    CHECK_FALSE(fs::exists(folder.path() / "refused"));
    CHECK(format.detach(graph).parts.size() > 0);
  }
}

}  // namespace bw
