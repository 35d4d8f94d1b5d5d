// What ONNX Runtime 1.31 says, word for word, and what a user sees of it.
#include "run/ort/words.h"

#include <catch2/catch_test_macros.hpp>

namespace bw::ort {
namespace {

struct Row {
  const char *theirs, *ours;
};

constexpr Row kRows[] = {
    {"/onnxruntime_src/onnxruntime/core/graph/model.cc:256 onnxruntime::Model::Model(onnx::ModelProto&&, const "
     "onnxruntime::PathString&, const onnxruntime::IOnnxRuntimeOpSchemaRegistryList*, const "
     "onnxruntime::logging::Logger&, const onnxruntime::ModelOptions&) Unsupported model IR version: 14, max supported "
     "IR version: 13\n",
     "Unsupported model IR version: 14, max supported IR version: 13"},
    {"Load model from /tmp/m.onnx failed:/onnxruntime_src/onnxruntime/core/graph/model_load_utils.h:46 void "
     "onnxruntime::model_load_utils::ValidateOpsetForDomain(const "
     "std::unordered_map<std::__cxx11::basic_string<char>, int>&, const onnxruntime::logging::Logger&, bool, const "
     "std::string&, int) Opset 99 is under development and support for this is limited.\n",
     "Opset 99 is under development and support for this is limited."},
    {"Non-zero status code returned while running Reshape node. Name:'flat' Status Message: "
     "/onnxruntime_src/onnxruntime/core/providers/cpu/tensor/reshape_helper.h:91 "
     "onnxruntime::ReshapeHelper::ReshapeHelper(const onnxruntime::TensorShape&, onnxruntime::TensorShapeVector&, "
     "bool) input_shape_size == requested_shape_size was false. The input tensor cannot be reshaped to the requested "
     "shape. Input shape:{2,3}, requested shape:{7,7}\n",
     "node 'flat' (Reshape): The input tensor cannot be reshaped to the requested shape. Input shape:{2,3}, requested "
     "shape:{7,7}"},
    {"Non-zero status code returned while running MatMul node. Name:'/h.0/attn/MatMul' Status Message: "
     "matmul_helper.h:59 Compute MatMul dimension mismatch",
     "node '/h.0/attn/MatMul' (MatMul): MatMul dimension mismatch"},
    {"Non-zero status code returned while running Add node. Name:'' Status Message: "
     "/onnxruntime_src/onnxruntime/core/providers/cpu/math/element_wise_ops.h:563 void "
     "onnxruntime::BroadcastIterator::Init(ptrdiff_t, ptrdiff_t) axis == 1 || axis == largest was false. Attempting to "
     "broadcast an axis by a dimension other than 1. 3 by 7\n",
     "node '' (Add): Attempting to broadcast an axis by a dimension other than 1. 3 by 7"},
    {"Non-zero status code returned while running Concat node. Name:'c' Status Message: concatbase.h:133 "
     "PrepareForComputeImpl Non concat axis dimensions must match: Axis 1 has mismatched dimensions of 7 and 3",
     "node 'c' (Concat): Non concat axis dimensions must match: Axis 1 has mismatched dimensions of 7 and 3"},
    {"Non-zero status code returned while running ConstantOfShape node. Name:'z' Status Message: "
     "/onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:360 void* "
     "onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for "
     "requested buffer of size 4000000000000000\n",
     "node 'z' (ConstantOfShape): Failed to allocate memory for requested buffer of size 4000000000000000"},
    {"Non-zero status code returned while running If node. Name:'If_0' Status Message: Non-zero status code returned "
     "while running MatMul node. Name:'a' Status Message: matmul_helper.h:59 Compute MatMul dimension mismatch",
     "node 'If_0' (If): node 'a' (MatMul): MatMul dimension mismatch"},
    {"This is an invalid model. In Node, (\"If_0\", If, \"\", -1) : (\"c\": tensor(bool),) -> (\"h\": tensor(float),) "
     ", Error Data of TensorProto ( tensor name: W2) should be stored in memory, but it is not regular file.",
     "node 'If_0' (If): Data of TensorProto ( tensor name: W2) should be stored in memory, but it is not regular "
     "file."},
    {"This is an invalid model. In Node, (\"n\", Foo, \"\", -1) : (\"x\": tensor(float),) -> (\"y\": tensor(float),) , "
     "Error No Op registered for Foo with domain_version of 17",
     "node 'n' (Foo): No Op registered for Foo with domain_version of 17"},
    {"This is an invalid model. Type Error: Type 'tensor(float16)' of input parameter (a) of operator (Range) in node "
     "(r) is invalid.",
     "Type Error: Type 'tensor(float16)' of input parameter (a) of node 'r' (Range) is not one that it takes."},
    {"Type Error: Type parameter (T) of Optype (Add) bound to different types (tensor(float) and tensor(int32) in node "
     "(sum).",
     "Type Error: Type parameter (T) of Optype (Add) bound to different types (tensor(float) and tensor(int32) in node "
     "'sum'."},
    {"Type Error: Type (tensor(float)) of output arg (y) of node (c) does not match expected type (tensor(int32)).",
     "Type Error: Type (tensor(float)) of output arg (y) of node 'c' does not match expected type (tensor(int32))."},
    {"Could not find an implementation for Relu(14) node with name 'r'",
     "node 'r' (Relu of opset 14): no implementation for its types"},
    {"Fatal error: com.foo:Foo(-1) is not a registered function/op", "com.foo:Foo(-1) is not a registered function/op"},
    {"Node (y_nbits) Op (MatMulNBits) [ShapeInferenceError] bias shape must be [N] where N = 8",
     "node 'y_nbits' (MatMulNBits): bias shape must be [N] where N = 8"},
    {"Load model from /a/my models/m.onnx failed:Load model /a/my models/m.onnx failed. File doesn't exist",
     "File doesn't exist"},
    {"Failed to load model because protobuf parsing failed.", "Failed to load model because protobuf parsing failed."},
    {"This is an invalid model. Error: Duplicate definition of name (y).", "Duplicate definition of name (y)."},
    {"Got invalid dimensions for input: x for the following indices\n index: 1 Got: 3 Expected: 2\n Please fix either "
     "the inputs/outputs or the model.",
     "Got invalid dimensions for input: x for the following indices index: 1 Got: 3 Expected: 2 Please fix either the "
     "inputs/outputs or the model."},
    {"Unexpected input data type. Actual: (tensor(double)) , expected: (tensor(float))",
     "Unexpected input data type. Actual: (tensor(double)) , expected: (tensor(float))"},
    {"[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : Invalid model. Node input 'q' is not a graph input, initializer, or "
     "output of a previous node.",
     "Invalid model. Node input 'q' is not a graph input, initializer, or output of a previous node."},
    {"/src/a.cc:12 virtual onnxruntime::common::Status onnxruntime::Scan<8>::Compute(onnxruntime::OpKernelContext*) "
     "const [with int OpSet = 8] status.IsOK() was false. The state is missing",
     "The state is missing"},
    {"/src/a.cc:12 onnxruntime::Foo(int)::<lambda(const T&)> [with T = float] it broke", "it broke"},
    {"/src/a.cc:12 void f(int) status.IsOK() was false.", "status.IsOK() was false."},
};

}  // namespace

TEST_CASE("ONNX Runtime's messages reach people in plain words") {
  for (const Row& row : kRows) CHECK(plain_words(row.theirs) == row.ours);
}

TEST_CASE("no message of the runtime is too long or too odd to be told") {
  CHECK(plain_words("").empty());
  CHECK(plain_words(std::string(1 << 20, 'x')).size() < 5000);
  CHECK(plain_words("/a/b.cc:1 f((((((((") == "f((((((((");
  CHECK(plain_words("/a/b.cc:1").empty());
  std::string deep;
  for (int i = 0; i < 10000; ++i) deep += "In Node, (\"a\", If, \"\", -1) : (";
  CHECK(plain_words(deep).size() < 5000);
}

}  // namespace bw::ort
