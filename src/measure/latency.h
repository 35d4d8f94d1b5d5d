// Paired latency of two models: both loaded in one worker, run in turn (ABBA) on the same samples, so that whatever
// disturbs the machine disturbs both. The float model against itself is the control (A/A).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "measure/figure.h"
#include "run/job.h"
#include "run/samples.h"
#include "run/worker.h"

namespace bw {

struct TimedPair {
  double original = 0, quantized = 0;  // seconds of one run each, one right after the other
};

struct LatencyRatio {
  Figure ratio;  // exp(median of ln(quantized / original))
  Verdict verdict = Verdict::Inconclusive;
  double autocorrelation = 0;  // of neighbouring log ratios
  std::size_t block = 1;       // of the bootstrap: above 1 where neighbours are alike
};
// `rounds`: pairs in order of time; both models were loaded afresh for each. The interval is the wider, on each side,
// of two: the circular block bootstrap over the pairs, and Student's over the rounds' own medians, because where a
// session's memory happens to lie moves its speed more than the noise of many pairs would let one believe.
// Error(Internal) without pairs.
LatencyRatio latency_ratio(std::span<const std::vector<TimedPair>> rounds, std::uint64_t seed);

struct LatencyOptions {
  int threads = 1;
  double seconds = 3;  // for the pairs, all rounds together; warm-up and loading come on top
  std::size_t least_pairs = 40, most_pairs = 4000;  // least_pairs may take up to 4 times `seconds`
  int rounds = 4;
  std::uint64_t seed = 0;
  double silence = 120;
  std::string_view runtime = "onnxruntime";
};

// Of one model, while it ran beside the other.
struct Timing {
  Figure p50, p90, p99;  // of one run, seconds
  Figure load_time;      // from the file to a session that is ready, seconds; the range of all loads as interval
  Figure utilization;    // processor time over wall time times cores of the machine, while it ran
};
struct Latency {
  LatencyRatio ratio;
  Timing original, quantized;
  double seconds = 0;  // that it took, with loading and warm-up
};

// Times the two models on the first samples of `samples` (up to 8). Errors: Error(Worker) when one kills the worker;
// the runtime's when it refuses one (`where` is the model's path).
Latency measure_latency(Worker& worker, const std::filesystem::path& original, const std::filesystem::path& quantized,
                        SharedSamples& samples, const LatencyOptions& options = {});

Job latency_job();

}  // namespace bw
