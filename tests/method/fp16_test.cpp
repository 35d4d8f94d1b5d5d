// What float16 cannot hold, and what the runtime does not take in it, stays in float32: files load, numbers stay
// finite.
#include <catch2/catch_test_macros.hpp>

#include "method/graphs.h"

using namespace bw;
using namespace bw::test;

namespace {

bool is_float16(const Graph& graph, const std::string& node) {
  return precision_of(plan_of(graph, "fp16"), node) == Precision::Float16;
}

double fp16_sqnr(const Graph& graph, const Inputs& inputs, std::size_t output = 0) {
  return sqnr(run(lowered(graph, "fp16"), inputs).at(output), run(graph, inputs).at(output));
}

// Scores, a mask on them by `masking` (from %s and %m to %sm), and the product with values behind a Softmax.
Graph attention(const std::string& masking, const std::string& constants) {
  return graph_of("  input %x: float32[N,4,8]\n  input %m: int64[N,4]\n" + constants + weight("wq", {8, 8}, 1) +
                  weight("wv", {8, 8}, 2) +
                  "  const %axes: int64[1] = int64[1] {1}\n"
                  "  %q: float32[N,4,8] = MatMul(%x, %wq) @ \"q\"\n"
                  "  %xt: float32[N,8,4] = Transpose(%x) {perm = ints [0, 2, 1]}\n"
                  "  %s: float32[N,4,4] = MatMul(%q, %xt) @ \"s\"\n" +
                  masking +
                  "  %p: float32[N,4,4] = Softmax(%sm) {axis = -1} @ \"p\"\n"
                  "  %v: float32[N,4,8] = MatMul(%x, %wv) @ \"v\"\n"
                  "  %y: float32[N,4,8] = MatMul(%p, %v) @ \"y\"\n  output %y: float32[N,4,8]\n");
}

// The second sample is masked wholly, and its scores are far below zero.
Inputs attended() {
  return {{"x", numbers({2, 4, 8}, 3, 4)}, {"m", Tensor::of<std::int64_t>({2, 4}, {1, 1, 0, 1, 0, 0, 0, 0})}};
}

}  // namespace

TEST_CASE("a mask of -1e9 that is multiplied and added stays in float32 up to the Softmax") {
  const Graph graph = attention(
      "  %mf: float32[N,4] = Cast(%m) {to = 1} @ \"mf\"\n  %im: float32[N,4] = Sub(%one, %mf) @ \"im\"\n"
      "  %neg: float32[N,4] = Mul(%im, %big) @ \"neg\"\n  %n3: float32[N,1,4] = Unsqueeze(%neg, %axes) @ \"n3\"\n"
      "  %sm: float32[N,4,4] = Add(%s, %n3) @ \"sm\"\n",
      "  const %one: float32[] = float32[] {1}\n  const %big: float32[] = float32[] {-1e9}\n");
  for (const char* node : {"neg", "n3", "sm", "p"}) CHECK_FALSE(is_float16(graph, node));
  for (const char* node : {"q", "s", "v", "y"}) CHECK(is_float16(graph, node));
  CHECK(plan_of(graph, "fp16").nodes.at("sm").reason.find("'big'") != std::string::npos);
  CHECK(fp16_sqnr(graph, attended()) > 55);
}

TEST_CASE("what masked places get before a Softmax becomes the largest number of float16") {
  for (const char* big : {"-3.4028235e38", "-1e9", "-65520"}) {
    INFO(big);
    const Graph graph = attention(
        "  %mb: bool[N,4] = Cast(%m) {to = 9} @ \"mb\"\n  %m3: bool[N,1,4] = Unsqueeze(%mb, %axes)\n"
        "  %sm: float32[N,4,4] = Where(%m3, %s, %big) @ \"sm\"\n",
        std::string("  const %big: float32[] = float32[] {") + big + "}\n");
    CHECK(is_float16(graph, "sm"));
    CHECK(is_float16(graph, "p"));
    const Plan plan = plan_of(graph, "fp16");
    REQUIRE(plan.notes.size() == 1);
    CHECK(plan.notes[0].find("'big'") != std::string::npos);
    CHECK(fp16_sqnr(graph, attended()) > 55);
    CHECK_FALSE(precision_of(plan_of(graph, "fp16(keep_float=sm)"), "p") == Precision::Float16);
    CHECK(sqnr(run(lowered(graph, "fp16(keep_float=sm)"), attended())[0], run(graph, attended())[0]) > 55);
  }
}

