// Which candidates are timed together.
#include "bench/speed.h"

#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "measure/small_data.h"

using namespace bw;

namespace {

// Of an earlier run: one after the other, each as it is told whether it judges. What is asked for beyond is an error.
class Visits {
 public:
  explicit Visits(const std::vector<bool>& judging) {
    Checkpoint earlier(steps_.path(), true);
    for (std::size_t i = 0; i < judging.size(); ++i) {
      Part part{.model = "m", .of = "a", .what = fmt::format("speed {}", i + 1), .from = {}};
      part.from = {{"--latency-seconds", "0.6"},
                   {"the warm-up", "0.2"},
                   {"the number of turns", "2"},
                   {"the visit", std::to_string(i + 1)}};
      earlier.visit(part, [&] { return visit(judging[i], static_cast<double>(i + 1)); });
    }
  }
  // How many are paid until no more are wanted.
  std::size_t paid(std::size_t wanted) const {
    const test::Case data(2);
    SharedSamples samples = data.samples();
    Checkpoint kept(steps_.path(), true);
    Speed speed({"none.onnx", "onnxruntime"}, samples, {.visits = wanted, .visit = {}, .worker = {}}, kept);
    speed.enter("a", {"none.onnx", "onnxruntime"}, {.model = "m", .of = "a", .what = "speed", .from = {}}, "one");
    std::size_t count = 0;
    for (; speed.wants_visit("a"); ++count) CHECK(speed.visit("a") == static_cast<double>(count + 1));
    return count;
  }

 private:
  static Visit visit(bool judging, double seconds) {
    Visit visit;
    visit.seconds = seconds;
    for (SideTimes* side : {&visit.original, &visit.quantized}) {
      side->loads = {0.5, 0.5};
      for (auto& runs : side->runs)
        if (judging) runs = {0.001, 0.002};
    }
    return visit;
  }

  test::Folder steps_;
};

}  // namespace

TEST_CASE("visits that judge are counted, and no more are paid than twice as many", "[speed]") {
  CHECK(Visits({true, true, true, true}).paid(3) == 3);
  CHECK(Visits({true, false, true, false, true, true}).paid(3) == 5);
  CHECK(Visits({false, false, false, false, false, false, true}).paid(3) == 6);
}

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
