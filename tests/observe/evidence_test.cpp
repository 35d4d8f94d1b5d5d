#include "observe/evidence.h"

#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/random.h"
#include "observe/samples.h"
#include "observe/statistics/histogram.h"
#include "observe/statistics/range.h"

using namespace bw;
using namespace bw::test;

namespace {

// Every kind, by axis 1 where it has one.
std::set<StatisticKey> every_key(bool with_ordered) {
  std::set<StatisticKey> keys;
  for (const StatisticKind& kind : statistics())
    if (with_ordered || !kind.samples_in_order) keys.insert({kind.name, kind.by_axis ? 1 : 0});
  return keys;
}

Needs needs_of(const std::set<StatisticKey>& keys) {
  Needs needs;
  for (const StatisticKey key : keys) {
    needs.add("a", key);
    needs.add("b/c", key);
  }
  return needs;
}

void add(Evidence& evidence, std::size_t index) {
  const std::int64_t shape[] = {3, 50};
  evidence.value("a").add(varied(index), shape, index);
  evidence.value("b/c").add(varied(index + 1000), shape, index);
}

}  // namespace

TEST_CASE("evidence is the same bytes for any split, order and number of threads") {
  const Needs needs = needs_of(every_key(false));
  Evidence whole(needs);
  for (std::size_t i = 0; i < 60; ++i) add(whole, i);
  const std::vector<std::byte> bytes = whole.to_bytes();
  CHECK(whole.needs() == needs);

  Random random(1);
  for (int round = 0; round < 10; ++round) {
    const ThreadLimit limit(1 + round % 3);
    const std::size_t parts = 1 + random.below(5);
    std::vector<Evidence> split(parts, Evidence(needs));
    for (const std::size_t i : sample_without_replacement(60, 60, random)) add(split[random.below(parts)], i);
    while (split.size() > 1) {  // merged in any order, either way round
      const std::size_t at = random.below(split.size() - 1);
      if (random.below(2)) std::swap(split[at], split[at + 1]);
      split[at].merge(split[at + 1]);
      split.erase(split.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
    REQUIRE(split[0].to_bytes() == bytes);
  }
}

TEST_CASE("evidence comes back from its bytes, and nothing else does") {
  Evidence evidence(needs_of(every_key(true)));
  CHECK(Evidence::from_bytes(evidence.to_bytes()) == evidence);
  for (std::size_t i = 0; i < 3; ++i) add(evidence, i);
  const std::vector<std::byte> bytes = evidence.to_bytes();
  CHECK(Evidence::from_bytes(bytes) == evidence);

  const auto refused = [](std::span<const std::byte> hostile) {
    try {
      Evidence::from_bytes(hostile);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::Input;
    }
    return false;
  };
  for (std::size_t size = 0; size < bytes.size(); size += size < 200 ? 1 : 997)
    CHECK(refused(std::span(bytes).first(size)));
  std::vector<std::byte> longer = bytes;
  longer.push_back(std::byte{0});
  CHECK(refused(longer));
  Needs one;
  one.add("a", {Histogram::kName});
  Evidence counted(one);
  counted.value("a").add(varied(1), 0);
  std::vector<std::byte> more = counted.to_bytes();
  CHECK_FALSE(refused(more));
  more[more.size() - 16] ^= std::byte{1};  // of the number of values that the bins must add up to
  CHECK(refused(more));
  more = counted.to_bytes();
  more[more.size() - 15] ^= std::byte{1};
  CHECK(refused(more));
  Random random(2);
  for (int round = 0; round < 300; ++round) {  // any edit is refused or still evidence; none crashes
    std::vector<std::byte> edited = bytes;
    const std::size_t at = random.below(2) ? random.below(300) : random.below(edited.size() - 8);
    for (std::size_t i = 0; i < 8; ++i) edited[at + i] = static_cast<std::byte>(random.below(3) ? 255 : random.next());
    try {
      Evidence::from_bytes(edited).to_bytes();
    } catch (const Error& error) {
      REQUIRE(error.kind() == ErrorKind::Input);
    }
  }
}

TEST_CASE("evidence of an unknown kind, or by an axis that its kind has not, is refused") {
  Needs needs;
  needs.add("a", {RangeStatistic::kName});
  const std::vector<std::byte> bytes = Evidence(needs).to_bytes();
  const std::size_t name = std::size_t{8} + 13 + 8 + 8 + 1 + 8 + 8 + 8, axis = name + 5;
  REQUIRE(bytes[name] == std::byte{'r'});
  for (const auto& [at, value] : {std::pair(name, 'R'), std::pair(axis, '\1'), std::pair(axis + 3, '\x80')}) {
    std::vector<std::byte> edited = bytes;
    edited[at] = static_cast<std::byte>(value);
    CHECK_THROWS_AS(Evidence::from_bytes(edited), Error);
  }
}

TEST_CASE("evidence is read in ascending order only, of values and of their statistics") {
  const auto refused = [](const std::vector<std::string>& values, const std::vector<std::string>& kinds) {
    ByteWriter out;
    out.put(std::string_view("bw-evidence-2"));
    out.put<std::uint64_t>(values.size());
    for (const std::string& value : values) {
      out.put(std::string_view(value));
      out.put<std::uint64_t>(0);
      out.put<std::uint64_t>(kinds.size());
      for (const std::string& kind : kinds) {
        out.put(std::string_view(kind));
        out.put<std::int32_t>(0);
        statistic_named(kind).make(0).write(out);
      }
    }
    const std::vector<std::byte> bytes = out.take();
    try {
      Evidence::from_bytes(bytes);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::Input;
    }
    return false;
  };
  CHECK_FALSE(refused({"a", "b"}, {"moments", "range"}));
  CHECK(refused({"a", "a"}, {"moments", "range"}));
  CHECK(refused({"b", "a"}, {"moments", "range"}));
  CHECK(refused({"a", "b"}, {"range", "range"}));
  CHECK(refused({"a", "b"}, {"range", "moments"}));
}

TEST_CASE("NaN and infinity are refused with value, sample and index") {
  Evidence evidence(needs_of({{RangeStatistic::kName}}));
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    std::vector<float> values(1000, 1.0F);
    values[777] = bad;
    try {
      evidence.value("b/c").add(values, 12);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::Calibration);
      CHECK(error.where() == "value 'b/c', sample 12, element 777");
    }
  }
  CHECK(evidence.value("b/c").count() == 0);
  CHECK_THROWS_AS(evidence.value("none"), Error);
  CHECK_THROWS_AS(evidence.value("a").get<Histogram>(), Error);
}

