// A visit, inside its process.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/progress.h"
#include "measure/disturbance.h"
#include "measure/latency.h"
#include "measure/statistics.h"
#include "run/feeding.h"
#include "run/memory.h"
#include "run/runtime.h"

namespace bw {
namespace {

class Session {
 public:
  Session(const std::string& path, const Runtime& runtime, const LoadOptions& options,
          std::span<const Sample> samples) {
    const double begin = seconds_now();
    runner_ = runtime.load({path, {}}, options);
    load_ = seconds_now() - begin;
    const std::size_t batch = batch_of(*runner_, samples.front());
    for (const Sample& sample : samples) inputs_.push_back(inputs_of(std::vector(batch, sample), *runner_));
  }

  double run(std::size_t turn) {
    const double begin = seconds_now();
    runner_->run(inputs_[turn % inputs_.size()]);
    return seconds_now() - begin;
  }
  double load_seconds() const { return load_; }

 private:
  std::unique_ptr<Runner> runner_;
  std::vector<std::vector<Tensor>> inputs_;  // by sample
  double load_ = 0;
};

enum : std::size_t { Original0, Quantized0, Original1, Quantized1, kSessions };

// In which order they run: over four turns each model follows itself as often as the other does, and no session has
// a place of its own.
constexpr std::size_t kOrders[][kSessions] = {{Original0, Quantized0, Quantized1, Original1},
                                              {Quantized0, Original0, Original1, Quantized1},
                                              {Original1, Quantized1, Quantized0, Original0},
                                              {Quantized1, Original1, Original0, Quantized0}};

// What is measured while all sessions run in turn.
class Turns {
 public:
  explicit Turns(std::vector<Session>& sessions) : sessions_(sessions) {}

  // The seconds of one run of each, all together.
  double next() {
    double sum = 0;
    for (const std::size_t s : kOrders[turn_ % std::size(kOrders)]) sum += time(s);
    ++turn_;
    return sum;
  }

  std::size_t count() const { return turn_; }
  double counted_seconds() const { return counted_; }
  bool every_session_counts() const {
    return std::ranges::none_of(runs_, [](const auto& runs) { return runs.empty(); });
  }

  // Forgets what was measured so far.
  void begin() {
    for (auto& runs : runs_) runs.clear();
    for (int side = 0; side < 2; ++side) wall_[side] = cpu_[side] = 0;
    waited_ = turn_ = 0;
    counted_ = 0;
  }

  Visit result() const {
    Visit visit{.original = side(Original0, Original1), .quantized = side(Quantized0, Quantized1)};
    visit.waited = waited_;
    return visit;
  }

 private:
  double time(std::size_t session) {
    constexpr double kShare = 0.05, kLeast = 5e-6;
    const double waited_before = waiting_.seconds(), cpu_before = cpu_seconds();
    const double seconds = sessions_[session].run(turn_ / 4);
    cpu_[session % 2] += cpu_seconds() - cpu_before;
    wall_[session % 2] += seconds;
    if (waiting_.seconds() - waited_before > std::max(kLeast, kShare * seconds)) {
      ++waited_;
    } else {
      runs_[session].push_back(seconds);
      counted_ += seconds;
    }
    return seconds;
  }

  SideTimes side(std::size_t first, std::size_t second) const {
    const double cores = std::max(1u, std::thread::hardware_concurrency());
    return {{runs_[first], runs_[second]},
            {sessions_[first].load_seconds(), sessions_[second].load_seconds()},
            wall_[first % 2] > 0 ? cpu_[first % 2] / (wall_[first % 2] * cores) : 0};
  }

  std::vector<Session>& sessions_;
  WaitingTime waiting_;
  std::array<std::vector<double>, kSessions> runs_;
  double wall_[2] = {}, cpu_[2] = {}, counted_ = 0;  // of a model
  std::uint64_t waited_ = 0;
  std::size_t turn_ = 0;
};

// Until the time of a turn falls no more: caches, branch predictors and the clock have settled.
void warm_up(Turns& turns, double least_seconds, double most_seconds) {
  constexpr int kWindow = 3;
  constexpr double kFalling = 0.98;
  const double least = seconds_now() + least_seconds, end = std::max(least, seconds_now() + most_seconds);
  const auto window = [&] {
    std::vector<double> sums;
    for (int i = 0; i < kWindow; ++i) {
      sums.push_back(turns.next());
      if (seconds_now() > end) break;
    }
    return median(sums);
  };
  double before = window();
  while (seconds_now() < end) {
    const double now = window();
    if (now >= kFalling * before && seconds_now() > least) return;
    before = now;
  }
}

std::vector<Sample> first_samples(JobContext& context) {
  constexpr std::size_t kSamples = 8;
  std::vector<Sample> samples = context.next_samples(kSamples).samples;
  if (samples.empty()) throw Error(InputClass::Data, "there are no samples to time a model with");
  return samples;
}

// Runs until enough of them count, and says so now and then, so that slow models are not taken for dead.
void run_turns(Turns& turns, const Json& request, JobContext& context) {
  constexpr double kPatience = 4, kLeastPatience = 0.5, kWarmUpShare = 0.25, kSilence = 1;
  constexpr std::size_t kMost = 4000;
  const auto seconds = request.at("seconds").get<double>();
  const auto least = request.at("least").get<std::size_t>();
  warm_up(turns, request.at("warm_up").get<double>(), kWarmUpShare * seconds);
  turns.begin();
  const double begin = seconds_now();
  double said = begin;
  const auto more = [&] {
    if (turns.count() == 0) return true;
    const double passed = seconds_now() - begin;
    if (turns.count() >= kMost) return false;
    if (passed > kPatience * seconds) return passed < kLeastPatience && !turns.every_session_counts();
    return turns.count() < least || turns.counted_seconds() < seconds;
  };
  while (more()) {
    turns.next();
    if (seconds_now() - said > kSilence) context.stage("run"), said = seconds_now();
  }
}

JobResult run_latency(JobContext& context) {
  const Json request = context.request();
  const Runtime& runtime = runtime_named(request.at("runtime").get<std::string>());
  LoadOptions options;
  options.threads = request.at("threads").get<int>();
  const std::vector<Sample> samples = first_samples(context);
  context.stage("load");
  std::vector<Session> sessions;
  sessions.reserve(kSessions);
  for (std::size_t s = 0; s < kSessions; ++s)
    sessions.emplace_back(request.at(s % 2 ? "quantized" : "original").get<std::string>(), runtime, options, samples);
  context.stage("run");
  Turns turns(sessions);
  const ProcessorUse before = processor_use();
  const double begin = seconds_now(), own_before = cpu_seconds();
  run_turns(turns, request, context);
  const ProcessorUse after = processor_use();
  const double wall = seconds_now() - begin, own = cpu_seconds() - own_before;
  Visit visit = turns.result();
  // Less one tick, the unit that both are counted in: a short visit must not be lost for one.
  visit.others = std::max(0.0, after.busy - before.busy - own - after.tick) / wall;
  visit.stolen = std::max(0.0, after.stolen - before.stolen - after.tick) / wall;
  ByteWriter out;
  put(out, visit);
  const std::vector<std::byte> bytes = out.take();
  return {"{}", std::string(as_text(bytes))};
}

}  // namespace

Job latency_job() {
  return {"latency", run_latency};
}

}  // namespace bw
