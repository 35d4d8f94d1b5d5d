// A visit, inside its process: whole, or the sessions of one model while another process holds the other's.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "measure/disturbance.h"
#include "measure/latency.h"
#include "measure/turns.h"
#include "run/deployment.h"
#include "run/feeding.h"
#include "run/memory.h"

namespace bw {
namespace {

// Inputs are brought into the file's layout once, so that the runtime alone is timed.
class Session {
 public:
  Session(const Deployment& model, const LoadOptions& options, std::span<const Sample> samples) {
    const double begin = seconds_now();
    runner_ = load(model, options);
    load_ = seconds_now() - begin;
    const std::size_t batch = batch_of(*runner_, samples.front());
    for (const Sample& sample : samples)
      inputs_.push_back(runner_->as_in_file(inputs_of(std::vector(batch, sample), *runner_)));
  }

  double run(std::size_t turn) {
    const double begin = seconds_now();
    runner_->in_file().run(inputs_[turn % inputs_.size()]);
    return seconds_now() - begin;
  }
  double load_seconds() const { return load_; }

 private:
  std::unique_ptr<BoundRunner> runner_;
  std::vector<std::vector<Tensor>> inputs_;  // by sample
  double load_ = 0;
};

// Sessions in this process.
class LocalSessions final : public Sessions {
 public:
  // `models`: of each session, in their order.
  LocalSessions(JobContext& context, std::span<const Deployment> models, int threads) {
    constexpr std::size_t kSamples = 8;
    const std::vector<Sample> samples = context.next_samples(kSamples).samples;
    if (samples.empty()) throw Error(InputClass::Data, "there are no samples to time a model with");
    LoadOptions options;
    options.threads = threads;
    context.stage("load");
    sessions_.reserve(models.size());
    for (const Deployment& model : models) sessions_.emplace_back(model, options, samples);
    context.stage("run");
  }

  TimedRun run(std::size_t session, std::size_t turn) override {
    constexpr double kShare = 0.05, kLeast = 5e-6;
    // Runtimes may start threads when a model runs first.
    if (runs_++ == sessions_.size()) waiting_.emplace();
    const double waited_before = waiting_->seconds(), cpu_before = bw::cpu_seconds();
    const double seconds = sessions_.at(session).run(turn);
    const double cpu = bw::cpu_seconds() - cpu_before;
    return {seconds, cpu, waiting_->seconds() - waited_before > std::max(kLeast, kShare * seconds)};
  }
  double load_seconds(std::size_t session) const override { return sessions_.at(session).load_seconds(); }
  double cpu_seconds() const override { return bw::cpu_seconds(); }

 private:
  std::vector<Session> sessions_;
  std::optional<WaitingTime> waiting_{std::in_place};
  std::size_t runs_ = 0;
};

JobResult run_latency(JobContext& context) {
  const Json request = context.request();
  const Deployment original = deployment_from(request.at("original")), other = deployment_from(request.at("quantized"));
  const Deployment models[kSessions] = {original, other, other, original};
  LocalSessions sessions(context, models, request.at("threads").get<int>());
  const Visit visit = run_in_turns(sessions,
                                   {.seconds = request.at("seconds").get<double>(),
                                    .warm_up = request.at("warm_up").get<double>(),
                                    .least_turns = request.at("least").get<std::size_t>()},
                                   [&] { context.stage("run"); });
  ByteWriter out;
  put(out, visit);
  const std::vector<std::byte> bytes = out.take();
  return {"{}", std::string(as_text(bytes))};
}

// What the process keeps from one job to the next: its two sessions of a model.
std::optional<LocalSessions>& twins() {
  static std::optional<LocalSessions> kept;
  return kept;
}

JobResult load_twins(JobContext& context) {
  const Json request = context.request();
  const Deployment model = deployment_from(request.at("model"));
  const Deployment models[] = {model, model};
  twins().emplace(context, models, request.at("threads").get<int>());
  return {to_line({{"loads", {twins()->load_seconds(0), twins()->load_seconds(1)}}}), {}};
}

JobResult run_twin(JobContext& context) {
  const Json request = context.request();
  const TimedRun run =
      twins().value().run(request.at("twin").get<std::size_t>(), request.at("turn").get<std::size_t>());
  return {to_line({{"seconds", run.seconds}, {"cpu", run.cpu}, {"waited", run.waited}, {"process", cpu_seconds()}}),
          {}};
}

}  // namespace

Job latency_job() {
  return {"latency", run_latency};
}
Job load_twins_job() {
  return {"load-twins", load_twins};
}
Job run_twin_job() {
  return {"run-twin", run_twin};
}

}  // namespace bw
