// Samples into runs and outputs back into samples, along whichever axis counts them.
#include "run/feeding.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "run/samples.h"

namespace bw {
namespace {

// A runner of which only the ports matter.
class Ports : public Runner {
 public:
  Ports(std::vector<std::vector<Dim>> inputs, std::vector<Shape> outputs) {
    for (std::vector<Dim>& dims : inputs)
      inputs_.push_back({"in" + std::to_string(inputs_.size()), ValueType::tensor(DType::Float32, std::move(dims))});
    for (const Shape& shape : outputs)
      outputs_.push_back({"out" + std::to_string(outputs_.size()), ValueType::tensor(DType::Float32, shape)});
  }
  const std::vector<Port>& inputs() const override { return inputs_; }
  const std::vector<Port>& outputs() const override { return outputs_; }
  std::vector<Tensor> run(std::span<const Tensor>, const TapSink&, ElementOrder) override { return {}; }
  std::vector<NodeTime> profile() override { return {}; }

 private:
  std::vector<Port> inputs_, outputs_;
};

Dim dim(std::int64_t value) {
  return {value, {}};
}
const Dim kFree{-1, "N"};

Sample sample_of(std::vector<Tensor> inputs, std::vector<int> axes) {
  Sample sample;
  sample.id = "a sample";
  sample.inputs = std::move(inputs);
  sample.batch_axes = std::move(axes);
  return sample;
}

Tensor counted(Shape shape, float start) {
  return Tensor::fill<float>(std::move(shape), [&](std::span<float> out) {
    for (float& value : out) value = start++;
  });
}

void refuses(const std::string& fragment, const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    CHECK_THAT(std::string(error.what()), Catch::Matchers::ContainsSubstring(fragment));
    return;
  }
  FAIL("nothing was refused; expected: " << fragment);
}

TEST_CASE("one sample gets its batch axis where it belongs, or none") {
  const Ports ports({{kFree, dim(3)}, {dim(2), kFree, dim(3)}, {}}, {});
  const Sample sample =
      sample_of({counted({3}, 0), counted({2, 3}, 0), Tensor::scalar<float>(16000)}, {0, 1, kNoBatch});
  CHECK(batch_of(ports, sample) == 1);
  const std::vector<Tensor> inputs = inputs_of(std::span(&sample, 1), ports);
  CHECK(inputs[0].shape() == Shape{1, 3});
  CHECK(inputs[1] == counted({2, 1, 3}, 0));
  CHECK(inputs[2] == Tensor::scalar<float>(16000));
}

TEST_CASE("several samples lie side by side along their axis") {
  const Ports ports({{dim(3), dim(2), dim(2)}}, {Shape{2, 5}});
  const std::vector<Sample> samples{sample_of({counted({3, 2}, 0)}, {1}), sample_of({counted({3, 2}, 10)}, {1})};
  CHECK(batch_of(ports, samples[0]) == 2);
  CHECK(inputs_of(samples, ports)[0] == Tensor::of<float>({3, 2, 2}, {0, 1, 10, 11, 2, 3, 12, 13, 4, 5, 14, 15}));
  const std::vector<Sample> last{sample_of({counted({2}, 0)}, {1}), sample_of({counted({2}, 10)}, {1})};
  CHECK(inputs_of(last, ports)[0] == Tensor::of<float>({2, 2}, {0, 10, 1, 11}));
  const std::vector<Sample> first{sample_of({counted({2}, 0)}, {}), sample_of({counted({2}, 10)}, {})};
  CHECK(inputs_of(first, ports)[0] == Tensor::of<float>({2, 2}, {0, 1, 10, 11}));
}

TEST_CASE("outputs are taken apart along the axis of the samples") {
  const std::vector<Sample> along_second(2, sample_of({counted({3, 2}, 0)}, {1}));
  const Tensor value = counted({3, 2, 2}, 0);
  CHECK(part_of(counted({3, 2, 1}, 0), 1, along_second) == Tensor::of<float>({3, 1, 1}, {1, 3, 5}));
  CHECK(part_of(counted({2, 3}, 0), 1, along_second) == counted({1, 3}, 3));
  CHECK(part_of(value, 0, along_second) == value);  // nothing tells which axis
  const std::vector<Sample> along_first(2, sample_of({counted({3, 2}, 0)}, {}));
  CHECK(part_of(counted({2, 3}, 0), 1, along_first) == counted({1, 3}, 3));
  CHECK(part_of(counted({3, 2}, 0), 1, along_first) == counted({3, 2}, 0));
  CHECK(part_of(counted({2, 2}, 0), 1, along_first) == counted({1, 2}, 2));
  const std::vector<Sample> with_scalar(2, sample_of({counted({3}, 0), Tensor::scalar<float>(1)}, {0, kNoBatch}));
  CHECK(part_of(counted({2, 2}, 0), 1, with_scalar) == counted({1, 2}, 2));
  CHECK(part_of(value, 0, std::span(along_second).first(1)) == value);
}

TEST_CASE("what cannot be fed or taken apart is refused") {
  const Sample along_second = sample_of({counted({3, 2}, 0)}, {1});
  refuses("input \"in1\": takes 7 samples a run, another input takes 2", [&] {
    batch_of(Ports({{dim(2), dim(3)}, {dim(7)}}, {}), sample_of({counted({3}, 0), counted({}, 0)}, {0, 0}));
  });
  refuses("output \"out1\": is float32[2,2]: nothing tells which axis counts the 2 samples of a run",
          [&] { batch_of(Ports({{dim(3), dim(2), dim(2)}}, {Shape{2, 5}, Shape{2, 2}}), along_second); });
  refuses("nothing tells which axis", [&] { batch_of(Ports({{dim(3), dim(2), dim(2)}}, {Shape{5}}), along_second); });
  CHECK(batch_of(Ports({{dim(2), dim(2)}}, {Shape{2, 2}}), sample_of({counted({2}, 0)}, {})) == 2);
  const std::vector<Sample> scalars{sample_of({Tensor::scalar<float>(1)}, {kNoBatch}),
                                    sample_of({Tensor::scalar<float>(2)}, {kNoBatch})};
  const std::vector<Sample> unlike{sample_of({counted({2, 3}, 0)}, {0}), sample_of({counted({3, 2}, 0)}, {0})};
  refuses("a sample: has another shape", [&] { inputs_of(unlike, Ports({{dim(2), kFree, kFree}}, {})); });
  refuses("a sample: differs from the samples before it", [&] { inputs_of(scalars, Ports({{}}, {})); });
}

TEST_CASE("a sample's axes survive the way into a worker") {
  const std::vector<Sample> samples{sample_of({counted({3}, 0), counted({}, 1)}, {2, kNoBatch}),
                                    sample_of({counted({3}, 0), counted({}, 1)}, {})};
  const SampleChunk chunk = pack(samples);
  const std::vector<Sample> arrived = unpack(chunk.index, chunk.bytes);
  CHECK(arrived.at(0).batch_axes == std::vector<int>{2, kNoBatch});
  CHECK(arrived.at(1).batch_axes.empty());
}

}  // namespace
}  // namespace bw
