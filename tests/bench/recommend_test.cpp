#include "bench/recommend.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

using namespace bw;

namespace {

CandidateFindings candidate(const char* name, double retention, double ratio, double low, double high,
                            std::uint64_t bytes) {
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
  ModelFindings m =
      model({candidate("slow-small", 1.0, 1.2, 1.1, 1.3, 100), candidate("fast", 0.99, 0.5, 0.45, 0.55, 300),
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
  const ModelFindings m =
      model({candidate("a", 0.98, 0.50, 0.45, 0.55, 300), candidate("b", 0.999, 0.52, 0.47, 0.57, 300)}, limits);
  CHECK(*recommend(m, limits).candidate == "b");
}

TEST_CASE("a barely faster candidate does not beat a much smaller one") {
  const Constraints limits;
  const auto bf16 = candidate("bf16", 1.0, 0.926, 0.91, 0.94, 500);
  const ModelFindings m = model({bf16, candidate("dynamic", 0.999, 0.99, 0.98, 1.0, 310)}, limits);
  const Recommendation r = recommend(m, limits);
  CHECK(*r.candidate == "dynamic");
  CHECK(r.sentence.ends_with("; the smallest of the 2 that are about as fast as the fastest"));
  CHECK(r.runners_up.at(0).first == "bf16");
  // Beyond 10 %, only intervals that overlap make two speeds the same.
  CHECK(*recommend(
             model({candidate("fast", 1, 0.5, 0.49, 0.51, 500), candidate("small", 1, 0.56, 0.55, 0.57, 310)}, limits),
             limits)
             .candidate == "fast");
  CHECK(*recommend(
             model({candidate("fast", 1, 0.5, 0.44, 0.56, 500), candidate("small", 1, 0.56, 0.55, 0.57, 310)}, limits),
             limits)
             .candidate == "small");
  // A speed that is not known does not count as the same.
  CHECK(*recommend(model({bf16, candidate("unsure", 1, 0.9, 0.7, 1.1, 310)}, limits), limits).candidate == "bf16");
}

TEST_CASE("a difference of size that nobody notices leaves it to accuracy") {
  const Constraints limits;
  const ModelFindings m =
      model({candidate("a", 0.98, 0.50, 0.45, 0.55, 300), candidate("b", 0.999, 0.52, 0.47, 0.57, 305),
             candidate("c", 1, 0.51, 0.46, 0.56, 320)},
            limits);
  const Recommendation r = recommend(m, limits);
  CHECK(*r.candidate == "b");
  CHECK(
      r.sentence.ends_with("; the most accurate of the 2 smallest among the 3 that are about as fast as the fastest"));
  const ModelFindings alike =
      model({candidate("a", 0.98, 0.50, 0.45, 0.55, 300), candidate("b", 0.999, 0.52, 0.47, 0.57, 305)}, limits);
  CHECK(recommend(alike, limits)
            .sentence.ends_with("; the most accurate of the 2 that are about as fast as the fastest and of one size"));
}

TEST_CASE("the order of the candidates does not matter") {
  const Constraints limits;
  std::vector<CandidateFindings> candidates{candidate("a", 1, 0.50, 0.49, 0.51, 400),
                                            candidate("b", 1, 0.54, 0.53, 0.55, 300),
                                            candidate("c", 1, 0.58, 0.57, 0.59, 200)};
  do CHECK(*recommend(model(candidates, limits), limits).candidate == "b");
  while (std::next_permutation(candidates.begin(), candidates.end(),
                               [](const auto& x, const auto& y) { return x.name < y.name; }));
}

TEST_CASE("without a certain speed-up the smallest of those as fast as the float model is recommended") {
  const Constraints limits;
  const auto same = candidate("same", 1, 1.0, 0.99, 1.01, 500), slow = candidate("slow", 1, 1.3, 1.2, 1.4, 100);
  CHECK(*recommend(model({same, candidate("unsure", 1, 0.98, 0.9, 1.1, 300), slow}, limits), limits).candidate ==
        "unsure");
  CHECK(recommend(model({same, slow}, limits), limits).sentence.ends_with("; the fastest"));
  CHECK(recommend(model({slow}, limits), limits).sentence.ends_with("; nothing else keeps the constraints"));
}

TEST_CASE("limits of time and size rule candidates out") {
  Constraints limits;
  limits.max_latency_ratio = 0.6;
  limits.max_size = 200;
  const ModelFindings m =
      model({candidate("late", 1, 0.7, 0.65, 0.75, 100), candidate("large", 1, 0.5, 0.45, 0.55, 300)}, limits);
  CHECK(m.candidates[0].status == Status::NotBetter);
  CHECK(m.candidates[1].status == Status::NotBetter);
  CHECK_FALSE(recommend(m, limits).candidate);
}

TEST_CASE("the Pareto front leaves out what another candidate beats") {
  const auto front = pareto_front({candidate("a", 1.0, 0.5, 0.4, 0.6, 300), candidate("b", 0.9, 0.6, 0.5, 0.7, 300),
                                   candidate("c", 0.8, 0.9, 0.8, 1.0, 100)});
  CHECK(front == std::vector<std::string>{"a", "c"});
}

TEST_CASE("only what is worth shipping stands on the front") {
  auto refused = candidate("refused", 1, 0.1, 0.09, 0.11, 10), useless = candidate("useless", 1, 0.2, 0.19, 0.21, 20);
  refused.status = Status::Refused;
  useless.status = Status::NotBetter;
  CHECK(pareto_front({refused, useless, candidate("a", 0.99, 0.5, 0.4, 0.6, 300)}) == std::vector<std::string>{"a"});
}

TEST_CASE("what is kept is said of what was compared") {
  const Constraints limits;
  auto wrong = candidate("wrong", 0.5, 0.5, 0.4, 0.6, 300);
  const auto reason = [&](const char* by, std::uint64_t resized = 0) {
    OutputFindings boxes;
    boxes.name = "boxes";
    boxes.resized_samples = resized;
    wrong.accuracy.emplace();
    wrong.accuracy->outputs = {boxes};
    wrong.accuracy->decided_by = by;
    wrong.accuracy->decided_on = "boxes";
    return model({wrong}, limits).candidates[0].reason;
  };
  CHECK(reason("top1") == "keeps 50.0 % of the float model's top1, 95.0 % are asked for");
  CHECK(reason("agreement") == "keeps 50.0 % of the float model's answers, 95.0 % are asked for");
  CHECK(reason("fidelity", 3) ==
        "keeps 50.0 % of the float model's output 'boxes', 95.0 % are asked for; output 'boxes' has another size than "
        "the "
        "float model's in 3 samples");
}

TEST_CASE("what nobody knows is not kept, and is not said to be lost") {
  const Constraints limits;
  auto unknown = candidate("unknown", 1, 0.5, 0.4, 0.6, 300);
  unknown.accuracy_retention = missing_figure(Unit::Ratio, "none of the outputs could be compared");
  ModelFindings m = model({unknown}, limits);
  CHECK(m.candidates[0].status == Status::NotBetter);
  CHECK(m.candidates[0].reason.ends_with("is not known: none of the outputs could be compared"));
  CHECK(recommend(m, limits).sentence == "Ship the float model: what candidates keep of its accuracy is not known");
  unknown.accuracy_retention = exact_figure(std::nan(""), Unit::Ratio);
  CHECK(model({unknown}, limits).candidates[0].status == Status::NotBetter);
}

TEST_CASE("the reason to ship the float model is the one that holds") {
  const Constraints limits;
  const auto sentence = [&](std::vector<CandidateFindings> candidates) {
    return recommend(model(std::move(candidates), limits), limits).sentence;
  };
  const auto wrong = candidate("wrong", 0.5, 0.5, 0.4, 0.6, 300), slow = candidate("slow", 1, 2, 1.9, 2.1, 1000);
  CHECK(sentence({wrong}) == "Ship the float model: no candidate keeps 95.0 % of its accuracy");
  CHECK(sentence({slow}) == "Ship the float model: no candidate is faster or smaller within the constraints");
  CHECK(sentence({wrong, slow}).find("and is faster or smaller") != std::string::npos);
  CHECK(sentence({}) == "Nothing was measured, so nothing is recommended");
}

TEST_CASE("a recommendation says when labels say nothing") {
  const Constraints limits;
  ModelFindings m = model({candidate("a", 1, 0.5, 0.45, 0.55, 300)}, limits);
  m.doubts = {"the float model is right on none of the samples"};
  CHECK(recommend(m, limits).sentence.ends_with(". But the labels say nothing of the float model itself"));
}
