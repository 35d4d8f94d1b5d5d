#include "bench/output_kind.h"

#include <catch2/catch_test_macros.hpp>

#include "graph/text.h"

using namespace bw;

namespace {

bool class_scores(const std::string& nodes) {
  return gives_class_scores(
      parse_graph("ir_version 8\nopset \"\" 17\ngraph \"g\" {\n  input %x: float32[N,4]\n"
                  "  const %w: float32[4,3] = float32[4,3] {1,0,0, 0,1,0, 0,0,1, 1,1,1}\n"
                  "  const %b: float32[3] = float32[3] {1, 2, 3}\n" +
                  nodes + "  output %y: float32[N,3]\n}\n"));
}

}  // namespace

TEST_CASE("class scores are what a Softmax or a last product gives") {
  CHECK(class_scores("%y: float32[N,3] = MatMul(%x, %w)\n"));
  CHECK(class_scores("%y: float32[N,3] = Gemm(%x, %w, %b)\n"));
  CHECK(class_scores("%m: float32[N,3] = MatMul(%x, %w)\n%y: float32[N,3] = Add(%b, %m)\n"));
  CHECK(class_scores("%m: float32[N,3] = MatMul(%x, %w)\n%y: float32[N,3] = Softmax(%m) {axis = 1}\n"));
  CHECK(class_scores("%m: float32[N,3] = MatMul(%x, %w)\n%y: float32[N,3] = Identity(%m)\n"));
  CHECK_FALSE(class_scores("%m: float32[N,3] = MatMul(%x, %w)\n%y: float32[N,3] = Softmax(%m) {axis = 0}\n"));
  CHECK_FALSE(class_scores("%m: float32[N,3] = MatMul(%x, %w)\n%y: float32[N,3] = Tanh(%m)\n"));
  CHECK_FALSE(class_scores("%m: float32[N,3] = MatMul(%x, %w)\n%y: float32[N,3] = Concat(%m, %m) {axis = 1}\n"));
}
