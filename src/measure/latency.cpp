#include "measure/latency.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "base/json.h"
#include "base/progress.h"
#include "measure/statistics.h"
#include "run/feeding.h"
#include "run/memory.h"
#include "run/runtime.h"

namespace bw {
namespace {

// --- inside the worker
// ------------------------------------------------------------------------------------------------

struct Side {
  std::string path;
  std::unique_ptr<Runner> runner;
  std::vector<std::vector<Tensor>> inputs;  // by sample
  std::vector<double> loads;
  double wall = 0, cpu = 0;

  void load(const Runtime& runtime, const LoadOptions& options, std::span<const Sample> samples) {
    const double begin = seconds_now();
    runner = runtime.load({path, {}}, options);
    loads.push_back(seconds_now() - begin);
    inputs.clear();
    const std::size_t batch = batch_of(*runner, samples.front());
    for (const Sample& sample : samples) inputs.push_back(inputs_of(std::vector(batch, sample), *runner));
  }

  double time(std::size_t sample) {
    const double cpu_begin = cpu_seconds(), begin = seconds_now();
    runner->run(inputs[sample]);
    const double seconds = seconds_now() - begin;
    wall += seconds;
    cpu += cpu_seconds() - cpu_begin;
    return seconds;
  }
};

// Runs pairs in the order AB BA AB BA ..., so that each model follows the other as often as itself.
class Pairs {
 public:
  Pairs(Side& original, Side& quantized) : original_(original), quantized_(quantized) {}

  TimedPair next() {
    const std::size_t sample = count_ / 2 % original_.inputs.size();
    TimedPair pair;
    if (count_++ % 2 == 0) {
      pair.original = original_.time(sample);
      pair.quantized = quantized_.time(sample);
    } else {
      pair.quantized = quantized_.time(sample);
      pair.original = original_.time(sample);
    }
    return pair;
  }

