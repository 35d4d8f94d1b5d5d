// Broken ONNX files, made with protobuf: each is refused with the class of its fault and a message that names it.
#include <fcntl.h>
#include <onnx/onnx_pb.h>
#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <ctime>
#include <fstream>
#include <functional>

#include "base/error.h"
#include "folder.h"
#include "format/format.h"
#include "format/onnx/onnx.h"

namespace bw {
namespace {

namespace pb = ::onnx;
using Catch::Matchers::ContainsSubstring;

void typed(pb::ValueInfoProto& info, const std::string& name, std::initializer_list<std::int64_t> dims) {
  info.set_name(name);
  auto& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(pb::TensorProto::FLOAT);
  tensor.mutable_shape();
  for (const std::int64_t dim : dims) tensor.mutable_shape()->add_dim()->set_dim_value(dim);
}

pb::NodeProto& node(pb::GraphProto& graph, const std::string& op, std::initializer_list<std::string> inputs,
                    const std::string& output) {
  pb::NodeProto& added = *graph.add_node();
  added.set_name("node_" + output);
  added.set_op_type(op);
  for (const std::string& input : inputs) added.add_input(input);
  added.add_output(output);
  return added;
}

// y = x + w, with w of two floats.
pb::ModelProto valid() {
  pb::ModelProto model;
  model.set_ir_version(10);
  model.add_opset_import()->set_version(21);
  pb::GraphProto& graph = *model.mutable_graph();
  graph.set_name("g");
  typed(*graph.add_input(), "x", {2});
  typed(*graph.add_output(), "y", {2});
  pb::TensorProto& w = *graph.add_initializer();
  w.set_name("w");
  w.set_data_type(pb::TensorProto::FLOAT);
  w.add_dims(2);
  w.set_raw_data(std::string(8, '\0'));
  node(graph, "Add", {"x", "w"}, "y");
  return model;
}

pb::TensorProto& weight(pb::ModelProto& model) {
  return *model.mutable_graph()->mutable_initializer(0);
}

void external(pb::ModelProto& model, std::initializer_list<std::pair<std::string, std::string>> entries) {
  weight(model).clear_raw_data();
  weight(model).set_data_location(pb::TensorProto::EXTERNAL);
  for (const auto& [key, value] : entries) {
    auto& entry = *weight(model).add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }
}

void attribute(pb::NodeProto& node, const std::string& name, std::int64_t value) {
  auto& added = *node.add_attribute();
  added.set_name(name);
  added.set_type(pb::AttributeProto::INT);
  added.set_i(value);
}

pb::SparseTensorProto& sparse(pb::ModelProto& model, std::initializer_list<std::int64_t> indices, std::int64_t extent) {
  pb::SparseTensorProto& sparse = *model.mutable_graph()->add_sparse_initializer();
  sparse.mutable_values()->set_name("s");
  sparse.mutable_values()->set_data_type(pb::TensorProto::FLOAT);
  sparse.mutable_values()->add_dims(2);
  sparse.mutable_values()->set_raw_data(std::string(8, '\0'));
  sparse.mutable_indices()->set_data_type(pb::TensorProto::INT64);
  sparse.mutable_indices()->add_dims(static_cast<std::int64_t>(indices.size()));
  for (const std::int64_t index : indices) sparse.mutable_indices()->add_int64_data(index);
  sparse.add_dims(extent);
  return sparse;
}

// y = If(c) with `levels` of If inside one another.
void nest(pb::GraphProto& graph, int levels) {
  auto& outer = node(graph, levels == 0 ? "Identity" : "If", {"x"}, "n" + std::to_string(levels));
  if (levels == 0) return;
  for (const char* name : {"then_branch", "else_branch"}) {
    auto& added = *outer.add_attribute();
    added.set_name(name);
    added.set_type(pb::AttributeProto::GRAPH);
    pb::GraphProto& inner = *added.mutable_g();
    inner.set_name("inner");
    typed(*inner.add_output(), "n" + std::to_string(levels - 1), {2});
    nest(inner, name == std::string("then_branch") ? levels - 1 : 0);
    if (name == std::string("else_branch")) inner.mutable_output(0)->set_name("n0");
  }
}

void function(pb::ModelProto& model, const std::string& name, const std::string& calls) {
  if (model.opset_import_size() == 1) {
    auto& import = *model.add_opset_import();
    import.set_domain("ours");
    import.set_version(1);
  }
  pb::FunctionProto& added = *model.add_functions();
  added.set_domain("ours");
  added.set_name(name);
  added.add_input("a");
  added.add_output("b");
  added.add_opset_import()->set_version(21);
  pb::NodeProto& call = *added.add_node();
  call.set_op_type(calls);
  call.set_domain("ours");
  call.add_input("a");
  call.add_output("b");
}

struct Row {
  std::string name;
  InputClass input_class;
  std::string says;
  std::function<void(pb::ModelProto&, const fs::path& folder)> spoil;
};

constexpr InputClass kFormat = InputClass::Format, kLimit = InputClass::Limit, kPath = InputClass::Path,
                     kSemantic = InputClass::Semantic, kUnsupported = InputClass::Unsupported;

void write_data(const fs::path& path, std::size_t bytes = 64) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << std::string(bytes, '\0');
}

std::vector<Row> external_rows() {
  const auto at = [](std::string location) {
    return [location](pb::ModelProto& m, const fs::path&) { external(m, {{"location", location}}); };
  };
  const auto ranged = [](std::string offset, std::string length) {
    return [offset, length](pb::ModelProto& m, const fs::path& folder) {
      write_data(folder / "w.bin");
      external(m, {{"location", "w.bin"}, {"offset", offset}, {"length", length}});
    };
  };
  return {
      {"location with ..", kPath, "w",
       [](auto& m, const auto& folder) {
         write_data(folder.parent_path() / "outside.bin");
         external(m, {{"location", "../outside.bin"}});
       }},
      {"absolute location", kPath, "w", at("/etc/passwd")},
      {"URL as location", kPath, "w", at("http://localhost/w.bin")},
      {"memory address as location", kPath, "w", at("*/_ORT_MEM_ADDR_/*")},
      {"missing file", kPath, "w", at("nothing.bin")},
      {"folder as location", kPath, "w",
       [](auto& m, const auto& folder) {
         fs::create_directories(folder / "w.bin");
         external(m, {{"location", "w.bin"}});
       }},
      {"symbolic link", kPath, "w",
       [](auto& m, const auto& folder) {
         write_data(folder.parent_path() / "outside.bin");
         fs::create_symlink(folder.parent_path() / "outside.bin", folder / "w.bin");
         external(m, {{"location", "w.bin"}});
       }},
      {"symbolic link to a folder", kPath, "w",
       [](auto& m, const auto& folder) {
         write_data(folder.parent_path() / "outside/w.bin");
         fs::create_directory_symlink(folder.parent_path() / "outside", folder / "inside");
         external(m, {{"location", "inside/w.bin"}});
       }},
      {"hard link", kPath, "w",
       [](auto& m, const auto& folder) {
         write_data(folder.parent_path() / "outside.bin");
         fs::create_hard_link(folder.parent_path() / "outside.bin", folder / "w.bin");
         external(m, {{"location", "w.bin"}});
       }},
      {"NUL in the location", kPath, "w",
       [](auto& m, const auto& folder) {
         write_data(folder / "w.bin");
         external(m, {{"location", std::string("w.bin\0.txt", 10)}});
       }},
      {"FIFO", kPath, "w",
       [](auto& m, const auto& folder) {
         REQUIRE(::mkfifo((folder / "w.bin").c_str(), 0600) == 0);
         external(m, {{"location", "w.bin"}});
       }},
      {"negative offset", kFormat, "offset", ranged("-1", "8")},
      {"offset past the end", kFormat, "outside", ranged("60", "8")},
      {"offset near 2^63", kFormat, "offset", ranged("9223372036854775800", "8")},
      {"offset near 2^64", kFormat, "offset", ranged("18446744073709551615", "8")},
      {"offset that is text", kFormat, "offset", ranged("eight", "8")},
      {"length below the dimensions", kFormat, "length", ranged("0", "4")},
      {"length above the dimensions", kFormat, "length", ranged("0", "16")},
      {"no location", kFormat, "location", [](auto& m, const auto&) { external(m, {{"offset", "0"}}); }},
      {"duplicate key", kFormat, "twice",
       [](auto& m, const auto&) { external(m, {{"location", "a"}, {"location", "b"}}); }},
      {"unknown key", kFormat, "unknown",
       [](auto& m, const auto&) { external(m, {{"location", "a"}, {"password", "b"}}); }},
      {"key of a megabyte", kFormat, "unknown",
       [](auto& m, const auto&) { external(m, {{std::string(1 << 20, 'k'), "b"}}); }},
  };
}

std::vector<Row> tensor_rows() {
  const auto dims = [](std::vector<std::int64_t> values) {
    return [values](pb::ModelProto& m, const fs::path&) {
      weight(m).clear_dims();
      for (const std::int64_t dim : values) weight(m).add_dims(dim);
    };
  };
  return {
      {"negative dimension", kFormat, "negative", dims({-2})},
      {"product of dimensions wraps", kLimit, "overflow", dims({std::int64_t{1} << 62, 4})},
      {"huge dimension beside zero", kLimit, "overflow", dims({std::int64_t{1} << 62, 0})},
      {"dimensions above raw data", kFormat, "raw data", dims({3})},
      {"dimensions of 4 TB", kLimit, "bytes", dims({std::int64_t{1} << 40})},
      {"rank 100,000", kLimit, "rank", dims(std::vector<std::int64_t>(100'000, 1))},
      {"raw and typed data", kFormat, "more than one place", [](auto& m, const auto&) { weight(m).add_float_data(1); }},
      {"typed data of another type", kFormat, "numbers",
       [](auto& m, const auto&) {
         weight(m).clear_raw_data();
         weight(m).add_int32_data(1);
         weight(m).add_int32_data(2);
       }},
      {"value outside of its type", kFormat, "does not fit",
       [](auto& m, const auto&) {
         weight(m).clear_raw_data();
         weight(m).set_data_type(pb::TensorProto::INT8);
         weight(m).add_int32_data(1);
         weight(m).add_int32_data(300);
       }},
      {"strings in raw data", kFormat, "strings",
       [](auto& m, const auto&) { weight(m).set_data_type(pb::TensorProto::STRING); }},
      {"fewer strings than dimensions", kFormat, "strings",
       [](auto& m, const auto&) {
         weight(m).clear_raw_data();
         weight(m).set_data_type(pb::TensorProto::STRING);
         weight(m).add_string_data("one");
       }},
      {"element type 99", kFormat, "99", [](auto& m, const auto&) { weight(m).set_data_type(99); }},
      {"element type 0", kFormat, "0", [](auto& m, const auto&) { weight(m).set_data_type(0); }},
      {"sparse index -1", kFormat, "outside", [](auto& m, const auto&) { sparse(m, {-1, 2}, 8); }},
      {"sparse index past the end", kFormat, "outside", [](auto& m, const auto&) { sparse(m, {1, 8}, 8); }},
      {"sparse indices unsorted", kFormat, "sorted", [](auto& m, const auto&) { sparse(m, {2, 1}, 8); }},
      {"sparse index twice", kFormat, "sorted", [](auto& m, const auto&) { sparse(m, {2, 2}, 8); }},
      {"sparse indices more than values", kFormat, "fit", [](auto& m, const auto&) { sparse(m, {1, 2, 3}, 8); }},
      {"sparse tensor of 4 TB", kLimit, "dense",
       [](auto& m, const auto&) { sparse(m, {1, 2}, std::int64_t{1} << 40); }},
  };
}

std::vector<Row> structure_rows() {
  return {
      {"no graph", kFormat, "graph", [](auto& m, const auto&) { m.clear_graph(); }},
      {"no outputs", kSemantic, "outputs", [](auto& m, const auto&) { m.mutable_graph()->clear_output(); }},
      {"cycle", kSemantic, "cycle",
       [](auto& m, const auto&) {
         node(*m.mutable_graph(), "Add", {"x", "b"}, "a");
         node(*m.mutable_graph(), "Add", {"x", "a"}, "b");
       }},
      {"self loop", kSemantic, "cycle", [](auto& m, const auto&) { node(*m.mutable_graph(), "Add", {"x", "a"}, "a"); }},
      {"missing input", kSemantic, "made by nothing",
       [](auto& m, const auto&) { m.mutable_graph()->mutable_node(0)->set_input(1, "v"); }},
      {"unproduced output", kSemantic, "made by nothing",
       [](auto& m, const auto&) { typed(*m.mutable_graph()->add_output(), "z", {2}); }},
      {"value made twice", kSemantic, "made twice",
       [](auto& m, const auto&) { node(*m.mutable_graph(), "Relu", {"x"}, "y").set_name("second"); }},
      {"node makes an input", kSemantic, "made twice",
       [](auto& m, const auto&) { node(*m.mutable_graph(), "Relu", {"w"}, "x"); }},
      {"node makes an initializer", kSemantic, "made twice",
       [](auto& m, const auto&) { node(*m.mutable_graph(), "Relu", {"x"}, "w"); }},
      {"input twice", kSemantic, "made twice",
       [](auto& m, const auto&) { typed(*m.mutable_graph()->add_input(), "x", {2}); }},
      {"duplicate initializer", kSemantic, "twice",
       [](auto& m, const auto&) { *m.mutable_graph()->add_initializer() = weight(m); }},
      {"initializer of another type than its input", kSemantic, "declared",
       [](auto& m, const auto&) {
         typed(*m.mutable_graph()->add_input(), "w", {2});
         m.mutable_graph()->mutable_input(1)->mutable_type()->mutable_tensor_type()->set_elem_type(
             pb::TensorProto::INT32);
       }},
      {"33 graphs inside one another", kLimit, "nested", [](auto& m, const auto&) { nest(*m.mutable_graph(), 33); }},
      {"40 graphs inside one another", kLimit, "nested", [](auto& m, const auto&) { nest(*m.mutable_graph(), 40); }},
      {"500 graphs inside one another", kFormat, "", [](auto& m, const auto&) { nest(*m.mutable_graph(), 500); }},
      {"name of a megabyte", kLimit, "name",
       [](auto& m, const auto&) { node(*m.mutable_graph(), "Relu", {"x"}, std::string(1 << 20, 'n')); }},
      {"name that is not text", kFormat, "UTF-8",
       [](auto& m, const auto&) { node(*m.mutable_graph(), "Relu", {"x"}, "\xff\xfe"); }},
      {"function calls itself", kSemantic, "itself", [](auto& m, const auto&) { function(m, "F", "F"); }},
      {"functions call one another", kSemantic, "itself",
       [](auto& m, const auto&) {
         function(m, "F", "G");
         function(m, "G", "F");
       }},
      {"function twice", kSemantic, "twice",
       [](auto& m, const auto&) {
         function(m, "F", "G");
         function(m, "F", "G");
       }},
      {"attribute twice", kFormat, "twice",
       [](auto& m, const auto&) {
         auto& n = *m.mutable_graph()->mutable_node(0);
         attribute(n, "axis", 0);
         attribute(n, "axis", 1);
       }},
  };
}

std::vector<Row> operator_rows() {
  const auto opset = [](std::int64_t version) {
    return [version](pb::ModelProto& m, const fs::path&) { m.mutable_opset_import(0)->set_version(version); };
  };
  const auto convolution = [](const std::string& name, std::int64_t value) {
    return [name, value](pb::ModelProto& m, const fs::path&) {
      auto& conv = node(*m.mutable_graph(), "Conv", {"x", "x"}, "c");
      auto& added = *conv.add_attribute();
      added.set_name(name);
      added.set_type(name == "group" ? pb::AttributeProto::INT : pb::AttributeProto::INTS);
      if (name == "group")
        added.set_i(value);
      else
        added.add_ints(value);
    };
  };
  std::vector<Row> rows{
      {"unknown operator", kUnsupported, "no such operator",
       [](auto& m, const auto&) { m.mutable_graph()->mutable_node(0)->set_op_type("Ad"); }},
      {"unknown domain", kUnsupported, "import",
       [](auto& m, const auto&) { m.mutable_graph()->mutable_node(0)->set_domain("else.where"); }},
      {"imported unknown domain", kUnsupported, "no such operator",
       [](auto& m, const auto&) {
         m.mutable_graph()->mutable_node(0)->set_domain("else.where");
         m.add_opset_import()->set_domain("else.where");
         m.mutable_opset_import(1)->set_version(1);
       }},
      {"no import", kUnsupported, "import", [](auto& m, const auto&) { m.clear_opset_import(); }},
      {"opset 0", kUnsupported, "opset 0", opset(0)},
      {"opset -5", kUnsupported, "opset -5", opset(-5)},
      {"opset 6", kUnsupported, "opset 6", opset(6)},
      {"opset 999", kUnsupported, "opset 999", opset(999)},
      {"two opsets of a domain", kFormat, "21", [](auto& m, const auto&) { m.add_opset_import()->set_version(20); }},
      {"too few inputs", kSemantic, "inputs",
       [](auto& m, const auto&) { m.mutable_graph()->mutable_node(0)->mutable_input()->RemoveLast(); }},
      {"too many inputs", kSemantic, "inputs",
       [](auto& m, const auto&) { m.mutable_graph()->mutable_node(0)->add_input("x"); }},
      {"too many outputs", kSemantic, "outputs",
       [](auto& m, const auto&) { m.mutable_graph()->mutable_node(0)->add_output("more"); }},
      {"required input left out", kSemantic, "left out",
       [](auto& m, const auto&) { m.mutable_graph()->mutable_node(0)->set_input(1, ""); }},
      {"unknown attribute", kSemantic, "no attribute",
       [](auto& m, const auto&) { attribute(*m.mutable_graph()->mutable_node(0), "axsi", 0); }},
      {"attribute of another type", kSemantic, "must be a float",
       [](auto& m, const auto&) { attribute(node(*m.mutable_graph(), "LeakyRelu", {"x"}, "l"), "alpha", 1); }},
      {"required attribute missing", kSemantic, "missing",
       [](auto& m, const auto&) { node(*m.mutable_graph(), "Concat", {"x", "x"}, "c"); }},
      {"axis 99", kSemantic, "axis",
       [](auto& m, const auto&) { attribute(node(*m.mutable_graph(), "Softmax", {"x"}, "s"), "axis", 99); }},
      {"block of 0 in DepthToSpace", kSemantic, "blocksize",
       [](auto& m, const auto&) { attribute(node(*m.mutable_graph(), "DepthToSpace", {"x"}, "d"), "blocksize", 0); }},
      {"index out of range", kSemantic, "index",
       [](auto& m, const auto&) {
         auto& index = *m.mutable_graph()->add_initializer();
         index.set_name("index");
         index.set_data_type(pb::TensorProto::INT64);
         index.add_int64_data(100'000'000'000'000);
         node(*m.mutable_graph(), "Gather", {"w", "index"}, "g");
       }},
      {"MatMulNBits that promises more than B holds", kSemantic, "B has",
       [](auto& m, const auto&) {
         auto& import = *m.add_opset_import();
         import.set_domain("com.microsoft");
         import.set_version(1);
         auto& b = *m.mutable_graph()->add_initializer();
         b.set_name("b");
         b.set_data_type(pb::TensorProto::UINT8);
         b.add_dims(16);
         b.set_raw_data(std::string(16, '\0'));
         auto& n = node(*m.mutable_graph(), "MatMulNBits", {"x", "b", "w"}, "n");
         n.set_domain("com.microsoft");
         for (const auto& [name, value] : {std::pair("K", 1024), {"N", 1024}, {"bits", 4}, {"block_size", 32}})
           attribute(n, name, value);
       }},
  };
  for (const char* name : {"strides", "dilations", "kernel_shape", "group"})
    for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 32})
      rows.push_back(
          {"Conv with " + std::string(name) + " " + std::to_string(value), kSemantic, name, convolution(name, value)});
  return rows;
}

void require_refused(const fs::path& file, InputClass input_class, const std::string& says) {
  const std::clock_t start = std::clock();
  try {
    onnx::read(file);
    FAIL_CHECK("it was not refused");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Input);
    CHECK(error.input_class() == input_class);
    CHECK_THAT(std::string(error.what()), ContainsSubstring(says));
    CHECK_THAT(error.where(), ContainsSubstring(file.string()));
    CHECK(std::string_view(error.what()).size() < 2000);
  }
  CHECK(std::clock() - start < 2 * CLOCKS_PER_SEC);
}

}  // namespace

