// Messages that ONNX Runtime 1.31.1 gave, and what reaches a user of them.
#include "run/ort/words.h"

#include <catch2/catch_test_macros.hpp>

namespace bw {

TEST_CASE("the runtime's words lose what only its makers can read") {
  struct Case {
    const char *said, *kept;
  };
  const Case kCases[] = {
      {"/onnxruntime_src/onnxruntime/core/graph/model.cc:256 onnxruntime::Model::Model(onnx::ModelProto&&, const "
       "onnxruntime::PathString&, const onnxruntime::IOnnxRuntimeOpSchemaRegistryList*, const "
       "onnxruntime::logging::Logger&, const onnxruntime::ModelOptions&) Unsupported model IR version: 14, max supported "
       "IR version: 13\n",
       "Unsupported model IR version: 14, max supported IR version: 13"},
      {"Load model from m.onnx failed:This is an invalid model. Type Error: Type 'tensor(float16)' of input parameter "
       "(r0_float16) of operator (Range) in node (Range_0) is invalid.",
       "Load model from m.onnx failed: Type Error: Type 'tensor(float16)' of input parameter (r0_float16) of operator "
       "(Range) in node (Range_0) is invalid."},
      {"Non-zero status code returned while running Reshape node. Name:'Reshape_1' Status Message: "
       "/onnxruntime_src/onnxruntime/core/providers/cpu/tensor/reshape_helper.h:91 "
       "onnxruntime::ReshapeHelper::ReshapeHelper(const onnxruntime::TensorShape&, onnxruntime::TensorShapeVector&, bool) "
       "input_shape_size == requested_shape_size was false. The input tensor cannot be reshaped to the requested shape. "
       "Input shape:{2}, requested shape:{3}",
       "while running Reshape node. Name:'Reshape_1' input_shape_size == requested_shape_size was false. The input "
       "tensor cannot be reshaped to the requested shape. Input shape:{2}, requested shape:{3}"},
      {"Exception during initialization: /a/b.cc:7 common::Status onnxruntime::SessionState::Prepare(int) const no room",
       "Exception during initialization: no room"},
      {"Node (y_nbits) Op (MatMulNBits) [ShapeInferenceError] bias shape must be [N] where N = 64",
       "Node (y_nbits) Op (MatMulNBits) [ShapeInferenceError] bias shape must be [N] where N = 64"},
  };
  for (const Case& one : kCases) CHECK(ort::cleaned(one.said) == one.kept);
}

}  // namespace bw
