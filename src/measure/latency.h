// How long two models take beside each other.
//
// A visit is a process of its own that loads each model twice and runs the four sessions in turn on the same samples,
// so that whatever disturbs the machine disturbs all. Models in two runtimes have a process each, which run in turn as
// well: what one runtime's threads do between runs is then no part of the other's. What the two sessions of one model
// differ in is the control (A/A), inside every visit. Runs that had to wait for a processor do not count. Several
// visits, spread over a run, make a comparison: where a process's memory happens to lie, and when it ran, moves a
// model's speed more than the noise of many runs would let one believe, so the interval is that of the visits, never
// narrower than the control.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "measure/figure.h"
#include "run/deployment.h"
#include "run/job.h"
#include "run/samples.h"
#include "run/worker.h"

namespace bw {

// One model in one visit.
struct SideTimes {
  std::array<std::vector<double>, 2> runs;  // seconds of each run, of its two sessions
  std::array<double, 2> loads = {};         // from the file to a session that is ready, seconds
  double utilization = 0;                   // processor time over wall time times cores of the machine
};

struct Visit {
  SideTimes original, quantized;
  std::uint64_t waited = 0;  // runs that had to wait for a processor, and are left out
  double others = 0;         // processors that other processes used meanwhile
  double stolen = 0;         // processors that other virtual machines took meanwhile
  double seconds = 0;        // that it took, with loading and warm-up
};

// Whether anything can be said from it: every session has runs that did not wait, and at most 3 % of the processors
// were stolen.
bool judges(const Visit& visit);

struct VisitOptions {
  int threads = 1;
  double seconds = 0.6;         // of runs that count; with those that wait up to 4 times as many
  double warm_up = 0.2;         // seconds at least: a process that has just begun is slower, and not all models alike
  std::size_t least_turns = 2;  // of all four sessions, even where they take longer
};

// Pays one visit, in processes of its own, on the first samples of `samples` (up to 8). Errors: Error(Worker) when a
// model kills it; the runtime's when it refuses one (`where` is the model's path).
Visit visit(const WorkerOptions& worker, const Deployment& original, const Deployment& quantized,
            SharedSamples& samples, const VisitOptions& options = {});

// The standard deviation of one visit's log ratio as far as it comes from sessions alone: what twins differ in (a visit
// has two pairs of them, whose true ratio is 1). Visits that do not judge() are left out.
struct ControlNoise {
  double deviation = 0;
  std::size_t n = 0;  // pairs of twins behind it
};
ControlNoise control_noise(std::span<const Visit> visits);

struct LatencyRatio {
  Figure ratio;  // exp(mean over visits of ln(quantized / original)), each the medians of its sessions
  Verdict verdict = Verdict::Inconclusive;
};
// The interval is the wider of two, both of the mean over visits by Student's t: from their own spread, and from
// `noise`; and 4 % of the log ratio beside it (in quadrature), since a ratio moves from minute to minute, which the
// visits of one run do not see. Missing, with the reason, where fewer than two visits judge().
LatencyRatio latency_ratio(std::span<const Visit> visits, const ControlNoise& noise);
// The smallest change that a comparison of so many visits can show beside `noise`; 0.02 is 2 %.
double smallest_effect(const ControlNoise& noise, std::size_t visits);
// The original's sessions against each other, over all visits: 1, but for noise.
LatencyRatio control_ratio(std::span<const Visit> visits);

// Of one model, over all visits.
struct Timing {
  Figure p50, p90, p99;  // of one run, seconds
  Figure load_time;      // seconds; the range of all loads as interval
  Figure utilization;
};
Timing timing_of(std::span<const Visit> visits, SideTimes Visit::* side);

// How busy others kept the machine, over all visits; empty when they were hardly in the way.
std::string disturbance(std::span<const Visit> visits);

void put(ByteWriter& out, const Visit& visit);
void get(ByteReader& in, Visit& visit);

Job latency_job();

}  // namespace bw
