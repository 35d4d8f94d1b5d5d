#include "measure/footprint.h"

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "run/feeding.h"
#include "run/memory.h"
#include "run/worker.h"

namespace bw {
namespace {

JobResult run_footprint(JobContext& context) {
  constexpr std::size_t kSamples = 4;
  const Json request = context.request();
  const SampleGroup group = context.next_samples(kSamples);
  if (group.samples.empty()) throw Error(InputClass::Data, "there are no samples to run a model with");
  LoadOptions options;
  options.threads = request.at("threads").get<int>();
  context.stage("load");
  const double begin = seconds_now();
  double first_run = 0;
  const auto runner = load(deployment_from(request.at("model")), options);
  context.stage("run");
  for (const Sample& sample : group.samples) {
    runner->run(inputs_of(std::vector(batch_of(*runner, sample), sample), *runner));
    if (first_run == 0) first_run = seconds_now() - begin;
  }
  const MemoryUse memory = memory_use();
  return {
      to_line(
          {{"peak", memory.peak - memory.file_backed}, {"file_backed", memory.file_backed}, {"first_run", first_run}}),
      {}};
}

}  // namespace

Footprint measure_footprint(const WorkerOptions& options, const Deployment& model, SharedSamples& samples,
                            int threads) {
  Worker worker(options);
  JobRequest request{"footprint", to_line({{"model", to_json(model)}, {"threads", threads}}), {}, samples.feed()};
  Footprint footprint;
  read_result(worker.run(request), [&](const Json& json) {
    footprint = {json.at("peak").get<std::uint64_t>(), json.at("file_backed").get<std::uint64_t>(),
                 json.at("first_run").get<double>()};
  });
  return footprint;
}

Job footprint_job() {
  return {"footprint", run_footprint};
}

}  // namespace bw