TEST_CASE("broken ONNX models are refused by class and name their fault") {
  std::vector<Row> rows;
  for (const auto& part : {external_rows(), tensor_rows(), structure_rows(), operator_rows()})
    rows.insert(rows.end(), part.begin(), part.end());
  for (const Row& row : rows) {
    INFO(row.name);
    const test::Folder outer;
    const fs::path folder = outer.path() / "model";
    fs::create_directory(folder);
    pb::ModelProto model = valid();
    row.spoil(model, folder);
    std::ofstream(folder / "model.onnx") << model.SerializeAsString();
    require_refused(folder / "model.onnx", row.input_class, row.says);
  }
}

TEST_CASE("files that are no ONNX model are refused") {
  const test::Folder folder;
  const std::string whole = valid().SerializeAsString();
  std::string noise(5000, '\0');
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>(i * i * 31 + i * 7 + 200);
  for (const std::string& bytes : {std::string(), std::string("{\"version\": 1}\n"), noise, std::string(5000, '\0'),
                                   std::string("version https://git-lfs.github.com/spec/v1\n")}) {
    std::ofstream(folder.path() / "m.onnx") << bytes;
    require_refused(folder.path() / "m.onnx", InputClass::Format, "");
    CHECK_THROWS_AS(read_model(folder.path() / "m.onnx"), Error);
  }
  for (std::size_t length = 1; length < whole.size(); ++length) {
    INFO(length);
    CHECK_THROWS_AS(onnx::parse(as_bytes(whole).first(length), folder.path()), Error);
  }
  CHECK_NOTHROW(onnx::parse(as_bytes(whole), folder.path()));
  CHECK_THROWS_AS(onnx::read(folder.path() / "nothing.onnx"), Error);
}

}  // namespace bw
