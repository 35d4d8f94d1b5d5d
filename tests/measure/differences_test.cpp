// Values beside others of one model, worked out by hand.
#include "measure/differences.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <cmath>

#include "base/error.h"
#include "measure/small_data.h"

namespace bw {
namespace {

using Catch::Matchers::WithinRel;
using test::Case;

// doubled [N, 4] = 2 x, logits [N, 3] = x * weights
Graph with_doubled() {
  Graph graph = test::classifier(test::kWeights);
  const ValueId two = static_cast<ValueId>(graph.values.size());
  graph.values.resize(graph.values.size() + 2);
  graph.value(two).name = "two";
  graph.value(two).initializer = Tensor::scalar(2.0f);
  graph.value(two + 1).name = "doubled";
  Node mul = graph.nodes.front();
  mul.name = "double";
  mul.op_type = "Mul";
  mul.inputs = {graph.inputs[0], two};
  mul.outputs = {two + 1};
  graph.nodes.push_back(mul);
  return graph;
}

struct Bed {
  Case data;
  fs::path file;
  Worker worker;

  explicit Bed(std::size_t samples) : data(samples), file(data.folder.path() / "both.onnx") {
    onnx::write(with_doubled(), file);
  }
  Differences compared(const Comparisons& comparisons, int threads = 1) {
    SharedSamples samples = data.samples();
    return compare_values(worker, test::deployed(file), comparisons, samples, threads);
  }
};

TEST_CASE("a pair of values has the sums of all samples") {
  Bed bed(20);
  const Differences found = bed.compared({{{"x", "doubled"}, {"x", "x"}}, {}});
  double squares = 0;
  for (const float x : bed.data.x) squares += static_cast<double>(x) * static_cast<double>(x);
  REQUIRE(found.pairs.size() == 2);
  CHECK(found.samples == 20);
  CHECK(found.pairs[0].elements == 80);
  CHECK_THAT(found.pairs[0].signal, WithinRel(squares, 1e-9));
  CHECK_THAT(found.pairs[0].noise, WithinRel(squares, 1e-9));
  CHECK_THAT(found.pairs[0].other, WithinRel(4 * squares, 1e-9));
  CHECK_THAT(found.pairs[0].cosine(), WithinRel(1.0, 1e-9));
  CHECK(std::abs(found.pairs[0].sqnr()) < 1e-6);
  CHECK(found.pairs[1].noise == 0);
  CHECK(std::isinf(found.pairs[1].sqnr()));
}

TEST_CASE("a grid tells what of a value its codes miss") {
  Bed bed(50);
  Grid grid{.value = "x", .scale = 0.5f, .zero_point = 2, .lowest = 0, .highest = 4, .channel_axis = -1};
  const Differences found = bed.compared({{}, {grid}});
  double noise = 0, clip_noise = 0, squares = 0;
  std::uint64_t clipped = 0;
  float peaks[4] = {};
  for (std::size_t i = 0; i < bed.data.x.size(); ++i) {
    const float x = bed.data.x[i];
    const double kept = std::clamp(std::nearbyint(x / 0.5f), -2.0f, 2.0f) * 0.5, error = kept - x;
    noise += error * error;
    squares += static_cast<double>(x) * static_cast<double>(x);
    if (std::nearbyint(x / 0.5f) != std::clamp(std::nearbyint(x / 0.5f), -2.0f, 2.0f))
      ++clipped, clip_noise += error * error;
    peaks[i % 4] = std::max(peaks[i % 4], std::abs(x));
  }
  const GridUse& use = found.grids.at(0);
  CHECK(use.elements == 200);
  CHECK(use.clipped == clipped);
  CHECK(use.codes == 5);
  CHECK_THAT(use.power, WithinRel(squares / 200, 1e-9));
  CHECK_THAT(use.noise, WithinRel(noise / 200, 1e-6));
  CHECK_THAT(use.clip_noise, WithinRel(clip_noise / 200, 1e-6));
  REQUIRE(use.channel_peaks.size() == 4);
  for (std::size_t c = 0; c < 4; ++c) CHECK(use.channel_peaks[c] == peaks[c]);
}

TEST_CASE("differences are equal to the bit for any number of threads") {
  Bed bed(60);
  const Comparisons comparisons{{{"x", "doubled"}}, {{.value = "logits", .scale = 0.01f, .zero_point = 128}}};
  const Differences one = bed.compared(comparisons, 1), three = bed.compared(comparisons, 3);
  CHECK(one.pairs[0].signal == three.pairs[0].signal);
  CHECK(one.pairs[0].product == three.pairs[0].product);
  CHECK(one.grids[0].noise == three.grids[0].noise);
  CHECK(one.grids[0].codes == three.grids[0].codes);
  CHECK(one.grids[0].channel_peaks == three.grids[0].channel_peaks);
  for (int again = 0; again < 4; ++again)  // on a busy machine one thread may take all samples
    CHECK(bed.compared(comparisons, 3).grids[0].codes == one.grids[0].codes);
}

TEST_CASE("values of different sizes are refused by name") {
  Bed bed(2);
  try {
    bed.compared({{{"x", "logits"}}, {}});
    FAIL("they were compared");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Input);
    CHECK(std::string(error.what()).find("'logits'") != std::string::npos);
  }
}

}  // namespace
}  // namespace bw
