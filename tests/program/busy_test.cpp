// A machine that stays too busy to judge speed.
#include <sched.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <thread>

#include "archive/npy.h"
#include "base/file.h"
#include "format/onnx/onnx.h"
#include "graph/text.h"
#include "program/program.h"
#include "program/world.h"

namespace bw::test {
namespace {

// Threads that do nothing but turn, on the one processor that this process, and what it starts, may use meanwhile.
class Crowd {
 public:
  explicit Crowd(std::size_t count) {
    ::sched_getaffinity(0, sizeof before_, &before_);
    int processor = 0;
    while (!CPU_ISSET(processor, &before_)) ++processor;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    ::sched_setaffinity(0, sizeof one, &one);
    for (std::size_t i = 0; i < count; ++i)
      threads_.emplace_back([this] {
        while (!over_) {
        }
      });
  }
  ~Crowd() {
    over_ = true;
    threads_.clear();
    ::sched_setaffinity(0, sizeof before_, &before_);
  }
  Crowd(const Crowd&) = delete;

 private:
  cpu_set_t before_;
  std::atomic<bool> over_ = false;
  std::vector<std::jthread> threads_;
};

// Runs for longer than a thread of the crowd keeps the processor: sixty products of matrices of 256 times 256.
Graph slow_model() {
  const std::string type = "float32[256,256]";
  std::string numbers;
  const Tensor values = normal({256, 256}, 1);
  for (const float x : values.data<float>()) numbers += (numbers.empty() ? "" : ", ") + std::to_string(x / 16);
  std::string text = "  input %x: float32[1,256]\n  const %w: " + type + " = " + type + " {" + numbers + "}\n";
  text += "%m0: " + type + " = Mul(%x, %w)\n";
  for (int i = 0; i < 60; ++i)
    text += "%m" + std::to_string(i + 1) + ": " + type + " = MatMul(%m" + std::to_string(i) + ", %w)\n";
  text += "%y: " + type + " = Tanh(%m60)\n  output %y: " + type + "\n";
  return parse_graph("ir_version 8\nopset \"\" 17\ngraph \"g\" {\n" + text + "}\n");
}

Outcome bench(const Folder& folder, const std::vector<std::string>& more) {
  std::vector<std::string> words{"bench",     (folder.path() / "m.onnx").string(),
                                 "--data",    (folder.path() / "data").string(),
                                 "-o",        (folder.path() / "out").string(),
                                 "--methods", "fp16",
                                 "--quick",   "--no-store"};
  words.insert(words.end(), more.begin(), more.end());
  return bitwright(words);
}

}  // namespace

TEST_CASE("where every run has to wait, all but speed is told, and only a limit of time fails") {
  const Folder folder;
  fs::create_directory(folder.path() / "data");
  onnx::write(slow_model(), folder.path() / "m.onnx");
  write_npz({{"x", normal({16, 1, 256}, 5)}}, folder.path() / "data/samples.npz");
  const Crowd crowd(3);

  const Outcome outcome = bench(folder, {});
  INFO(outcome.err);
  INFO(outcome.out);
  REQUIRE(outcome.code == 0);
  CHECK(has(outcome.out, "The machine was busy while speed was measured"));
  CHECK(has(outcome.out, "Ship fp16: of a speed that was not judged"));
  const Json model = json_file(folder.path() / "out/report.json")["models"][0];
  CHECK(model["control"]["disturbance"].is_string());
  const Json& row = model["candidates"][0];
  INFO(row.dump());
  CHECK(row["accuracy_retention"]["value"].is_number());
  CHECK(row["memory_reduction"]["value"].is_number());
  CHECK(row.is_object());

  const Outcome limited = bench(folder, {"--max-latency-ratio", "0.9"});
  INFO(limited.err);
  CHECK(limited.code == 5);
  CHECK(has(limited.err, "no candidate is known to meet the constraints: the machine was"));
  CHECK(has(limited.out, "its speed was not judged, at most 0.90 of the float model's time are allowed"));
}

}  // namespace bw::test
