// What kind of network a model is.
#include "model/architecture.h"

#include <catch2/catch_test_macros.hpp>

#include "bench/networks.h"
#include "model/model.h"

using namespace bw;

namespace {

Architecture kind_of(const std::string& body) {
  return architecture(prepared(parse_graph("ir_version 8\nopset \"\" 17\ngraph \"g\" {\n" + body + "}\n")));
}

const std::string kImage =
    "  input %x: float32[1,4,8,8]\n" + test::constant("w", {4, 4, 3, 3}, 1) + test::constant("v", {4, 4, 3, 3}, 2);
const std::string kTwo =
    "  %a: float32[1,4,6,6] = Conv(%x, %w) @ \"a\"\n  %b: float32[1,4,4,4] = Conv(%a, %v) @ \"b\"\n";
const std::string kMatrix =
    "  input %x: float32[2,16]\n" + test::constant("w", {16, 16}, 1) + "  %m: float32[2,16] = MatMul(%x, %w) @ \"m\"\n";
const std::string kAttention =
    "  %t: float32[16,2] = Transpose(%m) {perm = ints [1, 0]}\n  %s: float32[2,2] = MatMul(%m, %t) @ \"s\"\n";
const std::string kLstm = test::constant("lw", {1, 32, 16}, 3) + test::constant("lr", {1, 32, 8}, 4);

}  // namespace

TEST_CASE("networks are named after what they compute with") {
  CHECK(kind_of(kImage + kTwo + "  output %b: float32[1,4,4,4]\n").type == "cnn");
  CHECK(kind_of(kImage + "  %a: float32[1,4,6,6] = Conv(%x, %w)\n  output %a: float32[1,4,6,6]\n").type == "cnn");
  CHECK(kind_of(kMatrix + "  output %m: float32[2,16]\n").type == "mlp");
  CHECK(kind_of(kMatrix + kAttention + "  output %s: float32[2,2]\n").type == "transformer");
  const std::string sequence = "  input %q: float32[3,1,16]\n" + kLstm;
  CHECK(kind_of(sequence + "  %y: float32[3,1,1,8] = LSTM(%q, %lw, %lr) {hidden_size = 8}\n"
                           "  output %y: float32[3,1,1,8]\n")
            .type == "rnn");
  CHECK(kind_of(kMatrix + kAttention + sequence +
                "  %y: float32[3,1,1,8] = LSTM(%q, %lw, %lr) {hidden_size = 8}\n"
                "  output %s: float32[2,2]\n  output %y: float32[3,1,1,8]\n")
            .type == "mixed");
  // One convolution before attention (patches of a picture) makes no CNN.
  CHECK(kind_of("  input %p: float32[1,4,8,8]\n" + test::constant("pw", {4, 4, 3, 3}, 1) + kMatrix + kAttention +
                "  %c: float32[1,4,6,6] = Conv(%p, %pw)\n  output %s: float32[2,2]\n  output %c: float32[1,4,6,6]\n")
            .type == "transformer");
}

TEST_CASE("parameters and multiply-accumulates are counted") {
  const Architecture mlp = kind_of(kMatrix + "  output %m: float32[2,16]\n");
  CHECK(mlp.parameters == 256);
  CHECK(mlp.multiply_accumulates == 2 * 16 * 16);
}