 private:
  Side& original_;
  Side& quantized_;
  std::size_t count_ = 0;
};

// Until the time of a pair falls no more: caches, branch predictors and the clock have settled.
void warm_up(Pairs& pairs, double most_seconds) {
  constexpr int kWindow = 6;
  constexpr double kFalling = 0.98;
  const double end = seconds_now() + most_seconds;
  const auto window = [&] {
    std::vector<double> sums;
    for (int i = 0; i < kWindow; ++i) {
      const TimedPair pair = pairs.next();
      sums.push_back(pair.original + pair.quantized);
    }
    return median(sums);
  };
  double before = window();
  while (seconds_now() < end) {
    const double now = window();
    if (now >= kFalling * before) return;
    before = now;
  }
}

struct Budget {
  double seconds;
  std::size_t least, most;
};

std::vector<TimedPair> run_round(Side& original, Side& quantized, const Budget& budget) {
  constexpr double kPatience = 4, kWarmUpShare = 0.25;
  Pairs pairs(original, quantized);
  warm_up(pairs, kWarmUpShare * budget.seconds);
  original.wall = original.cpu = quantized.wall = quantized.cpu = 0;
  std::vector<TimedPair> timed;
  const double begin = seconds_now();
  const auto more = [&] {
    const double passed = seconds_now() - begin;
    if (timed.size() >= budget.most) return false;
    return timed.size() % 2 == 1 || passed < (timed.size() < budget.least ? kPatience : 1) * budget.seconds;
  };
  while (more()) timed.push_back(pairs.next());
  return timed;
}

std::vector<Sample> first_samples(JobContext& context) {
  constexpr std::size_t kSamples = 8;
  std::vector<Sample> samples = context.next_samples(kSamples).samples;
  if (samples.empty()) throw Error(InputClass::Data, "there are no samples to time a model with");
  return samples;
}

Json side_json(const Side& side, double wall, double cpu) {
  return {{"loads", side.loads}, {"wall", wall}, {"cpu", cpu}};
}

JobResult run_latency(JobContext& context) {
  const Json request = context.request();
  const Runtime& runtime = runtime_named(request.at("runtime").get<std::string>());
  LoadOptions options;
  options.threads = request.at("threads").get<int>();
  const int rounds = request.at("rounds").get<int>();
  const Budget budget{request.at("seconds").get<double>() / rounds, request.at("least").get<std::size_t>() / rounds + 1,
                      request.at("most").get<std::size_t>() / rounds};
  const std::vector<Sample> samples = first_samples(context);
  Side original{request.at("original").get<std::string>(), {}, {}, {}},
      quantized{request.at("quantized").get<std::string>(), {}, {}, {}};
  double wall[2] = {}, cpu[2] = {};
  std::vector<std::size_t> sizes;
  std::string blob;
  for (int round = 0; round < rounds; ++round) {
    context.stage("load");
    original.runner.reset();
    quantized.runner.reset();
    Side* order[2] = {&original, &quantized};
    if (round % 2) std::swap(order[0], order[1]);
    for (Side* side : order) side->load(runtime, options, samples);
    context.stage("run");
    const std::vector<TimedPair> pairs = run_round(original, quantized, budget);
    sizes.push_back(pairs.size());
    blob.append(reinterpret_cast<const char*>(pairs.data()), pairs.size() * sizeof(TimedPair));
    wall[0] += original.wall, wall[1] += quantized.wall;
    cpu[0] += original.cpu, cpu[1] += quantized.cpu;
  }
  return {to_line({{"rounds", sizes},
                   {"original", side_json(original, wall[0], cpu[0])},
                   {"quantized", side_json(quantized, wall[1], cpu[1])}}),
          std::move(blob)};
}

// --- the parent
// -------------------------------------------------------------------------------------------------------

using Rounds = std::vector<std::vector<TimedPair>>;

Rounds rounds_of(const Json& sizes, const std::string& blob) {
  Rounds rounds;
  std::size_t at = 0;
  for (const Json& entry : sizes) {
    const auto count = entry.get<std::size_t>();
    if (count > (blob.size() - at) / sizeof(TimedPair))
      throw Error(ErrorKind::Worker, "the worker sent fewer pairs than it says");
    std::vector<TimedPair>& round = rounds.emplace_back(count);
    std::memcpy(round.data(), blob.data() + at, count * sizeof(TimedPair));
    at += count * sizeof(TimedPair);
    for (const TimedPair& pair : round)
      if (!(pair.original > 0 && pair.quantized > 0))
        throw Error(ErrorKind::Worker, "the worker sent a time that is not one");
  }
  return rounds;
}

Timing timing_of(const Rounds& rounds, double TimedPair::* side, const Json& json) {
  std::vector<double> times;
  for (const auto& round : rounds)
    for (const TimedPair& pair : round) times.push_back(pair.*side);
  const auto loads = json.at("loads").get<std::vector<double>>();
  if (times.empty() || loads.empty()) throw Error(ErrorKind::Worker, "the worker timed nothing");
  const auto [least, most] = std::minmax_element(loads.begin(), loads.end());
  const double cores = std::max(1u, std::thread::hardware_concurrency());
  Timing timing{quantile_figure(times, 0.5, Unit::Seconds),
                quantile_figure(times, 0.9, Unit::Seconds),
                quantile_figure(times, 0.99, Unit::Seconds),
                {},
                {}};
  timing.load_time = {median(loads), Interval{*least, *most}, loads.size(), Unit::Seconds, {}};
  timing.utilization =
      exact_figure(json.at("cpu").get<double>() / (json.at("wall").get<double>() * cores), Unit::Fraction);
  timing.utilization.n = times.size();
  return timing;
}

}  // namespace

LatencyRatio latency_ratio(std::span<const std::vector<TimedPair>> rounds, std::uint64_t seed) {
  std::vector<double> logs, medians;
  for (const auto& round : rounds) {
    const std::size_t begin = logs.size();
    for (const TimedPair& pair : round) logs.push_back(std::log(pair.quantized / pair.original));
    if (!round.empty()) medians.push_back(median({logs.begin() + static_cast<std::ptrdiff_t>(begin), logs.end()}));
  }
  if (logs.empty()) throw Error(ErrorKind::Internal, "there are no timed pairs");
  LatencyRatio result;
  result.autocorrelation = lag1_autocorrelation(logs);
  result.block = block_length(logs);
  const double middle = median(logs), half = student_half_width(medians);
  const Interval pairs = median_interval(logs, result.block, seed);
  const Interval interval{std::exp(std::min(pairs.low, middle - half)), std::exp(std::max(pairs.high, middle + half))};
  result.ratio = {std::exp(middle), interval, logs.size(), Unit::Ratio, {}};
  result.verdict = verdict_of_ratio(interval);
  return result;
}

Latency measure_latency(Worker& worker, const std::filesystem::path& original, const std::filesystem::path& quantized,
                        SharedSamples& samples, const LatencyOptions& options) {
  const double begin = seconds_now();
  JobRequest request{"latency",
                     to_line({{"original", original.string()},
                              {"quantized", quantized.string()},
                              {"threads", options.threads},
                              {"seconds", options.seconds},
                              {"least", options.least_pairs},
                              {"most", options.most_pairs},
                              {"rounds", options.rounds},
                              {"runtime", options.runtime}}),
                     {},
                     samples.feed()};
  request.silence = options.silence;
  const JobResult answer = worker.run(request);
  Latency latency;
  read_result(answer, [&](const Json& json) {
    const Rounds rounds = rounds_of(json.at("rounds"), answer.blob);
    latency.ratio = latency_ratio(rounds, options.seed);
    latency.original = timing_of(rounds, &TimedPair::original, json.at("original"));
    latency.quantized = timing_of(rounds, &TimedPair::quantized, json.at("quantized"));
  });
  latency.seconds = seconds_now() - begin;
  return latency;
}

Job latency_job() {
  return {"latency", run_latency};
}

}  // namespace bw
