#include "observe/observers/observer.h"

#include <bit>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "observe/samples.h"
#include "observe/statistics/histogram.h"
#include "observe/statistics/torch_histogram.h"

using namespace bw;
using namespace bw::test;

namespace {

struct Golden {
  std::string line, name, kind;
  std::size_t samples = 0, count = 0;
  std::vector<std::string> rest;

  float number(std::size_t i) const { return std::strtof(rest.at(i).c_str(), nullptr); }
};

std::vector<Golden> golden(const std::string& file) {
  std::ifstream in(std::string(BW_GOLDEN "/observe/") + file);
  std::vector<Golden> all;
  for (std::string line; std::getline(in, line);) {
    Golden one{line, {}, {}, 0, 0, {}};
    std::istringstream words(line);
    words >> one.name >> one.kind >> one.samples >> one.count;
    for (std::string word; words >> word;) one.rest.push_back(word);
    all.push_back(one);
  }
  return all;
}

Range observed(std::string_view name, const ValueEvidence& seen, bool symmetric,
               const std::map<std::string, std::string>& given = {}) {
  const Observer& observer = observer_named(name);
  Scheme scheme;
  scheme.code = symmetric ? DType::Int8 : DType::UInt8;
  scheme.symmetric = symmetric;
  return range_of(observer, seen, scheme, Arguments(name, observer.parameters, given));
}

}  // namespace

TEST_CASE("ranges are PyTorch's own, to the bit") {
  const std::vector<Golden> cases = golden("torch.txt");
  REQUIRE(cases.size() == 54);
  for (const Golden& one : cases) {
    CAPTURE(one.line);
    if (one.name == "histogram") {
      const ValueEvidence seen = evidence_of({TorchHistogram::kName}, one.kind, one.samples, one.count);
      CHECK(seen.get<TorchHistogram>().range() == Range{one.number(0), one.number(1)});
      std::uint32_t digest = 0;
      for (const float count : seen.get<TorchHistogram>().counts()) digest += std::bit_cast<std::uint32_t>(count);
      CHECK(digest == std::stoul(one.rest[2]));
      CHECK(observed("torch-histogram", seen, false) == Range{one.number(3), one.number(4)});
    } else {
      const Observer& observer = observer_named(one.name);
      const ValueEvidence seen = evidence_of(observer.statistic, one.kind, one.samples, one.count);
      CHECK(observed(one.name, seen, false) == Range{one.number(0), one.number(1)});
    }
  }
}

TEST_CASE("cuts are onnxruntime's on the same histogram, to the bit") {
  const std::vector<Golden> cases = golden("onnxruntime.txt");
  REQUIRE(cases.size() == 132);
  for (const Golden& one : cases) {
    CAPTURE(one.line);
    const ValueEvidence seen = evidence_of({Histogram::kName}, one.kind, one.samples, one.count);
    const Range expected{one.number(2), one.number(3)};
    if (one.name == "percentile") {
      const std::string percentile = std::to_string(std::strtod(one.rest[0].c_str(), nullptr));
      Range found = observed("percentile", seen, one.rest[1] == "1", {{"percentile", percentile}});
      CHECK(found == expected);
    } else {
      CHECK(observed("entropy", seen, false, {{"bins", one.rest[0]}, {"quantized_bins", one.rest[1]}}) == expected);
    }
  }
}

TEST_CASE("entropy and percentile really clip where min-max does not") {
  const ValueEvidence seen = evidence_of({Histogram::kName}, "outlier", 5, 100000);
  CHECK(seen.get<Histogram>().range().high == 50);
  CHECK(observed("entropy", seen, false).high < 10);
  CHECK(observed("percentile", seen, false, {{"percentile", "99.99"}}).high < 3);
}

TEST_CASE("percentile leaves out one value of 100000 if nothing else is asked for") {
  const ValueEvidence seen = evidence_of({Histogram::kName}, "peaked", 20, 5000);
  const Range usual = observed("percentile", seen, true);
  CHECK(usual == observed("percentile", seen, true, {{"percentile", "99.999"}}));
  CHECK(!(usual == observed("percentile", seen, true, {{"percentile", "99.9"}})));
}

