// Which axis of a model's inputs counts the samples.
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/dataset.h"
#include "graph/text.h"

using namespace bw;

namespace {

// A graph of inputs and outputs of float32, with nodes between.
std::vector<int> axes(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                      const std::string& nodes = "") {
  std::string text = "ir_version 8\nopset \"\" 17\ngraph \"g\" {\n";
  for (std::size_t i = 0; i < inputs.size(); ++i)
    text += "input %i" + std::to_string(i) + ": float32[" + inputs[i] + "]\n";
  text += nodes;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    text += "%o" + std::to_string(i) + ": float32[" + outputs[i] + "] = Made(%i0)\n";
  for (std::size_t i = 0; i < outputs.size(); ++i) text += "output %o" + std::to_string(i) + "\n";
  std::vector<int> result;
  for (const InputSignature& input : input_signatures(parse_graph(text + "}\n"))) result.push_back(input.batch_axis);
  return result;
}

using Axes = std::vector<int>;

}  // namespace

TEST_CASE("the batch is the first axis, unless the shapes say otherwise") {
  CHECK(axes({"N,3,32,32"}, {"N,10"}) == Axes{0});
  CHECK(axes({"8,3,32,32"}, {"8,10"}) == Axes{0});
  CHECK(axes({"?,3,?,?"}, {"?,10"}) == Axes{0});
  CHECK(axes({"B,S", "B,S"}, {"B,S,100"}) == Axes{0, 0});
  CHECK(axes({"ids_1,S", "mask_1,S"}, {"B,S,100"}) == Axes{0, 0});  // each input with symbols of its own
  CHECK(axes({"1,T,80"}, {"1,T,40"}) == Axes{0});
  CHECK(axes({"1,T,80"}, {"T,40"}) == Axes{0});  // a length, whatever the output begins with
  CHECK(axes({"1,3,height,width"}, {"1,num_boxes,4"}) == Axes{0});
  CHECK(axes({"8,S"}, {"8,S,100"}) == Axes{0});
}

TEST_CASE("behind a fixed first axis the symbol of the batch is found by its name, or where outputs begin") {
  CHECK(axes({"7,N,16"}, {"7,N,8"}) == Axes{1});
  CHECK(axes({"7,dim_1,16"}, {"dim_1,8"}) == Axes{1});
  CHECK(axes({"7,dim_1,16"}, {"7,dim_1,8"}) == Axes{0});  // as good as anything; rows of data decide
  CHECK(axes({"T,N,16"}, {"N,8"}) == Axes{1});
  CHECK(axes({"T,N,16"}, {"T,N,8"}) == Axes{1});
  CHECK(axes({"dim_0,dim_1,16"}, {"dim_0,dim_1,8"}) == Axes{0});
  CHECK(axes({"dim_0,dim_1,16"}, {"dim_1,8"}) == Axes{1});
}

TEST_CASE("inputs beside those that count the samples") {
  CHECK(axes({"N,64", "", "1,N,32"}, {"N,4", "1,N,32"}) == Axes{0, kNoBatch, 1});
  CHECK(axes({"?,?", "2,?,128", ""}, {"?,1", "?,?,?"}) == Axes{0, 1, kNoBatch});
  CHECK(axes({"N,64", "32"}, {"N,4"}) == Axes{0, kNoBatch});
  CHECK(axes({"N,S", "S"}, {"N,S,9"}) == Axes{0, kNoBatch});
  CHECK(axes({"N,16", "1,T,80"}, {"N,4"}) == Axes{0, 0});
}

TEST_CASE("recurrent nodes read their samples along the second axis") {
  const std::string lstm =
      "%h: float32[?,?,8], %last: float32[?,?,?] = LSTM(%i0, %i1, %i1, _, _, %i2) {hidden_size = 8";
  CHECK(axes({"7,1,16", "1,32,16", "1,1,8"}, {"1,8"}, lstm + "}\n") == Axes{1, 0, 1});
  CHECK(axes({"dim_0,dim_1,16", "1,32,16", "1,dim_1,8"}, {"dim_0,dim_1,8"}, lstm + "}\n") == Axes{1, kNoBatch, 1});
  CHECK(axes({"dim_0,dim_1,16", "1,32,16", "dim_0,1,8"}, {"dim_0,8"}, lstm + ", layout = 1}\n") ==
        Axes{0, kNoBatch, 0});
}

TEST_CASE("inputs of unknown rank are refused") {
  const Graph graph = parse_graph(
      "ir_version 8\nopset \"\" 17\ngraph \"g\" {\ninput %x: float32\n%y: float32 = Relu(%x)\noutput %y\n}\n");
  CHECK_THROWS_AS(input_signatures(graph), Error);
}