TEST_CASE("NaN and infinity are found where a histogram looks at the values, at any place") {
  for (const std::size_t at : {std::size_t{0}, std::size_t{1023}, std::size_t{1024}, std::size_t{3001}}) {
    ValueEvidence evidence("x", every_key(false));
    std::vector<float> values(3002, 1.0F);
    const std::int64_t shape[] = {2, 1501};
    evidence.add(values, shape, 0);
    values[at] = std::numeric_limits<float>::infinity();
    try {
      evidence.add(values, shape, 1);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.where() == "value 'x', sample 1, element " + std::to_string(at));
    }
  }
}

TEST_CASE("what is gathered beside other statistics is what is gathered alone") {
  const std::set<StatisticKey> keys = every_key(true);
  ValueEvidence together("x", keys);
  const std::int64_t shape[] = {3, 50};
  for (std::size_t i = 0; i < 20; ++i) together.add(varied(i), shape, i);
  for (const StatisticKey key : keys) {
    ValueEvidence alone("x", {key});
    for (std::size_t i = 0; i < 20; ++i) alone.add(varied(i), shape, i);
    CAPTURE(key.kind);
    CHECK(alone.statistic(key) == together.statistic(key));
  }
}

TEST_CASE("docs/evidence.md is of this version, and has the kinds that there are, and no others") {
  const std::string page = read_file(fs::path(BW_SOURCE) / "docs/evidence.md");
  const std::vector<std::byte> bytes = Evidence().to_bytes();
  ByteReader in(bytes);
  CHECK(page.find("| magic | text | `" + in.text() + "` |") != std::string::npos);
  std::string rows = "| kind | by axis | meaning |\n|---|---|---|\n", sections;
  for (const StatisticKind& kind : statistics()) {
    rows += "| `" + std::string(kind.name) + "` | " + (kind.by_axis ? "yes" : "no") + " | " + std::string(kind.says) +
            " |\n";
    sections += "### `" + std::string(kind.name) + "`\n";
  }
  CHECK(page.find(rows + "\n") != std::string::npos);
  std::string found;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("### ")) found += line + "\n";
  CHECK(found == sections);
}

TEST_CASE("evidence that is given away is the same bytes, in pieces, and is gone") {
  Evidence evidence(needs_of(every_key(true)));
  for (std::size_t i = 0; i < 3; ++i) add(evidence, i);
  const std::vector<std::byte> expected = evidence.to_bytes();
  std::vector<std::byte> bytes;
  int pieces = 0;
  ByteWriter out([&](std::span<const std::byte> piece) {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    ++pieces;
  });
  evidence.give_away(out);
  out.flush();
  CHECK(bytes == expected);
  CHECK(pieces > 1);
  CHECK(evidence.values().empty());
}
