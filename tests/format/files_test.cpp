// What has to be shipped is what the model names, not what lies beside it.
#include <onnx/onnx_pb.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "base/error.h"
#include "folder.h"
#include "format/format.h"
#include "format/onnx/onnx.h"

namespace bw {
namespace {

void put_bytes(const fs::path& path, std::size_t count) {
  fs::create_directories(path.parent_path());
  write_file(path, std::string(count, 'x'));
}

void set_external(::onnx::TensorProto& tensor, const std::string& name, const std::string& location,
                  std::int64_t offset) {
  tensor.set_name(name);
  tensor.set_data_type(::onnx::TensorProto::FLOAT);
  tensor.add_dims(4);
  tensor.set_data_location(::onnx::TensorProto::EXTERNAL);
  const auto add = [&](const char* key, const std::string& value) {
    auto* entry = tensor.add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  };
  add("location", location);
  add("offset", std::to_string(offset));
  add("length", "16");
}

}  // namespace

TEST_CASE("the files of a model are those that its tensors name, wherever they stand") {
  test::Folder folder;
  ::onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  set_external(*model.mutable_graph()->add_initializer(), "a", "weights.bin", 0);
  set_external(*model.mutable_graph()->add_initializer(), "b", "weights.bin", 16);
  auto* node = model.mutable_graph()->add_node();
  node->set_op_type("If");
  auto* branch = node->add_attribute();
  branch->set_name("then_branch");
  branch->set_type(::onnx::AttributeProto::GRAPH);
  set_external(*branch->mutable_g()->add_initializer(), "c", "data/c", 0);
  auto* value = branch->mutable_g()->add_node()->add_attribute();
  value->set_name("value");
  value->set_type(::onnx::AttributeProto::TENSOR);
  set_external(*value->mutable_t(), "d", "d.onnx_data", 0);

  auto* sparse = model.mutable_graph()->add_sparse_initializer();
  set_external(*sparse->mutable_values(), "e", "sparse/values", 0);
  set_external(*sparse->mutable_indices(), "f", "sparse/indices", 0);
  auto* inner = model.add_functions()->add_node()->add_attribute();
  inner->set_name("value");
  inner->set_type(::onnx::AttributeProto::TENSOR);
  set_external(*inner->mutable_t(), "g", "function.data", 0);

  const fs::path path = folder.path() / "m.onnx";
  const std::string bytes = model.SerializeAsString();
  write_file(path, bytes);
  put_bytes(folder.path() / "weights.bin", 100);
  put_bytes(folder.path() / "data/c", 40);
  put_bytes(folder.path() / "d.onnx_data", 16);
  put_bytes(folder.path() / "sparse/values", 17);
  put_bytes(folder.path() / "sparse/indices", 18);
  put_bytes(folder.path() / "function.data", 19);
  put_bytes(folder.path() / "m.onnx.old_data", 1000);  // another model's
  put_bytes(folder.path() / "m.onnx.data", 1000);

  CHECK(onnx::files_of(path) == std::vector<fs::path>{path, folder.path() / "d.onnx_data", folder.path() / "data/c",
                                                      folder.path() / "function.data", folder.path() / "sparse/indices",
                                                      folder.path() / "sparse/values", folder.path() / "weights.bin"});
  CHECK(shipped_bytes(path) == bytes.size() + 100 + 40 + 16 + 17 + 18 + 19);
  write_file(path, std::string_view("nothing"));
  CHECK_THROWS_AS(shipped_bytes(path), Error);
}

}  // namespace bw
