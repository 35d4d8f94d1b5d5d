// Models that kill, hang or exhaust the runtime, sent past the verifier: the worker is all that dies.
#include <signal.h>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "archive/npy.h"
#include "badinput/onnx_models.h"
#include "base/file.h"
#include "program/program.h"
#include "program/world.h"

namespace bw::test {
namespace {

// Four samples for each input of a model. Every model here has a first dimension to cut into samples, or no input.
void put_samples(const Graph& graph, const fs::path& npz) {
  std::map<std::string, Tensor> arrays;
  for (const ValueId id : graph.inputs) {
    const ValueType& type = graph.value(id).type;
    Shape shape{4 * std::max<std::int64_t>(1, type.shape->front().value)};
    for (std::size_t i = 1; i < type.shape->size(); ++i) shape.push_back((*type.shape)[i].value);
    arrays[graph.value(id).name] = zeros(type.dtype, shape);
  }
  if (arrays.empty()) arrays["nothing"] = zeros(DType::Float32, {4, 1});
  write_npz(arrays, npz);
}

// Whether samples can be cut out of its inputs: all of one first dimension. tests/run sends the others to a worker.
bool takes_samples(const Graph& graph) {
  for (const ValueId id : graph.inputs) {
    const std::vector<Dim>& shape = *graph.value(id).type.shape;
    if (shape.empty() || shape.front().value != graph.value(graph.inputs.front()).type.shape->front().value)
      return false;
  }
  return true;
}

std::vector<std::string> sent_past_the_verifier(const std::string& command, const World& world,
                                                const std::string& model) {
  return {command,
          world.path(model),
          "--data",
          world.path("deadly.npz"),
          "--unchecked",
          "--worker-timeout",
          "1",
#ifndef BW_SANITIZED
          "--worker-memory",
          "2147483648",
#endif
          "--latency-seconds",
          "0.05"};
}

const Json& row(const Json& report, const std::string& name) {
  for (const Json& candidate : report["models"][0]["candidates"])
    if (candidate["name"] == name) return candidate;
  FAIL("no row " << name);
  return report;
}

}  // namespace

TEST_CASE("every deadly model sent past the verifier costs a worker only") {
  const World world;
  for (const DeadlyModel& deadly : deadly_models()) {
    INFO(deadly.name);
    const Graph graph = onnx::parse(as_bytes(deadly.bytes), ".", {.verify = false});
    if (!takes_samples(graph)) continue;
    write_file(world / "deadly.onnx", deadly.bytes);
    put_samples(graph, world / "deadly.npz");

    Running running(sent_past_the_verifier("bench", world, "deadly.onnx"),
                    {.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0});
    std::vector<pid_t> workers;
    while (!running.ended())
      for (const pid_t worker : workers_of(running.pid())) workers.push_back(worker);
    const Outcome outcome = running.wait();
    INFO(outcome.err);
    CHECK(outcome.signal == 0);
    CHECK((outcome.code == 4 || outcome.code == 3 || (outcome.code == 0 && deadly.harm == Harm::Error)));
    CHECK(has(outcome.err.substr(outcome.err.rfind("bitwright: ")), "deadly.onnx"));
    CHECK(all_gone(workers));
  }
}

TEST_CASE("a candidate that dies or hangs is a row, and the next one is measured") {
  const World world;
  Running running({"bench", world.path("cnn.onnx"), "--data", world.path("data"), "-o", world.path("out"), "--methods",
                   "fp16,int8-dynamic,weight-only", "--latency-seconds", "0.05", "--worker-timeout", "2"});
  const fs::path candidates = world / "out/candidates/cnn";
  REQUIRE(running.reached(candidates / "weight-only/plan.json"));  // all are made, none is measured
  running.send(SIGSTOP);
  onnx::write(dies(), candidates / "fp16/cnn.onnx");
  onnx::write(hangs(), candidates / "int8-dynamic/cnn.onnx");
  running.send(SIGCONT);
  const Outcome outcome = running.wait();
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json report = json_file(world / "out/report.json");
  CHECK(row(report, "fp16")["status"] == "worker_died");
#ifndef BW_SANITIZED  // sanitizers turn the signal into an exit code
  CHECK(has(row(report, "fp16")["reason"], "signal"));
#endif
  CHECK(row(report, "int8-dynamic")["status"] == "timeout");
  CHECK(row(report, "weight-only")["latency"]["ratio"]["value"].is_number());
  CHECK(has(outcome.out, "died"));
}

TEST_CASE("compare with a model that dies is an error, of that model") {
  const World world;
  onnx::write(dies(), world / "dies.onnx");
  std::vector<std::string> words{"compare",
                                 world.path("cnn.onnx"),
                                 world.path("dies.onnx"),
                                 "--data",
                                 world.path("data"),
                                 "--latency-seconds",
                                 "0.05",
                                 "--json"};
  CHECK(bitwright(words).code == 3);
  words.emplace_back("--unchecked");
  const Outcome outcome = bitwright(words);
  INFO(outcome.err);
  CHECK(outcome.code == 4);
  CHECK(has(outcome.err, "bitwright: " + world.path("dies.onnx") + ": "));
  CHECK(row(parse_json(outcome.out, "compare"), "dies")["status"] == "worker_died");
}

}  // namespace bw::test