TEST_CASE("an infinity that the model has stays one") {
  const Graph graph = attention(
      "  %mb: bool[N,4] = Cast(%m) {to = 9} @ \"mb\"\n  %m3: bool[N,1,4] = Unsqueeze(%mb, %axes)\n"
      "  %sm: float32[N,4,4] = Where(%m3, %s, %big) @ \"sm\"\n",
      "  const %big: float32[] = float32[] {-inf}\n");
  CHECK(is_float16(graph, "sm"));
  Inputs inputs = attended();
  inputs["m"] = Tensor::of<std::int64_t>({2, 4}, {1, 1, 0, 1, 0, 0, 1, 0});
  CHECK(fp16_sqnr(graph, inputs) > 55);
}

TEST_CASE("every part of what was masked has to be one of which the largest counts") {
  const auto graph_with = [](const char* end) {
    return graph_of("  input %x: float32[N,4]\n  const %big: float32[] = float32[] {-1e9}\n" + weight("w", {4, 4}, 1) +
                    "  const %zero: float32[] = float32[] {0}\n  %h: float32[N,4] = MatMul(%x, %w) @ \"h\"\n"
                    "  %m: bool[N,4] = Less(%x, %zero)\n  %a: float32[N,4] = Where(%m, %big, %h) @ \"a\"\n"
                    "  %l: float32[N,2], %r: float32[N,2] = Split(%a) {axis = 1} @ \"split\"\n"
                    "  %ls: float32[N,2] = Softmax(%l)\n" +
                    std::string(end) + "  output %ls: float32[N,2]\n  output %rs: float32[N,2]\n");
  };
  CHECK(is_float16(graph_with("  %rs: float32[N,2] = Softmax(%r)\n"), "a"));
  CHECK_FALSE(is_float16(graph_with("  %rs: float32[N,2] = Neg(%r)\n"), "a"));
  CHECK_FALSE(is_float16(graph_with("  %rs: float32[N,2] = Softmax(%r)\n  output %a: float32[N,4]\n"), "a"));
}

TEST_CASE("outputs that are left out are no obstacle") {
  const Graph graph = graph_of("  input %x: float32[S,N,4]\n" + weight("w", {1, 3, 4}, 1) + weight("r", {1, 3, 3}, 2) +
                               "  _, %y: float32[1,N,3] = RNN(%x, %w, %r) {hidden_size = 3} @ \"y\"\n"
                               "  output %y: float32[1,N,3]\n");
  CHECK(is_float16(graph, "y"));
  CHECK(fp16_sqnr(graph, {{"x", numbers({2, 1, 4}, 5)}}) > 50);
}

TEST_CASE("a large number that more than a maximum sees keeps what it feeds in float32") {
  const Graph graph = graph_of(
      "  input %x: float32[N,3,4,4]\n  const %big: float32[] = float32[] {-1e9}\n"
      "  const %zero: float32[] = float32[] {0}\n" +
      weight("w", {2, 3, 1, 1}, 1) + weight("u", {2, 3, 1, 1}, 2) +
      "  %m: bool[N,3,4,4] = Less(%x, %zero)\n"
      "  %a: float32[N,3,4,4] = Where(%m, %big, %x) @ \"a\"\n"
      "  %y: float32[N,2,4,4] = Conv(%a, %w) @ \"y\"\n"
      "  %z: float32[N,2,4,4] = Conv(%x, %u) @ \"z\"\n"
      "  output %y: float32[N,2,4,4]\n  output %z: float32[N,2,4,4]\n");
  CHECK_FALSE(is_float16(graph, "a"));
  CHECK_FALSE(is_float16(graph, "y"));
  CHECK(is_float16(graph, "z"));
  CHECK(fp16_sqnr(graph, {{"x", numbers({1, 3, 4, 4}, 5)}}) > 100);
}

