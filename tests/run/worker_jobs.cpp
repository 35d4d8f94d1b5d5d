#include "run/worker_jobs.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "base/json.h"
#include "run/memory.h"
#include "run/runtime.h"

namespace bw {
namespace {

JobResult echo(JobContext& context) {
  std::string files;
  for (const SharedBytes& file : context.files()) files += as_text(file.bytes());
  return {to_line(context.request()), files};
}

JobResult fail(JobContext&) {
  throw Error(InputClass::Data, "the sample is bad", "test.npz[3]", "Look at it");
}

JobResult crash(JobContext& context) {
  context.stage("run");
  const auto how = context.request().at("how").get<std::string>();
  if (how == "abort") std::raise(SIGABRT);
  if (how == "segv") {
    std::signal(SIGSEGV, SIG_DFL);  // a sanitizer would answer it, and exit
    std::raise(SIGSEGV);
  }
  if (how == "exit") ::_exit(7);
  if (how == "hang") std::this_thread::sleep_for(std::chrono::hours(1));
  if (how == "words") {
    constexpr std::string_view kWords = "terminate called: out of ideas\n";
    if (::write(2, kWords.data(), kWords.size()) < 0) return {};
    ::_exit(1);
  }
  if (how == "memory") {
    std::vector<std::string> hoard;
    for (;;) hoard.emplace_back(std::size_t{1} << 26, 'x');
  }
  if (how == "garbage") {
    const std::string junk(4096, '\xee');
    if (::write(kWorkerSocket, junk.data(), junk.size()) < 0) return {};
    std::this_thread::sleep_for(std::chrono::hours(1));
  }
  if (how == "big frame") {
    const std::uint64_t prefix[4] = {0x31665742ull | std::uint64_t{6} << 32, 0, std::uint64_t{1} << 60, 0};
    if (::write(kWorkerSocket, prefix, sizeof prefix) < 0) return {};
    std::this_thread::sleep_for(std::chrono::hours(1));
  }
  return {"{}", {}};
}

// Sums all inputs and labels; the count and the highest resident set come back too.
JobResult sum_samples(JobContext& context) {
  std::atomic<std::size_t> samples = 0, indices = 0;
  std::array<double, 8> sums{};
  for_each_group(context, context.request().at("threads").get<int>(), 2, [&](int thread, const SampleGroup& group) {
    for (const Sample& sample : group.samples) {
      if (sample.index - group.first > 1) throw Error(ErrorKind::Internal, "samples out of order");
      ++samples;
      indices += sample.index;
      for (const Tensor& input : sample.inputs)
        for (const float value : input.data<float>()) sums.at(static_cast<std::size_t>(thread)) += value;
    }
  });
  double sum = 0;
  for (const double part : sums) sum += part;
  return {to_line({{"samples", samples.load()},
                   {"indices", indices.load()},
                   {"sum", sum},
                   {"memory", memory_use().peak - memory_use().file_backed}}),
          {}};
}

// Loads a model given as bytes, and runs it on inputs of zeros.
JobResult run_model(JobContext& context) {
  const Json request = context.request();
  context.stage("load");
  LoadOptions options;
  options.optimize = request.value("optimize", true);
  const auto runner = runtime_named("onnxruntime").load({"model.onnx", context.files()[0].bytes()}, options);
  context.stage("run");
  std::vector<Tensor> inputs;
  for (const Port& port : runner->inputs()) {
    const Shape shape = port.type.static_shape().value_or(Shape{});
    inputs.push_back(
        Tensor::make(port.type.dtype, shape, [](std::span<std::byte> raw) { std::memset(raw.data(), 0, raw.size()); }));
  }
  runner->run(inputs);
  return {"{}", {}};
}

// The request's number of floats 0, 1, 2, ... as a file.
JobResult share(JobContext& context) {
  const auto count = context.request().at("count").get<std::size_t>();
  return {"{}", {}, SharedBytes::written_by([count](const ByteSink& sink) {
            ByteWriter out(sink);
            for (std::size_t i = 0; i < count; ++i) out.put(static_cast<float>(i));
            out.flush();
          })};
}

JobResult pid(JobContext&) {
  return {std::to_string(::getpid()), {}};
}

JobResult find_runtime(JobContext& context) {
  available_runtime(context.request().at("name").get<std::string>());
  return {"{}", {}};
}

}  // namespace

std::span<const Job> test_jobs() {
  static constexpr std::array kJobs{Job{"echo", echo},
                                    Job{"fail", fail},
                                    Job{"crash", crash},
                                    Job{"sum", sum_samples},
                                    Job{"run model", run_model},
                                    Job{"pid", pid},
                                    Job{"share", share},
                                    Job{"find-runtime", find_runtime}};
  return kJobs;
}

}  // namespace bw