TEST_CASE("no range has less squared error than the one that mse finds") {
  for (const char* kind : {"peaked", "outlier", "relu"})
    for (const bool symmetric : {true, false})
      for (const DType code : {DType::Int4, DType::UInt8}) {
        if (symmetric && code == DType::UInt8) continue;
        CAPTURE(kind, symmetric, name_of(code));
        const ValueEvidence seen = evidence_of({Histogram::kName}, kind, 2, 20000);
        Scheme scheme;
        scheme.code = code;
        scheme.symmetric = symmetric;
        // Independent of the histogram: on the values themselves.
        const auto error = [&](Range range) {
          const auto [scale, zero_point] = scale_and_zero_point(range, scheme);
          const auto [lowest, highest] = code_range(scheme);
          double sum = 0;
          for (std::size_t i = 0; i < 2; ++i)
            for (const float x : sample(kind, i, 20000)) {
              const double code = std::clamp(std::nearbyint(static_cast<double>(x) / scale) + zero_point,
                                             static_cast<double>(lowest), static_cast<double>(highest));
              sum += std::pow(x - (code - zero_point) * scale, 2);
            }
          return sum;
        };
        const Observer& observer = observer_named("mse");
        const Range found = range_of(observer, seen, scheme, Arguments("mse", observer.parameters));
        const Range whole = seen.get<Histogram>().range();
        const double least = error(found);
        CHECK(least <= error(whole) * 1.0001);
        for (double share = 0.2; share <= 1; share += 0.05)
          CHECK(least <= error({static_cast<float>(whole.low * share), static_cast<float>(whole.high * share)}) * 1.01);
      }
}

TEST_CASE("octav's clips are those of the values themselves, as far as bins tell them apart") {
  const std::vector<Golden> cases = golden("octav.txt");
  REQUIRE(cases.size() == 16);
  for (const Golden& one : cases) {
    CAPTURE(one.line);
    const bool symmetric = one.rest[1] == "1", four = one.rest[0] == "4";
    const ValueEvidence seen = evidence_of({Histogram::kName}, one.kind, one.samples, one.count);
    const Scheme scheme{.code = symmetric ? (four ? DType::Int4 : DType::Int8) : (four ? DType::UInt4 : DType::UInt8),
                        .symmetric = symmetric};
    const Observer& observer = observer_named("octav");
    const Range found = range_of(observer, seen, scheme, Arguments("octav", observer.parameters));
    CHECK(std::abs(found.low - one.number(2)) <= 0.01F * std::abs(one.number(2)));
    CHECK(std::abs(found.high - one.number(3)) <= 0.01F * std::abs(one.number(3)));
  }
}

TEST_CASE("every observer: nothing seen, only zeros, one value, and bad parameters") {
  for (const Observer& observer : observers()) {
    CAPTURE(observer.name);
    CHECK(&observer_named(observer.name) == &observer);
    CHECK(!observer.says.empty());
    ValueEvidence nothing("x", {observer.statistic}), zeros = nothing, constant = nothing;
    zeros.add(std::vector<float>(100), 0);
    constant.add(std::vector<float>(100, 2.5F), 0);
    constant.add(std::vector<float>(100, 2.5F), 1);
    CHECK(observed(observer.name, nothing, false) == Range{0, 0});
    for (const bool symmetric : {false, true}) {
      const Range range = observed(observer.name, zeros, symmetric);
      CHECK(range.low <= range.high);
      if (observer.name != "torch-histogram") CHECK(range == Range{0, 0});
      const Range one = observed(observer.name, constant, symmetric);
      CHECK(one.high >= 2.4F);
      CHECK(one.high <= 3.6F);
    }
    CHECK_THROWS_AS(Arguments(observer.name, observer.parameters, {{"no such", "1"}}), Error);
  }
  CHECK_THROWS_AS(observer_named("no such"), Error);
}
