// What a target says of its kernels.
#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "target/target.h"

using namespace bw;

namespace {

const OperatorSupport& support(const char* op, const char* domain = "") {
  Node node;
  node.op_type = op;
  node.domain = domain;
  return target_named("cpu").support(node);
}

}  // namespace

TEST_CASE("kernels for integers are those that the runtime fuses") {
  for (const char* op : {"Conv", "MatMul", "Gemm"}) CHECK(support(op).integer == IntegerKernel::Weighted);
  for (const char* op : {"Add", "Mul", "AveragePool", "GlobalAveragePool", "LeakyRelu", "Sigmoid", "Concat"})
    CHECK(support(op).integer == IntegerKernel::Arithmetic);
  for (const char* op : {"MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split",
                         "Resize", "DepthToSpace"})
    CHECK(support(op).integer == IntegerKernel::Move);
  for (const char* op : {"Relu", "Clip"}) CHECK(support(op).integer == IntegerKernel::Absorbed);
  for (const char* op : {"ConvTranspose", "Sub", "Div", "Tanh", "LayerNormalization", "LSTM", "Gather"})
    CHECK(support(op).integer == IntegerKernel::None);
}

TEST_CASE("products may give float, convolutions may not") {
  CHECK(support("MatMul").float_output);
  CHECK(support("Gemm").float_output);
  CHECK_FALSE(support("Conv").float_output);
  for (const char* op : {"MatMul", "Gemm", "LSTM"}) CHECK(support(op).dynamic);
  CHECK_FALSE(support("Conv").dynamic);
  CHECK_FALSE(support("LSTM").weight_only);
  CHECK(support("Gather").embedding);
}

TEST_CASE("another domain's operator of the same name has no kernels") {
  CHECK(support("MatMul", "com.example").integer == IntegerKernel::None);
  CHECK_FALSE(support("MatMul", "com.example").dynamic);
}

TEST_CASE("a target is found by its name and by the hardware's, and others are listed") {
  CHECK(target_named("cpu").name == "onnxruntime-cpu");
  CHECK(target_named("onnxruntime-cpu").activation_code == DType::UInt8);
  try {
    target_named("gpu");
    FAIL("there is none");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Usage);
    CHECK(error.hint().find("onnxruntime-cpu") != std::string::npos);
  }
}
