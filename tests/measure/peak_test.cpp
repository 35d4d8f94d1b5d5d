// What a machine can do, and what of it a model reaches.
#include "measure/peak.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "base/clock.h"
#include "graph/text.h"
#include "measure/small_data.h"
#include "run/runtime.h"

namespace bw {
namespace {

using Catch::Approx;

const Peaks kPeaks{.read_bandwidth = 1e9, .float_operations = 1e10, .int8_operations = 4e10};

// 0.01 s, between 0.008 and 0.02.
const Figure kTime{0.01, Interval{0.008, 0.02}, 50, Unit::Seconds, {}};

TEST_CASE("rates are two operations a multiply-accumulate, and bytes, over the time") {
  const AchievedRates rates = achieved({.multiply_accumulates = 5'000'000, .bytes = 2'000'000}, kTime, kPeaks, false);
  CHECK(*rates.operations.value == Approx(1e9));
  CHECK(rates.operations.interval->low == Approx(5e8));
  CHECK(rates.operations.interval->high == Approx(1.25e9));
  CHECK(rates.operations.unit == Unit::OperationsPerSecond);
  CHECK(*rates.bytes.value == Approx(2e8));
  CHECK(rates.bytes.unit == Unit::BytesPerSecond);
  CHECK(*rates.operations_of_peak.value == Approx(0.1));
  CHECK(rates.operations_of_peak.interval->high == Approx(0.125));
  CHECK(*rates.bytes_of_peak.value == Approx(0.2));
  CHECK(rates.bytes_of_peak.unit == Unit::Fraction);
}

TEST_CASE("integers are rated against the integers' peak") {
  const AchievedRates rates = achieved({.multiply_accumulates = 5'000'000, .bytes = 1}, kTime, kPeaks, true);
  CHECK(*rates.operations_of_peak.value == Approx(0.025));
}

TEST_CASE("what is not known is not rated, and says why") {
  const AchievedRates shapes = achieved({}, kTime, kPeaks, false);
  CHECK_FALSE(shapes.operations.value);
  CHECK(shapes.operations.reason.find("shapes are not known") != std::string::npos);
  CHECK_FALSE(shapes.operations_of_peak.value);
  CHECK(shapes.operations_of_peak.reason == shapes.operations.reason);
  const AchievedRates time =
      achieved({.multiply_accumulates = 1, .bytes = 1}, missing_figure(Unit::Seconds, ""), kPeaks, false);
  CHECK(time.bytes.reason == "The model was not timed.");
  const AchievedRates peak = achieved({.multiply_accumulates = 1, .bytes = 1}, kTime, {}, false);
  CHECK(peak.operations.value);
  CHECK(peak.bytes_of_peak.reason == "The machine's peak is not known.");
}

// The best of a few products of the same size, timed here.
double operations_a_second(const char* op, DType left, const char* type, const char* result) {
  constexpr std::int64_t kSide = 1024;
  const std::string sides = "[1024,1024]";
  Graph graph = parse_graph("ir_version 8\nopset \"\" 17\ngraph \"p\" {\n  input %a: " + std::string(name_of(left)) +
                            sides + "\n  input %b: " + type + sides + "\n  %c: " + result + sides + " = " + op +
                            "(%a, %b)\n  output %c: " + result + sides + "\n}\n");
  const auto ones = [&](DType dtype) { return Tensor::make(dtype, {kSide, kSide}, [](std::span<std::byte>) {}); };
  const Tensor inputs[] = {ones(left), ones(graph.value(graph.inputs[1]).type.dtype)};
  const std::string bytes = onnx::serialize(graph);
  const auto runner = runtime_named("onnxruntime").load({.path = {}, .bytes = std::as_bytes(std::span(bytes))}, {});
  double best = 1e9;
  for (int i = 0; i < 12; ++i) {
    const double begin = seconds_now();
    runner->run(inputs);
    best = std::min(best, seconds_now() - begin);
  }
  return 2.0 * kSide * kSide * kSide / best;
}

TEST_CASE("peaks are those of the runtime's own products, and are measured once") {
  Worker worker;
  const Peaks peaks = measured_peaks(worker, "onnxruntime", 1);
  const double floats = operations_a_second("MatMul", DType::Float32, "float32", "float32");
  CHECK(peaks.float_operations / floats > 0.7);
  CHECK(peaks.float_operations / floats < 1.8);
  CHECK(peaks.int8_operations > 0.5 * peaks.float_operations);
  CHECK(peaks.read_bandwidth > 1e8);
  CHECK(peaks.read_bandwidth < 1e13);
  CHECK(measured_peaks(worker, "onnxruntime", 1).float_operations == peaks.float_operations);
}

}  // namespace
}  // namespace bw
