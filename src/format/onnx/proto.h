// The protobuf side of ONNX: a Graph from a ModelProto and back, piece by piece. Only format/onnx includes this.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <functional>
#include <string>

#include "base/file.h"
#include "format/onnx/onnx.h"
#include "graph/graph.h"

namespace bw::onnx {

namespace pb = ::onnx;

// --- types (types.cpp) ---

ValueType type_from(const pb::TypeProto& proto);  // Error(unsupported) for opaque types and unknown element types
void type_to(const ValueType& type, pb::TypeProto& proto);
DType dtype_from(std::int32_t onnx_number);  // Error(unsupported) for a number we do not know

// --- tensors (tensors.cpp) ---

// Where tensors of a model come from and what they may cost.
class TensorReader {
 public:
  TensorReader(fs::path folder, const GraphLimits& limits) : folder_(std::move(folder)), limits_(limits) {}

  // Takes raw bytes out of `proto` without a copy. External data stay mapped where they are aligned for their type.
  // Errors name the tensor: format (sizes, fields), limit, path (external data).
  Tensor read(pb::TensorProto& proto);
  SparseTensor read(pb::SparseTensorProto& proto);

 private:
  Tensor external(const pb::TensorProto& proto, DType dtype, Shape shape, std::uint64_t bytes);
  const MappedFile& file_beneath(const std::string& location);

  fs::path folder_;
  GraphLimits limits_;
  std::uint64_t total_ = 0;
  std::map<std::string, MappedFile> files_;
};

// Gives the bytes of a tensor another place than the proto (external data); false: keep them in the proto.
using Externalise = std::function<bool(const Tensor& tensor, pb::TensorProto& proto)>;

void tensor_to(const Tensor& tensor, pb::TensorProto& proto, const Externalise& externalise = nullptr);
void sparse_to(const SparseTensor& sparse, pb::SparseTensorProto& proto);

// --- models (from_proto.cpp, to_proto.cpp) ---

// Consumes the proto. Structure that a Graph cannot hold is an error; all else is left to verify().
// `note`: as in ReadOptions.
Graph graph_from(pb::ModelProto proto, TensorReader& tensors, const GraphLimits& limits,
                 const std::function<void(std::string)>& note = nullptr);

// Puts nodes into a stable topological order: of those that are ready, the first in the file comes first. What stands
// in a cycle or behind one goes to the end, for verify() to refuse. False when they were in order already. (order.cpp)
bool sort_nodes(Graph& graph);

struct ToProto {
  Externalise externalise = nullptr;
  // Initializers of more elements than this become typed inputs: what the onnx library needs to know of big tensors is
  // their type alone. -1: none.
  std::int64_t inputs_above = -1;
};
pb::ModelProto model_to(const Graph& graph, const ToProto& options = {});

// --- checks by schema (schema.cpp) ---

// Unknown domains, operators and opsets (unsupported); number of inputs and outputs, names and types of attributes
// (semantic).
void check_schemas(const Graph& graph);

}  // namespace bw::onnx
