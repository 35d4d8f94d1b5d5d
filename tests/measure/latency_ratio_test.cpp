// The verdict on synthetic times like a shared machine's: heavy tails, drift, alike neighbours, and sessions that
// differ.
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "base/random.h"
#include "measure/latency.h"

namespace bw {
namespace {

struct Noise {
  double spread = 0.02;    // of one run
  double tails = 0.03;     // share of runs that something interrupts
  double drift = 0.2;      // of both models over the whole measurement
  double alike = 0.5;      // of what disturbs neighbouring pairs
  double session = 0.004;  // between two sessions of one model
};

std::vector<std::vector<TimedPair>> simulate(double ratio, const Noise& noise, Random& random, int rounds = 4,
                                             int pairs = 60) {
  std::vector<std::vector<TimedPair>> result;
  double common = 0, difference = 0;
  for (int r = 0; r < rounds; ++r) {
    const double session = noise.session * random.normal();
    std::vector<TimedPair>& round = result.emplace_back();
    for (int i = 0; i < pairs; ++i) {
      const double time = (r * pairs + i) / static_cast<double>(rounds * pairs);
      common = 0.9 * common + 0.03 * random.normal();
      difference = noise.alike * difference + noise.spread * random.normal();
      const auto run = [&](double factor) {
        const double interruption = random.uniform() < noise.tails ? random.uniform() * 2 : 0;
        return 1e-3 * factor * std::exp(common + noise.drift * time) * (1 + interruption);
      };
      round.push_back({run(1), run(ratio * std::exp(session + difference))});
    }
  }
  return result;
}

int count_of(Verdict verdict, double ratio, const Noise& noise, std::uint64_t seed) {
  int count = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    Random random(seed + i);
    count += latency_ratio(simulate(ratio, noise, random), i).verdict == verdict;
  }
  return count;
}

TEST_CASE("a model timed against itself is called same in at least 95 of 100") {
  CHECK(count_of(Verdict::Same, 1, {}, 100) >= 95);
  CHECK(count_of(Verdict::Same, 1, {.spread = 0.01, .tails = 0.1, .drift = 1, .alike = 0}, 300) >= 95);
}

TEST_CASE("a candidate that is 3 % slower is never called same") {
  CHECK(count_of(Verdict::Same, 1.03, {}, 500) <= 5);
  CHECK(count_of(Verdict::Worse, 1.03, {}, 500) >= 90);
  CHECK(count_of(Verdict::Same, 1.03, {.spread = 0.2, .tails = 0.3}, 700) <= 5);
}

TEST_CASE("a twice as fast candidate is better, with the ratio inside the interval") {
  Random random(1);
  const LatencyRatio result = latency_ratio(simulate(0.5, {}, random), 1);
  CHECK(result.verdict == Verdict::Better);
  CHECK(result.ratio.interval->contains(0.5));
  CHECK(result.ratio.n == 240);
}

TEST_CASE("sessions that differ widen the interval beyond what the pairs would say") {
  Random quiet(2), uneven(2);
  const auto width = [](const LatencyRatio& ratio) { return ratio.ratio.interval->high - ratio.ratio.interval->low; };
  CHECK(width(latency_ratio(simulate(1, {.session = 0.05}, uneven), 1)) >
        3 * width(latency_ratio(simulate(1, {.session = 0}, quiet), 1)));
}

}  // namespace
}  // namespace bw
