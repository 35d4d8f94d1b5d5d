#include "measure/latency.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "measure/statistics.h"
#include "measure/turns.h"
#include "run/memory.h"

namespace bw {
namespace {

constexpr double kMostStolen = 0.03;
// Two standard deviations of what a log ratio moves by from run to run on a still machine, as a share of it. Measured
// with `perf/load`: at a ratio of 0.51 runs had one of 1.7 %, of which their visits knew 0.9 %; near 1, 0.2 %.
constexpr double kDrift = 0.04;
constexpr std::size_t kLeastVisits = 2;

double cores() {
  return std::max(1u, std::thread::hardware_concurrency());
}

// Logarithms of one side's times, from the medians of its sessions.
struct SideLogs {
  double middle, twins;  // of both; between them
};
SideLogs logs_of(const SideTimes& side) {
  const double first = std::log(median(side.runs[0])), second = std::log(median(side.runs[1]));
  return {(first + second) / 2, second - first};
}

double log_ratio(const Visit& visit) {
  return logs_of(visit.quantized).middle - logs_of(visit.original).middle;
}
double control_log_ratio(const Visit& visit) {
  return logs_of(visit.original).twins;
}

std::vector<double> logs_of(std::span<const Visit> visits, double (*log_of)(const Visit&)) {
  std::vector<double> logs;
  for (const Visit& visit : visits)
    if (judges(visit)) logs.push_back(log_of(visit));
  return logs;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double half_width(const ControlNoise& noise, std::size_t visits) {
  return noise.n == 0 ? 0 : student_quantile(noise.n) * noise.deviation / std::sqrt(static_cast<double>(visits));
}

std::uint64_t runs_of(const SideTimes& side) {
  return side.runs[0].size() + side.runs[1].size();
}

// What kept the visits from judging.
std::string too_busy(std::span<const Visit> visits) {
  const std::string how = disturbance(visits);
  return "the machine was too busy to judge speed" + (how.empty() ? "" : ": " + how);
}

LatencyRatio ratio_of(std::span<const Visit> visits, double (*log_of)(const Visit&), const ControlNoise& noise) {
  const std::vector<double> logs = logs_of(visits, log_of);
  if (logs.size() < kLeastVisits) return {missing_figure(Unit::Ratio, too_busy(visits)), Verdict::Inconclusive};
  const double middle = mean(logs), seen = std::max(student_half_width(logs), half_width(noise, logs.size()));
  const double half = std::hypot(seen, kDrift * middle);
  const Interval interval{std::exp(middle - half), std::exp(middle + half)};
  std::uint64_t runs = 0;
  for (const Visit& visit : visits)
    if (judges(visit)) runs += runs_of(visit.quantized);
  return {{std::exp(middle), interval, runs, Unit::Ratio, {}}, verdict_of_ratio(interval)};
}

void put(ByteWriter& out, const SideTimes& side) {
  for (const auto& runs : side.runs) out.put(std::span(runs));
  for (const double load : side.loads) out.put(load);
  out.put(side.utilization);
}

double positive(double value) {
  if (!(value > 0 && std::isfinite(value))) ByteReader::refuse("a time is none");
  return value;
}

void get(ByteReader& in, SideTimes& side) {
  for (auto& runs : side.runs) {
    runs = in.array<double>();
    std::ranges::for_each(runs, positive);
  }
  for (double& load : side.loads) load = positive(in.get<double>());
  side.utilization = in.get<double>();
}

Visit visit_in_one_process(const WorkerOptions& options, const Deployment& original, const Deployment& quantized,
                           SharedSamples& samples, const VisitOptions& how) {
  JobRequest request{"latency",
                     to_line({{"original", to_json(original)},
                              {"quantized", to_json(quantized)},
                              {"threads", how.threads},
                              {"seconds", how.seconds},
                              {"warm_up", how.warm_up},
                              {"least", how.least_turns}}),
                     {},
                     samples.feed()};
  Worker worker(options);
  const JobResult answer = worker.run(request);
  try {
    Visit visit;
    ByteReader in(as_bytes(answer.blob));
    get(in, visit);
    in.expect_end();
    return visit;
  } catch (const Error& error) {
    throw Error(ErrorKind::Worker, fmt::format("the worker's times cannot be read: {}", error.message()));
  }
}

// The two sessions of each model in a process of their own. Between runs a process waits for the next job, and all but
// the run itself is outside of what is timed.
class RemoteSessions final : public Sessions {
 public:
  RemoteSessions(const WorkerOptions& options, const Deployment& original, const Deployment& quantized,
                 SharedSamples& samples, const VisitOptions& how)
      : sides_{Side(options), Side(options)} {
    const Deployment* models[] = {&original, &quantized};
    for (std::size_t side = 0; side < sides_.size(); ++side) {
      JobRequest request{
          "load-twins", to_line({{"model", to_json(*models[side])}, {"threads", how.threads}}), {}, samples.feed()};
      read(sides_[side], request, [&](const Json& json) {
        for (const Json& seconds : json.at("loads")) sides_[side].loads.push_back(positive(seconds.get<double>()));
      });
    }
  }

  TimedRun run(std::size_t session, std::size_t turn) override {
    TimedRun run;
    Side& side = sides_[kSide[session]];
    JobRequest request{"run-twin", to_line({{"twin", kTwin[session]}, {"turn", turn}}), {}, {}};
    read(side, request, [&](const Json& json) {
      run = {positive(json.at("seconds").get<double>()), json.at("cpu").get<double>(), json.at("waited").get<bool>()};
      side.cpu = json.at("process").get<double>();
    });
    return run;
  }
  double load_seconds(std::size_t session) const override { return sides_[kSide[session]].loads.at(kTwin[session]); }
  double cpu_seconds() const override { return bw::cpu_seconds() + sides_[0].cpu + sides_[1].cpu; }

 private:
  struct Side {
    explicit Side(const WorkerOptions& options) : worker(std::make_unique<Worker>(options)) {}
    std::unique_ptr<Worker> worker;
    std::vector<double> loads;
    double cpu = 0;  // that its process used so far
  };

  void read(Side& side, JobRequest& request, const std::function<void(const Json&)>& body) const {
    read_result(side.worker->run(request), body);
  }

  std::array<Side, 2> sides_;
};

}  // namespace

bool judges(const Visit& visit) {
  for (const SideTimes* side : {&visit.original, &visit.quantized})
    for (const auto& runs : side->runs)
      if (runs.empty()) return false;
  return visit.stolen <= kMostStolen * cores();
}

Visit visit(const WorkerOptions& worker, const Deployment& original, const Deployment& quantized,
            SharedSamples& samples, const VisitOptions& how) {
  const double begin = seconds_now();
  Visit visit;
  if (original.runtime == quantized.runtime) {
    visit = visit_in_one_process(worker, original, quantized, samples, how);
  } else {
    RemoteSessions sessions(worker, original, quantized, samples, how);
    visit = run_in_turns(sessions, how, [] {});
  }
  visit.seconds = seconds_now() - begin;
  return visit;
}

ControlNoise control_noise(std::span<const Visit> visits) {
  double squares = 0;
  std::size_t count = 0;
  for (const Visit& visit : visits) {
    if (!judges(visit)) continue;
    for (const SideTimes* side : {&visit.original, &visit.quantized}) {
      const double twins = logs_of(*side).twins;
      squares += twins * twins;
      ++count;
    }
  }
  // Twins differ with the variance of two sessions, 2 s^2; a side's mean of two has s^2 / 2, and the ratio two of
  // these.
  return {count == 0 ? 0 : std::sqrt(squares / static_cast<double>(count) / 2), count};
}

LatencyRatio latency_ratio(std::span<const Visit> visits, const ControlNoise& noise) {
  return ratio_of(visits, log_ratio, noise);
}

double smallest_effect(const ControlNoise& noise, std::size_t visits) {
  return std::expm1(half_width(noise, std::max<std::size_t>(visits, 1)));
}

LatencyRatio control_ratio(std::span<const Visit> visits) {
  return ratio_of(visits, control_log_ratio, {});
}

Timing timing_of(std::span<const Visit> visits, SideTimes Visit::* side) {
  std::vector<double> runs, loads, utilizations;
  for (const Visit& visit : visits) {
    const SideTimes& times = visit.*side;
    loads.insert(loads.end(), times.loads.begin(), times.loads.end());
    if (!judges(visit)) continue;
    for (const auto& session : times.runs) runs.insert(runs.end(), session.begin(), session.end());
    utilizations.push_back(times.utilization);
  }
  if (runs.empty()) {
    const std::string reason = visits.empty() ? "It was not timed." : too_busy(visits);
    return {missing_figure(Unit::Seconds, reason), missing_figure(Unit::Seconds, reason),
            missing_figure(Unit::Seconds, reason), missing_figure(Unit::Seconds, reason),
            missing_figure(Unit::Fraction, reason)};
  }
  const auto [least, most] = std::minmax_element(loads.begin(), loads.end());
  Figure utilization = exact_figure(mean(utilizations), Unit::Fraction);
  utilization.n = runs.size();
  return {quantile_figure(runs, 0.5, Unit::Seconds),
          quantile_figure(runs, 0.9, Unit::Seconds),
          quantile_figure(runs, 0.99, Unit::Seconds),
          {median(loads), Interval{*least, *most}, loads.size(), Unit::Seconds, {}},
          utilization};
}

std::string disturbance(std::span<const Visit> visits) {
  constexpr double kFewOthers = 0.1, kFewWaited = 0.1, kLittleStolen = 0.01;
  if (visits.empty()) return "";
  double others = 0, stolen = 0, waited = 0, runs = 0;
  for (const Visit& visit : visits) {
    others += visit.others / static_cast<double>(visits.size());
    stolen += visit.stolen / static_cast<double>(visits.size());
    waited += static_cast<double>(visit.waited);
    runs += static_cast<double>(visit.waited + runs_of(visit.original) + runs_of(visit.quantized));
  }
  std::string text;
  const auto add = [&](std::string part) { text += (text.empty() ? "" : ", ") + std::move(part); };
  if (others > kFewOthers * cores())
    add(fmt::format("other processes used {:.1f} of its {:.0f} processors", others, cores()));
  if (stolen > kLittleStolen * cores())
    add(fmt::format("other virtual machines took {:.2f} of its {:.0f} processors", stolen, cores()));
  if (runs > 0 && waited > kFewWaited * runs)
    add(fmt::format("{:.0f} % of the timed runs had to wait and do not count", 100 * waited / runs));
  return text;
}

void put(ByteWriter& out, const Visit& visit) {
  put(out, visit.original);
  put(out, visit.quantized);
  out.put(visit.waited);
  for (const double value : {visit.others, visit.stolen, visit.seconds}) out.put(value);
}

void get(ByteReader& in, Visit& visit) {
  get(in, visit.original);
  get(in, visit.quantized);
  visit.waited = in.get<std::uint64_t>();
  for (double* value : {&visit.others, &visit.stolen, &visit.seconds}) *value = in.get<double>();
}

}  // namespace bw
