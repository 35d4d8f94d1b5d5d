#include "bench/recommend.h"

#include <catch2/catch_test_macros.hpp>

using namespace bw;

namespace {

CandidateFindings candidate(const char* name, double retention, double ratio, double low, double high, std::uint64_t bytes) {
  CandidateFindings c;
  c.name = name;
  c.accuracy_retention = exact_figure(retention, Unit::Ratio);
  c.latency = LatencyComparison{};
  c.latency->ratio = exact_figure(ratio, Unit::Ratio);
  c.latency->ratio.interval = Interval{low, high};
  c.latency->verdict = verdict_of_ratio({low, high});
  c.artifact = ArtifactFile{.path = "p", .bytes = bytes, .sha256 = ""};
  return c;
}

ModelFindings model(std::vector<CandidateFindings> candidates, const Constraints& constraints) {
  ModelFindings m;
  m.bytes = 1000;
  m.metric = "top1";
  m.candidates = std::move(candidates);
  judge(m, constraints);
  return m;
}

}  // namespace

TEST_CASE("the certainly fastest candidate within the constraints is recommended") {
  const Constraints limits;
  ModelFindings m = model({candidate("slow-small", 1.0, 1.2, 1.1, 1.3, 100), candidate("fast", 0.99, 0.5, 0.45, 0.55, 300),
                           candidate("faster-but-wrong", 0.5, 0.3, 0.25, 0.35, 250), candidate("unsure", 1.0, 0.4, 0.2, 1.5, 300)},
                          limits);
  CHECK(m.candidates[2].status == Status::NotBetter);
  CHECK(m.candidates[2].reason.find("95.0 %") != std::string::npos);
  const Recommendation r = recommend(m, limits);
  REQUIRE(r.candidate);
  CHECK(*r.candidate == "fast");
  CHECK(r.sentence.find("2.00 times as fast") != std::string::npos);
  CHECK(r.runners_up.size() == 2);
}

TEST_CASE("among candidates that cannot be told apart in speed the more accurate one wins") {
  const Constraints limits;
  const ModelFindings m = model({candidate("a", 0.98, 0.50, 0.45, 0.55, 300), candidate("b", 0.999, 0.52, 0.47, 0.57, 300)}, limits);
  CHECK(*recommend(m, limits).candidate == "b");
}

TEST_CASE("limits of time and size rule candidates out") {
  Constraints limits;
  limits.max_latency_ratio = 0.6;
  limits.max_size = 200;
  const ModelFindings m = model({candidate("late", 1, 0.7, 0.65, 0.75, 100), candidate("large", 1, 0.5, 0.45, 0.55, 300)}, limits);
  CHECK(m.candidates[0].status == Status::NotBetter);
  CHECK(m.candidates[1].status == Status::NotBetter);
  CHECK_FALSE(recommend(m, limits).candidate);
}

TEST_CASE("the Pareto front leaves out what another candidate beats") {
  const auto front = pareto_front({candidate("a", 1.0, 0.5, 0.4, 0.6, 300), candidate("b", 0.9, 0.6, 0.5, 0.7, 300),
                                   candidate("c", 0.8, 0.9, 0.8, 1.0, 100)});
  CHECK(front == std::vector<std::string>{"a", "c"});
}
