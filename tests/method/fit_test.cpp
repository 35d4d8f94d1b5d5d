// How much of a model each recipe takes, and which are named first.
#include "method/fit.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "method/graphs.h"

using namespace bw;
using namespace bw::test;
using Catch::Approx;
using Names = std::vector<std::string>;

namespace {

const std::string kImage =
    "  input %x: float32[1,4,8,8]\n" + weight("w", {4, 4, 3, 3}, 1) + weight("v", {4, 4, 3, 3}, 2);
const std::string kTwo =
    "  %a: float32[1,4,6,6] = Conv(%x, %w) @ \"a\"\n  %b: float32[1,4,4,4] = Conv(%a, %v) @ \"b\"\n"
    "  output %b: float32[1,4,4,4]\n";
const std::string kMatrix =
    "  input %x: float32[2,32]\n" + weight("w", {32, 64}, 1) + "  %m: float32[2,64] = MatMul(%x, %w) @ \"m\"\n";

ChainFit fit(const std::string& body, const std::string& recipe) {
  const Graph graph = graph_of(body);
  return fit_of(resolve(parse_recipe(recipe)), task_of(graph));
}

Names names(const std::string& body) {
  const Graph graph = graph_of(body);
  return recommended(fits(task_of(graph)));
}

}  // namespace

TEST_CASE("a fit counts layers, work in integers and weights in fewer bits") {
  const ChainFit all = fit(kMatrix + "  output %m\n", "int8-static");
  CHECK(all.taken == 1);
  CHECK(all.layers == 1);
  CHECK(all.work == 1);
  CHECK(all.weights == 1);
  CHECK(all.bits == 8);
  CHECK(all.data);
  // Two products, of 2 * 32 * 64 and 2 * 64 * 16 multiply-accumulates; the second stays in float.
  const std::string two =
      kMatrix + weight("u", {64, 16}, 3) + "  %y: float32[2,16] = MatMul(%m, %u) @ \"y\"\n  output %y\n";
  const ChainFit half = fit(two, "int8-dynamic(keep_float=y)");
  CHECK(half.taken == 1);
  CHECK(half.layers == 2);
  CHECK(half.work == Approx(2.0 / 3));
  CHECK(half.weights == Approx(2.0 / 3));
  CHECK_FALSE(half.data);
  const ChainFit blocks = fit(two, "weight-only(bits=4,block=32)");
  CHECK(blocks.work == 0);
  CHECK(blocks.weights == 1);
  CHECK(blocks.bits == 4);
  CHECK(fit(two, "fp16").bits == 16);
}

TEST_CASE("int8-auto fits as the beginning does that computes most in integers") {
  const ChainFit recurrent =
      fit("  input %x: float32[5,1,4]\n" + weight("w", {1, 64, 4}, 1) + weight("r", {1, 64, 16}, 2) +
              "  %y: float32 = LSTM(%x, %w, %r) {hidden_size = 16} @ \"y\"\n  output %y: float32\n",
          "int8-auto");
  CHECK(recurrent.reason.empty());
  CHECK(recurrent.taken == 1);
  CHECK_FALSE(fit("  input %x: float32[2,4]\n  %y: float32[2,4] = Relu(%x)\n  output %y: float32[2,4]\n", "int8-auto")
                  .reason.empty());
}

TEST_CASE("work is counted for one sample where extents are free") {
  const std::string free = "  input %x: float32[N,4,H,W]\n" + weight("w", {4, 4, 3, 3}, 1) + weight("u", {4, 2}, 2) +
                           "  %a = Conv(%x, %w) @ \"a\"\n  %g = GlobalAveragePool(%a)\n  %f = Flatten(%g)\n"
                           "  %y = MatMul(%f, %u) @ \"y\"\n  output %y: float32[N,2]\n";
  CHECK(fit(free, "int8-dynamic").work < 0.001);
  CHECK(fit(free, "int8-static").work > 0.9);
  for (const std::string& name : names(free)) CHECK(name != "int8-dynamic");
}

TEST_CASE("what takes nothing says why") {
  const ChainFit none = fit(kImage + kTwo, "int8-dynamic");
  CHECK(none.reason.find("Conv has no fast dynamic kernel") != std::string::npos);
  CHECK(none.taken == 0);
  CHECK(fit(kMatrix + "  output %m\n", "int8-static(keep_float=m)").reason.find("kept in float as asked") !=
        std::string::npos);
}

TEST_CASE("nothing fits a model that is quantized already") {
  const std::string coded =
      "  input %x: float32[2,2]\n  const %s: float32[] = float32[] {0.5}\n  const %z: uint8[] = uint8[] {3}\n"
      "  %q: uint8[2,2] = QuantizeLinear(%x, %s, %z)\n  %d: float32[2,2] = DequantizeLinear(%q, %s, %z)\n" +
      weight("w", {2, 2}, 1) + "  %y: float32[2,2] = MatMul(%d, %w)\n  output %y\n";
  const Graph graph = graph_of(coded);
  for (const RecipeFit& one : fits(task_of(graph)))
    CHECK(one.fit.reason.find("quantized already") != std::string::npos);
}

TEST_CASE("a chain fits as its methods do, without data") {
  const ChainFit chain = fit(kImage + kTwo, "equalize+int8-static+bias-correction");
  CHECK(chain.reason.empty());
  CHECK(chain.work == fit(kImage + kTwo, "int8-static").work);
}

TEST_CASE("what computes most in integers is named first, then what needs no data, then what loses least") {
  const Names cnn = names(kImage + kTwo);
  CHECK(cnn == Names{"int8-static", "int8-auto", "fp16"});  // its weights are too small for bf16
  CHECK(names(kMatrix + "  output %m\n") == Names{"int8-dynamic", "int8-static", "int8-auto", "fp16", "bf16",
                                                  "weight-only(bits=8,block=32)", "weight-only(bits=4,block=32)"});
}
