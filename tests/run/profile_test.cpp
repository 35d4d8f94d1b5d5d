// What runtimes say of each node's time.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <map>
#include <string>

#include "badinput/sketch.h"
#include "base/error.h"
#include "base/file.h"
#include "format/onnx/onnx.h"
#include "run/ort/profile.h"

namespace bw {
namespace {

using Catch::Matchers::WithinRel;

constexpr const char* kEvents = R"([
{"cat":"Session","pid":1,"tid":1,"dur":500,"ts":1,"ph":"X","name":"session_initialization","args":{}},
{"cat":"Node","pid":1,"tid":1,"dur":900,"ts":2,"ph":"X","name":"conv_kernel_time","args":{"op_name":"FusedConv","provider":"CPU","node_index":"0"}},
{"cat":"Session","pid":1,"tid":1,"dur":500,"ts":2,"ph":"X","name":"model_run","args":{}},
{"cat":"Node","pid":1,"tid":1,"dur":7,"ts":2,"ph":"X","name":"conv_fence_before","args":{"op_name":"Conv"}},
{"cat":"Node","pid":1,"tid":1,"dur":30,"ts":3,"ph":"X","name":"conv_kernel_time","args":{"op_name":"FusedConv","provider":"CPU","node_index":"0"}},
{"cat":"Node","pid":1,"tid":1,"dur":5,"ts":40,"ph":"X","name":"x_kernel_time_kernel_time","args":{"op_name":"Softmax","provider":"CPU","node_index":"4"}},
{"cat":"Node","pid":1,"tid":1,"dur":10,"ts":45,"ph":"X","name":"conv_kernel_time","args":{"op_name":"FusedConv","provider":"CPU","node_index":"0"}}
])";

TEST_CASE("a profile's events behind the first run are summed by node, and nothing else of them counts", "[profile]") {
  const std::vector<NodeTime> times = ort::node_times(kEvents);
  REQUIRE(times.size() == 2);
  CHECK(times[0].node == "conv");
  CHECK(times[0].kernel == "FusedConv");
  CHECK(times[0].op.empty());
  CHECK(times[0].calls == 2);
  CHECK_THAT(times[0].seconds, WithinRel(40e-6));
  CHECK(times[1].node == "x_kernel_time");
  CHECK(times[1].calls == 1);
}

TEST_CASE("what runs inside a body is not counted with the node around it as well", "[profile]") {
  const std::vector<NodeTime> times = ort::node_times(R"([
{"cat":"Session","pid":1,"tid":1,"dur":500,"ts":2,"ph":"X","name":"model_run","args":{}},
{"cat":"Node","pid":1,"tid":1,"dur":20,"ts":11,"ph":"X","name":"inner_kernel_time","args":{"op_name":"Add","node_index":"0"}},
{"cat":"Node","pid":1,"tid":1,"dur":30,"ts":35,"ph":"X","name":"inner_kernel_time","args":{"op_name":"Add","node_index":"0"}},
{"cat":"Node","pid":1,"tid":1,"dur":70,"ts":10,"ph":"X","name":"scan_kernel_time","args":{"op_name":"Scan","node_index":"1"}},
{"cat":"Node","pid":1,"tid":2,"dur":9,"ts":50,"ph":"X","name":"beside_kernel_time","args":{"op_name":"Mul","node_index":"2"}},
{"cat":"Node","pid":1,"tid":1,"dur":15,"ts":80,"ph":"X","name":"behind_kernel_time","args":{"op_name":"Mul","node_index":"3"}}
])");
  REQUIRE(times.size() == 4);
  CHECK_THAT(times[0].seconds, WithinRel(50e-6));
  CHECK_THAT(times[1].seconds, WithinRel(20e-6));
  CHECK_THAT(times[2].seconds, WithinRel(9e-6));
  CHECK_THAT(times[3].seconds, WithinRel(15e-6));
}

TEST_CASE("a profile that is none is refused", "[profile]") {
  for (const char* text : {"", "{", "{}x", R"([{"cat":"Node"}])",
                           R"([{"name":"model_run"},{"name":"a_kernel_time","cat":"Node","args":{}}])"})
    CHECK_THROWS_AS(ort::node_times(text), Error);
}

// A product that takes long, then a softmax that does not.
std::string model() {
  test::Sketch s;
  const ValueId x = s.input("x", DType::Float32, {256, 512});
  const ValueId product = s.node("MatMul", {x, s.constant("w", test::zeros(DType::Float32, {512, 512}))}, {}, "p");
  return onnx::serialize(s.with_output(s.node("Softmax", {product}, {}, "y")));
}

std::vector<NodeTime> times_of(const Runtime& runtime) {
  const std::string bytes = model();
  const Tensor x = test::zeros(DType::Float32, {256, 512});
  LoadOptions options;
  options.profile = true;
  const auto runner = runtime.load({{}, as_bytes(bytes)}, options);
  for (int run = 0; run < 4; ++run) runner->run(std::span(&x, 1));
  return runner->profile();
}

TEST_CASE("every runtime that is here tells the time of each node", "[profile]") {
  constexpr int kTries = 5;  // a node may have to wait for a processor
  for (const Runtime& runtime : runtimes()) {
    INFO(runtime.name);
    if (!runtime.available()) continue;
    bool product_takes_longer = false;
    for (int attempt = 0; attempt < kTries && !product_takes_longer; ++attempt) {
      const std::vector<NodeTime> times = times_of(runtime);
      REQUIRE(times.size() >= 2);
      double all = 0;
      for (const NodeTime& time : times) {
        CHECK(time.calls == 3);
        CHECK(time.seconds >= 0);
        CHECK_FALSE(time.kernel.empty());
        all += time.seconds;
      }
      CHECK(all > 1e-5);
      product_takes_longer = times[0].seconds > times[1].seconds;
    }
    CHECK(product_takes_longer);
  }
}

}  // namespace
}  // namespace bw