TEST_CASE("limits beyond float16 limit nothing") {
  const Graph graph = graph_of(
      "  input %x: float32[N,4]\n  const %low: float32[] = float32[] {-1e30}\n"
      "  const %high: float32[] = float32[] {3e38}\n" +
      weight("w", {4, 4}, 1) +
      "  %h: float32[N,4] = MatMul(%x, %w) @ \"h\"\n"
      "  %c: float32[N,4] = Clip(%h, %low, %high) @ \"c\"\n"
      "  %y: float32[N,4] = Max(%c, %low) @ \"y\"\n  output %y: float32[N,4]\n");
  CHECK(is_float16(graph, "c"));
  CHECK(is_float16(graph, "y"));
  CHECK(fp16_sqnr(graph, {{"x", numbers({3, 4}, 5)}}) > 55);
}

TEST_CASE("a norm made of parts stays in float32, with its epsilon") {
  for (const char* square : {"Pow(%d, %two)", "Mul(%d, %d)"}) {
    INFO(square);
    const Graph graph = graph_of(
        "  input %x: float32[N,8]\n  const %two: float32[] = float32[] {2}\n"
        "  const %eps: float32[] = float32[] {1e-12}\n" +
        weight("gain", {8}, 1) + weight("w", {8, 8}, 2) +
        "  %mean: float32[N,1] = ReduceMean(%x) {axes = ints [1]} @ \"mean\"\n"
        "  %d: float32[N,8] = Sub(%x, %mean) @ \"d\"\n  %sq: float32[N,8] = " +
        std::string(square) +
        " @ \"sq\"\n  %var: float32[N,1] = ReduceMean(%sq) {axes = ints [1]} @ \"var\"\n"
        "  %ve: float32[N,1] = Add(%var, %eps) @ \"ve\"\n"
        "  %sd: float32[N,1] = Sqrt(%ve) @ \"sd\"\n  %n: float32[N,8] = Div(%d, %sd) @ \"n\"\n"
        "  %g: float32[N,8] = Mul(%n, %gain) @ \"g\"\n"
        "  %y: float32[N,8] = MatMul(%g, %w) @ \"y\"\n  output %y: float32[N,8]\n");
    for (const char* node : {"mean", "d", "sq", "var", "ve", "sd", "n"}) CHECK_FALSE(is_float16(graph, node));
    for (const char* node : {"g", "y"}) CHECK(is_float16(graph, node));
    std::vector<float> rows(24, 3.0f);  // constant: its variance is zero
    for (std::size_t i = 0; i < 8; ++i) {
      rows[8 + i] = 1000 * static_cast<float>(i);  // its squares leave float16
      rows[16 + i] = 1e-3f * static_cast<float>(i);
    }
    CHECK(fp16_sqnr(graph, {{"x", Tensor::of<float>({3, 8}, std::span<const float>(rows))}}) > 50);
  }
}

TEST_CASE("a spectrum stays in float32 up to its logarithm") {
  const Graph graph =
      graph_of("  input %x: float32[N,16]\n  const %floor: float32[] = float32[] {1e-10}\n" + weight("re", {16, 9}, 1) +
               weight("im", {16, 9}, 2) + weight("w", {4, 4}, 4) +
               "  const %mel: float32[9,4] = float32[9,4] {1,0,0,0, 1,0,0,0, 1,1,0,0, 0,1,0,0, 0,1,1,0, "
               "0,0,1,0, 0,0,1,1, 0,0,0,1, 0,0,0,1}\n"
               "  %r: float32[N,9] = MatMul(%x, %re) @ \"r\"\n  %i: float32[N,9] = MatMul(%x, %im) @ \"i\"\n"
               "  %r2: float32[N,9] = Mul(%r, %r) @ \"r2\"\n  %i2: float32[N,9] = Mul(%i, %i) @ \"i2\"\n"
               "  %p: float32[N,9] = Add(%r2, %i2) @ \"p\"\n  %m: float32[N,4] = MatMul(%p, %mel) @ \"m\"\n"
               "  %c: float32[N,4] = Max(%m, %floor) @ \"c\"\n  %l: float32[N,4] = Log(%c) @ \"l\"\n"
               "  %y: float32[N,4] = MatMul(%l, %w) @ \"y\"\n  output %y: float32[N,4]\n");
  for (const char* node : {"r2", "i2", "p", "m", "c", "l"}) CHECK_FALSE(is_float16(graph, node));
  for (const char* node : {"r", "i", "y"}) CHECK(is_float16(graph, node));
  CHECK(fp16_sqnr(graph, {{"x", numbers({3, 16}, 5, 1000)}}) > 50);
}

