#include "bench/recommend.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

using namespace bw;

namespace {

// `size`: thousandths of the float model's.
CandidateFindings candidate(const char* name, double retention, double ratio, double low, double high,
                            std::uint64_t size) {
  CandidateFindings c;
  c.name = name;
  c.accuracy_retention = exact_figure(retention, Unit::Ratio);
  c.latency = LatencyComparison{};
  c.latency->ratio = exact_figure(ratio, Unit::Ratio);
  c.latency->ratio.interval = Interval{low, high};
  c.latency->verdict = verdict_of_ratio({low, high});
  c.artifact = ArtifactFile{.path = "p", .bytes = 1000 * size, .sha256 = ""};
  return c;
}

ModelFindings model(std::vector<CandidateFindings> candidates, const Constraints& constraints) {
  ModelFindings m;
  m.bytes = 1000 * 1000;
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
  CHECK(r.sentence.ends_with("; the most accurate of the 3 that are about as fast as the fastest, 2 of them smallest"));
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
  const std::string only = recommend(model({same, slow}, limits), limits).sentence;
  CHECK(only.starts_with("Ship same: as fast and 50.0 % of the size"));
  CHECK(only.ends_with("; the only one not measurably slower than the float model"));
  CHECK(recommend(model({slow}, limits), limits).sentence.ends_with("; nothing else keeps the constraints"));
}

TEST_CASE("where all are slower, size does not buy any amount of time") {
  const Constraints limits;
  const Recommendation r =
      recommend(model({candidate("static", 0.97, 1.12, 0.91, 1.37, 510), candidate("tiny", 0.99, 2.3, 1.9, 2.8, 290),
                       candidate("half", 0.997, 1.05, 0.86, 1.29, 500)},
                      limits),
                limits);
  CHECK(*r.candidate == "half");
  CHECK(r.sentence.find("of the 2 that are least slow, none being as fast as the float model") != std::string::npos);
}

TEST_CASE("limits of time and size rule candidates out") {
  Constraints limits;
  limits.max_latency_ratio = 0.6;
  limits.max_size = 200'000;
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

TEST_CASE("accuracies that nothing tells apart push nothing off the front") {
  auto plain = candidate("plain", 0.998, 0.5, 0.49, 0.51, 300), mse = candidate("mse", 0.999, 0.5, 0.49, 0.51, 300);
  plain.accuracy_retention->interval = Interval{0.995, 1.001};
  mse.accuracy_retention->interval = Interval{0.996, 1.002};
  auto slow = candidate("slow", 1, 0.6, 0.59, 0.61, 300);
  slow.accuracy_retention->interval = Interval{0.997, 1.003};
  CHECK(pareto_front({plain, mse, slow}) == std::vector<std::string>{"plain", "mse"});
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
  CHECK(sentence({slow}) == "Ship the float model: no candidate gains 5.0 % in time or size within the constraints");
  CHECK(sentence({wrong, slow}).find("and gains 5.0 % in time or size") != std::string::npos);
  CHECK(sentence({}) == "Nothing was measured, so nothing is recommended");
}

TEST_CASE("a recommendation says when labels say nothing") {
  const Constraints limits;
  ModelFindings m = model({candidate("a", 1, 0.5, 0.45, 0.55, 300)}, limits);
  m.doubts = {"the float model is right on none of the samples"};
  CHECK(recommend(m, limits).sentence.ends_with(". But the labels say nothing of the float model itself"));
}

TEST_CASE("what gains less than is asked for is not worth shipping") {
  Constraints limits;
  const auto reason = [&](const CandidateFindings& c) { return model({c}, limits).candidates[0].reason; };
  CHECK(reason(candidate("slower", 1, 1.10, 1.08, 1.12, 970)) ==
        "gains too little: 97.0 % of the size, but up to 1.12 of the time; a gain of 5.0 % is asked for");
  CHECK(reason(candidate("larger", 1, 0.9, 0.88, 0.92, 1100)) ==
        "gains too little: 0.90 of the time, but 110.0 % of the size; a gain of 5.0 % is asked for");
  CHECK(reason(candidate("little", 1, 0.98, 0.97, 0.99, 980)) ==
        "gains too little: 0.98 of the time and 98.0 % of the size; a gain of 5.0 % is asked for");
  CHECK(reason(candidate("unsure", 1, 0.9, 0.7, 1.1, 980)) ==
        "gains too little: 98.0 % of the size, but up to 1.10 of the time; a gain of 5.0 % is asked for");
  CHECK(reason(candidate("nothing", 1, 1.0, 0.99, 1.01, 1000)) == "is neither faster nor smaller than the float model");
  CHECK(reason(candidate("slow", 1, 1.3, 1.2, 1.4, 160)) == "");
  CHECK(reason(candidate("together", 1, 0.97, 0.96, 0.98, 970)) == "");  // 0.94
  limits.least_gain = 0.01;
  CHECK(reason(candidate("little", 1, 0.98, 0.97, 0.99, 980)) == "");
}

TEST_CASE("a model of a few kilobytes is not judged by its size") {
  const Constraints limits;
  ModelFindings tiny;
  tiny.bytes = 2600;
  auto smaller = candidate("smaller", 1, 0.9, 0.7, 1.1, 2), faster = candidate("faster", 1, 0.5, 0.4, 0.6, 9);
  tiny.candidates = {smaller, faster};
  judge(tiny, limits);
  CHECK(tiny.candidates[0].reason ==
        "is not faster, and the model, of 2600 bytes, is too small to judge a method by its size");
  CHECK(tiny.candidates[1].status == Status::Ok);  // larger, which counts as little
}

TEST_CASE("accuracies that nothing tells apart leave it to the simpler recipe") {
  const Constraints limits;
  const auto with = [](CandidateFindings c, const char* recipe, double low, double high) {
    c.recipe = recipe;
    c.accuracy_retention->interval = Interval{low, high};
    return c;
  };
  const auto mse = with(candidate("mse", 0.999, 0.5, 0.49, 0.51, 300), "int8-static(observer=mse)", 0.996, 1.002);
  const auto plain = with(candidate("plain", 0.998, 0.5, 0.49, 0.51, 300), "int8-static", 0.995, 1.001);
  const auto worse = with(candidate("worse", 0.97, 0.5, 0.49, 0.51, 300), "int8", 0.96, 0.98);
  const Recommendation r = recommend(model({mse, plain, worse}, limits), limits);
  CHECK(*r.candidate == "plain");
  CHECK(
      r.sentence.ends_with("; the simplest of the 3 that are about as fast as the fastest and of one size; accuracy "
                           "does not tell 2 of them apart"));
}

TEST_CASE("one whose interval clears the threshold is preferred, and one whose estimate alone does is named so") {
  const Constraints limits;
  auto barely = candidate("barely", 0.9502, 0.4, 0.39, 0.41, 250),
       surely = candidate("surely", 0.99, 0.6, 0.59, 0.61, 300);
  barely.accuracy_retention->interval = Interval{0.944, 0.957};
  surely.accuracy_retention->interval = Interval{0.985, 0.995};
  const Recommendation both = recommend(model({barely, surely}, limits), limits);
  CHECK(*both.candidate == "surely");
  CHECK(both.sentence.ends_with("; the only one whose interval of what it keeps clears the threshold"));
  const std::string alone = recommend(model({barely}, limits), limits).sentence;
  CHECK(alone.find("by its estimate alone: the interval reaches down to 94.4 %, below the 95.0 % asked for") !=
        std::string::npos);
}

TEST_CASE("a speed that could not be judged rules nothing out but a limit of time") {
  Constraints limits;
  auto busy = candidate("busy", 1, 1, 1, 1, 300);
  busy.latency->ratio = missing_figure(Unit::Ratio, "the machine was too busy");
  busy.latency->verdict = Verdict::Inconclusive;
  CHECK(recommend(model({busy}, limits), limits).sentence.starts_with("Ship busy: of a speed that was not judged and"));
  limits.max_latency_ratio = 0.6;
  const ModelFindings m = model({busy}, limits);
  CHECK(m.candidates[0].reason ==
        "its speed was not judged, at most 0.60 of the float model's time are allowed: the machine was too busy");
  CHECK_FALSE(recommend(m, limits).candidate);
}

TEST_CASE("two accuracies are one when either's interval holds the other") {
  const auto front = [](std::optional<Interval> faster, std::optional<Interval> slower) {
    std::vector<CandidateFindings> rows{candidate("faster", 0.99, 0.4, 0.39, 0.41, 300),
                                        candidate("slower", 0.995, 0.5, 0.49, 0.51, 300)};
    rows[0].accuracy_retention->interval = faster;
    rows[1].accuracy_retention->interval = slower;
    return pareto_front(rows).size();
  };
  CHECK(front(std::nullopt, std::nullopt) == 2);
  CHECK(front(Interval{0.97, 1.0}, Interval{0.994, 0.996}) == 1);
  CHECK(front(Interval{0.989, 0.991}, Interval{0.98, 1.0}) == 1);
  CHECK(front(Interval{0.989, 0.991}, Interval{0.994, 0.996}) == 2);
}
