// Which candidates are timed together.
#include "bench/speed.h"

#include <catch2/catch_test_macros.hpp>

#include "measure/small_data.h"

using namespace bw;

TEST_CASE("candidates of one structure share their times in one runtime, and no others do", "[speed]") {
  const test::Case data(2);
  SharedSamples samples = data.samples();
  Checkpoint nothing_kept;
  Speed speed({"float.onnx", "onnxruntime"}, samples, {}, nothing_kept);
  speed.enter("a", {"a.onnx", "onnxruntime"}, {}, "one");
  speed.enter("b", {"b.onnx", "onnxruntime"}, {}, "one");
  speed.enter("c", {"c.onnx", "onnxruntime"}, {}, "another");
  speed.enter("a@openvino", {"a.onnx", "openvino"}, {}, "one");
  CHECK(speed.timed_with("a") == std::vector<std::string>{"b"});
  CHECK(speed.timed_with("c").empty());
  CHECK(speed.timed_with("a@openvino").empty());
  CHECK(speed.missing_visits() == 3 * SpeedOptions{}.visits);
}