TEST_CASE("an epsilon that float16 does not have keeps the division in float32") {
  const Graph graph =
      graph_of("  input %x: float32[N,8]\n  const %eps: float32[] = float32[] {1e-10}\n" + weight("w", {8, 8}, 2) +
               "  %l: float32[N,1] = ReduceL2(%x) {axes = ints [1]} @ \"l\"\n"
               "  %m: float32[N,1] = Clip(%l, %eps) @ \"m\"\n  %n: float32[N,8] = Div(%x, %m) @ \"n\"\n"
               "  %y: float32[N,8] = MatMul(%n, %w) @ \"y\"\n  output %y: float32[N,8]\n");
  CHECK_FALSE(is_float16(graph, "m"));
  CHECK_FALSE(is_float16(graph, "n"));
  CHECK(is_float16(graph, "y"));
  const std::vector<float> rows{0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(fp16_sqnr(graph, {{"x", Tensor::of<float>({2, 8}, std::span<const float>(rows))}}) > 50);
}

TEST_CASE("small numbers among the weights are no epsilons") {
  std::string w = "  const %w: float32[2,2] = float32[2,2] {1e-12, 1, 2, 3}\n";
  const Graph graph = graph_of("  input %x: float32[N,2]\n" + w +
                               "  %y: float32[N,2] = MatMul(%x, %w) @ \"y\"\n  output %y: float32[N,2]\n");
  CHECK(is_float16(graph, "y"));
}

TEST_CASE("positions stay exact up to the angles made of them") {
  const Graph graph =
      graph_of("  input %p: int64[N]\n  const %f: float32[] = float32[] {0.7}\n" + weight("w", {1, 4}, 2) +
               "  const %ax: int64[1] = int64[1] {1}\n"
               "  %pf: float32[N] = Cast(%p) {to = 1} @ \"pf\"\n"
               "  %a: float32[N] = Mul(%pf, %f) @ \"a\"\n  %s: float32[N] = Sin(%a) @ \"s\"\n"
               "  %u: float32[N,1] = Unsqueeze(%s, %ax) @ \"u\"\n"
               "  %y: float32[N,4] = MatMul(%u, %w) @ \"y\"\n  output %y: float32[N,4]\n");
  CHECK(is_float16(graph, "y"));
  CHECK(fp16_sqnr(graph, {{"p", Tensor::of<std::int64_t>({3}, {4001, 4003, 4009})}}) > 50);
}

TEST_CASE("operators without float16 stay in float32, and the file loads and runs") {
  struct Row {
    const char *says, *nodes;
    bool narrow;  // the node named "n"
  };
  const Row rows[] = {
      {"Range",
       "  %r: float32[M] = Range(%zero, %rows, %one) @ \"n\"\n  %rc: float32[M,1] = Unsqueeze(%r, %ax1)\n"
       "  %z: float32[N,4] = Mul(%h, %rc)\n",
       false},
      {"a mean that is used",
       "  %z, %mean: float32[N,1], %inv = LayerNormalization(%h, %ones) @ \"n\"\n  %t: float32[N,1] = Neg(%mean)\n"
       "  output %t: float32[N,1]\n",
       false},
      {"no mean", "  %z: float32[N,4] = LayerNormalization(%h, %ones) @ \"n\"\n", true},
      {"adding scatter",
       "  %z: float32[N,4] = ScatterElements(%h, %at, %row) {axis = 1, reduction = \"add\"} @ \"n\"\n", false},
      {"scatter", "  %z: float32[N,4] = ScatterElements(%h, %at, %row) {axis = 1} @ \"n\"\n", true},
      {"Celu", "  %z: float32[N,4] = Celu(%h) @ \"n\"\n", false},
      {"a named type", "  %e: float32[N,4] = EyeLike(%h) {dtype = 1} @ \"n\"\n  %z: float32[N,4] = Mul(%h, %e)\n",
       false},
      {"a window",
       "  %e: float32[M] = HannWindow(%count) @ \"n\"\n  %ec: float32[M,1] = Unsqueeze(%e, %ax1)\n"
       "  %z: float32[N,4] = Add(%h, %ec)\n",
       false},
      {"normalization of its own",
       "  %u: float32[N,4,1,1] = Unsqueeze(%h, %ax)\n"
       "  %v: float32[N,4,1,1] = MeanVarianceNormalization(%u) @ \"n\"\n  %z: float32[N,4] = Squeeze(%v, %ax)\n",
       false},
      {"a sequence that is made",
       "  %q: sequence(float32[N,4]) = SequenceConstruct(%h, %h) @ \"n\"\n"
       "  %t: float32[M,4] = ConcatFromSequence(%q) {axis = 0}\n  %z: float32[M,4] = Neg(%t)\n",
       false},
      {"a sequence",
       "  %q: sequence(float32[N,2]) = SplitToSequence(%h, %i2) {axis = 1} @ \"n\"\n"
       "  %z: float32[N,4] = ConcatFromSequence(%q) {axis = 1}\n",
       false},
  };
  for (const Row& row : rows) {
    INFO(row.says);
    const Graph graph =
        graph_of("  input %x: float32[N,4]\n" + weight("w", {4, 4}, 1) + weight("row", {1, 2}, 2) +
                     "  const %ones: float32[4] = float32[4] {1, 1, 1, 1}\n  const %zero: float32[] = float32[] {0}\n"
                     "  const %one: float32[] = float32[] {1}\n  const %first: int64[] = int64[] {0}\n"
                     "  const %at: int64[1,2] = int64[1,2] {0, 2}\n  const %i2: int64[] = int64[] {2}\n"
                     "  const %ax1: int64[1] = int64[1] {1}\n  const %ax: int64[2] = int64[2] {2, 3}\n"
                     "  %shape: int64[2] = Shape(%x)\n  %count: int64[] = Gather(%shape, %first)\n"
                     "  %rows: float32[] = Cast(%count) {to = 1}\n"
                     "  %h: float32[N,4] = MatMul(%x, %w) @ \"h\"\n" +
                     std::string(row.nodes) + "  output %z\n",
                 18);
    REQUIRE(graph.find_node("n") != kNoNode);
    CHECK(is_float16(graph, "n") == row.narrow);
    CHECK(is_float16(graph, "h"));
    CHECK(fp16_sqnr(graph, {{"x", numbers({2, 4}, 5)}}) > 50);
  }
}

TEST_CASE("a model in which no weight becomes smaller is left as it is") {
  for (const char* nodes : {"  %y: float32[N,4] = Relu(%x)\n",
                            "  const %b: float32[4] = float32[4] {1, 2, 3, 4}\n  %y: float32[N,4] = Add(%x, %b)\n"}) {
    const Graph graph = graph_of("  input %x: float32[N,4]\n" + std::string(nodes) + "  output %y: float32[N,4]\n");
    for (const auto& [name, decision] : plan_of(graph, "fp16").nodes) {
      CHECK(decision.compute == Precision::Float32);
      CHECK(decision.reason.find("no float32 weights") != std::string::npos);
    }
  }
}

TEST_CASE("weights that the file holds in 16 bits already are no gain") {
  Graph stored = parse_graph(
      "ir_version 8\nopset \"\" 17\ngraph \"g\" {\n  input %x: float32[N,2]\n"
      "  const %w: float16[2,2] = float16[2,2] {1, 0.5, 2, 0.25}\n  %xh: float16[N,2] = Cast(%x) {to = 10}\n"
      "  %h: float16[N,2] = MatMul(%xh, %w) @ \"h\"\n  %y: float32[N,2] = Cast(%h) {to = 1}\n"
      "  output %y: float32[N,2]\n}\n");
  onnx::infer_types(stored);
  Graph graph = stored;
  prepare(graph);
  onnx::infer_types(graph);
  for (const char* recipe : {"fp16", "bf16(min_size=1)"}) {
    Task task = task_of(graph);
    const Chain chain = resolve(parse_recipe(recipe));
    CHECK(is_changed(decide(chain, task), "h"));
    task.stored = &stored;
    const Plan plan = decide(chain, task);
    CHECK_FALSE(is_changed(plan, "h"));
    CHECK(plan.nodes.at("h").reason.find("have 16 bits already") != std::string::npos);
  }
}
