// What outputs are, from graphs alone.
#include "measure/judged.h"

#include <catch2/catch_test_macros.hpp>

#include "graph/text.h"
#include "measure/small_data.h"

namespace bw {
namespace {

// An output %y of `type` from an input %x [N,4], a picture %p [N,3,8,8] and a few constants.
JudgedOutput judged(const std::string& type, const std::string& nodes, int opset = 17) {
  const Graph graph =
      parse_graph("ir_version 8\nopset \"\" " + std::to_string(opset) +
                  "\ngraph \"g\" {\n  input %x: float32[N,4]\n  input %p: float32[N,3,8,8]\n"
                  "  const %w: float32[4,3] = float32[4,3] {1,0,0, 0,1,0, 0,0,1, 1,1,1}\n"
                  "  const %b: float32[3] = float32[3] {1, 2, 3}\n  const %two: float32[] = float32[] {2}\n" +
                  nodes + "  output %y: " + type + "\n}\n");
  return outputs_of(graph).front();
}
JudgedOutput of_three(const std::string& nodes) {
  return judged("float32[N,3]", nodes);
}

const std::string kProduct = "%m: float32[N,3] = MatMul(%x, %w)\n";

TEST_CASE("class scores are what a Softmax or a last product gives") {
  for (const std::string nodes : {"%y: float32[N,3] = Softmax(%x) {axis = 1}\n", "%y: float32[N,3] = LogSoftmax(%x)\n",
                                  "%s: float32[N,3] = Softmax(%x)\n%y: float32[N,3] = Identity(%s)\n"}) {
    INFO(nodes);
    CHECK(of_three(nodes).kind == OutputKind::Scores);
    CHECK(of_three(nodes).class_axis == 1);
    CHECK_FALSE(of_three(nodes).guessed);
  }
  for (const std::string& nodes :
       {std::string("%y: float32[N,3] = MatMul(%x, %w)\n"), std::string("%y: float32[N,3] = Gemm(%x, %w, %b)\n"),
        kProduct + "%y: float32[N,3] = Add(%b, %m)\n", kProduct + "%y: float32[N,3] = Identity(%m)\n"}) {
    INFO(nodes);
    CHECK(of_three(nodes).kind == OutputKind::Scores);
    CHECK(of_three(nodes).guessed);
  }
}

TEST_CASE("what else makes floats gives numbers") {
  CHECK(of_three(kProduct + "%y: float32[N,3] = Tanh(%m)\n").kind == OutputKind::Numbers);
  CHECK(of_three("%y: float32[N,3] = Concat(%x, %x) {axis = 1}\n").kind == OutputKind::Numbers);
  CHECK(of_three("%y: float32[N,3] = MatMul(%x, %x)\n").kind == OutputKind::Numbers);             // no constant matrix
  CHECK(judged("float32[N,1]", "%y: float32[N,1] = Softmax(%x)\n").kind == OutputKind::Numbers);  // one class
}

TEST_CASE("the class axis follows where the scores go") {
  const std::string map = "%s: float32[N,3,8,8] = Softmax(%p) {axis = 1}\n";
  CHECK(judged("float32[N,3,8,8]", map + "%y: float32[N,3,8,8] = Cast(%s) {to = 1}\n").class_axis == 1);
  CHECK(judged("float32[N,8,8,3]", map + "%y: float32[N,8,8,3] = Transpose(%s) {perm = ints [0, 2, 3, 1]}\n")
            .class_axis == 3);
  const JudgedOutput flat = judged(
      "float32[N,3,64]", map + "  const %t: int64[3] = int64[3] {0,3,64}\n%y: float32[N,3,64] = Reshape(%s, %t)\n");
  CHECK(flat.kind == OutputKind::Scores);
  CHECK(flat.class_axis == 1);
  const JudgedOutput mixed =
      judged("float32[N,192]", map + "  const %t: int64[2] = int64[2] {0,192}\n%y: float32[N,192] = Reshape(%s, %t)\n");
  CHECK(mixed.kind == OutputKind::Numbers);  // the largest of all 192 is no answer
}

TEST_CASE("before opset 13 a Softmax ran over all axes from its own on") {
  const auto at = [](const std::string& axis) {
    return judged("float32[N,3,8,8]", "%y: float32[N,3,8,8] = Softmax(%p)" + axis + "\n", 11);
  };
  CHECK(at(" {axis = 3}").kind == OutputKind::Scores);
  CHECK(at("").kind == OutputKind::Numbers);
}

TEST_CASE("integers and booleans are answers, what is no tensor of numbers is not judged") {
  CHECK(judged("int64[N]", "%y: int64[N] = ArgMax(%x) {axis = 1, keepdims = 0}\n").kind == OutputKind::Integers);
  CHECK(judged("bool[N,4]", "%y: bool[N,4] = Greater(%x, %two)\n").kind == OutputKind::Integers);
  CHECK(judged("string[N]", "%y: string[N] = Identity(%x)\n").kind == OutputKind::Other);
}

TEST_CASE("the parts of an output are those of its last concatenation") {
  const std::string both =
      "%a: float32[N,3,8,8] = Mul(%p, %two)\n%s: float32[N,3,8,8] = Sigmoid(%p)\n"
      "%c: float32[N,6,8,8] = Concat(%a, %s) {axis = 1}\n";
  const auto parts = [&](const std::string& type, const std::string& nodes) {
    return judged(type, both + nodes).channels;
  };
  const Channels flat =
      parts("float32[N,6,64]", "  const %t: int64[3] = int64[3] {0,6,64}\n%y: float32[N,6,64] = Reshape(%c, %t)\n");
  CHECK(flat.axis == 1);
  CHECK(flat.parts == std::vector<std::int64_t>{3, 3});
  const Channels last = parts("float32[N,64,6]",
                              "  const %t: int64[3] = int64[3] {0,6,64}\n%f: float32[N,6,64] = Reshape(%c, %t)\n"
                              "%y: float32[N,64,6] = Transpose(%f) {perm = ints [0, 2, 1]}\n");
  CHECK(last.axis == 2);
  CHECK(last.parts == std::vector<std::int64_t>{3, 3});
  const Channels scaled = parts("float32[N,6,8,8]", "%y: float32[N,6,8,8] = Mul(%two, %c)\n");
  CHECK(scaled.parts.size() == 2);
  // What mixes them ends it.
  CHECK(parts("float32[N,6,8,8]", "%y: float32[N,6,8,8] = Mul(%c, %c)\n").parts.empty());
}

TEST_CASE("grids that are put together alike count as their parts") {
  const std::string grid =
      "%c1: float32[N,7,8,8] = Concat(%p, %q) {axis = 1}\n%c2: float32[N,7,8,8] = Concat(%p, %q) {axis = 1}\n"
      "  const %t: int64[3] = int64[3] {0,7,64}\n"
      "%f1: float32[N,7,64] = Reshape(%c1, %t)\n%f2: float32[N,7,64] = Reshape(%c2, %t)\n"
      "%y: float32[N,7,128] = Concat(%f1, %f2) {axis = 2}\n";
  const JudgedOutput output = judged("float32[N,7,128]", "%q: float32[N,4,8,8] = Concat(%p, %p) {axis = 1}\n" + grid);
  CHECK(output.channels.axis == 1);
  CHECK(output.channels.parts == std::vector<std::int64_t>{3, 4});
}

Dataset described(const test::Folder& folder, const std::string& more, bool labels = true) {
  std::vector<test::ZipFile> arrays{
      {.name = "x.npy", .content = test::npy(Tensor::of<float>({2, 4}, std::vector<float>(8, 0.5f)))}};
  if (labels)
    arrays.push_back(
        {.name = "y.npy", .content = test::npy(Tensor::of<std::int64_t>({2}, std::vector<std::int64_t>{0, 1}))});
  test::put(folder.path() / "s.npz", test::zip(arrays));
  test::put(folder.path() / "dataset.yaml", "version: 1\nsource: {kind: npz, path: s.npz}\n" + more);
  return open_dataset(folder.path(), input_signatures(test::classifier(test::kWeights)));
}

std::vector<JudgedOutput> two_outputs(const Dataset& dataset) {
  const Graph graph = parse_graph(
      "ir_version 8\nopset \"\" 17\ngraph \"g\" {\n  input %x: float32[N,4]\n"
      "%a: float32[N,4] = Tanh(%x)\n%b: float32[N,4] = Sigmoid(%x)\n  output %a: float32[N,4]\n  output %b: "
      "float32[N,4]\n}\n");
  return judged_outputs(graph, dataset);
}

TEST_CASE("labels are of the first output, and make it class scores") {
  const test::Folder folder;
  const auto outputs = two_outputs(described(folder, ""));
  CHECK(outputs[0].metrics == std::vector<std::string>{"top1"});
  CHECK(outputs[0].kind == OutputKind::Scores);
  CHECK(outputs[1].metrics.empty());
  CHECK(outputs[1].kind == OutputKind::Numbers);
}

TEST_CASE("dataset.yaml says by what outputs are judged") {
  const test::Folder folder;
  const auto labelled = two_outputs(described(folder, "outputs: {b: {metric: top5}}\n"));
  CHECK(labelled[0].metrics.empty());
  CHECK(labelled[1].metrics == std::vector<std::string>{"top5"});
  const auto named = two_outputs(described(folder, "outputs: {b: {metric: agreement}}\n", false));
  CHECK(named[1].kind == OutputKind::Scores);
  CHECK(named[1].decides);
  CHECK_FALSE(named[0].decides);
  CHECK_THROWS_AS(two_outputs(described(folder, "outputs: {b: {metric: top1}}\n", false)), Error);
  CHECK_THROWS_AS(two_outputs(described(folder, "outputs: {c: {metric: agreement}}\n", false)), Error);
  CHECK_THROWS_AS(two_outputs(described(folder, "outputs: {b: {metric: guess}}\n", false)), Error);
}

}  // namespace
}  // namespace bw
