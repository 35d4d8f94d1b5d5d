// What every kind of statistic promises, by its entry in the catalog.
#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/random.h"
#include "observe/evidence.h"
#include "observe/samples.h"

using namespace bw;
using namespace bw::test;

namespace {

constexpr std::array<std::int64_t, 2> kShape{3, 50};
constexpr std::size_t kSamples = 24;

// Every statistic that a value of shape [3, 50] can have.
std::vector<StatisticKey> every_key() {
  std::vector<StatisticKey> keys;
  for (const StatisticKind& kind : statistics())
    for (int axis = 0; axis < (kind.by_axis ? 2 : 1); ++axis) keys.push_back({kind.name, axis});
  return keys;
}

const StatisticKind& kind_of(StatisticKey key) {
  return statistic_named(key.kind);
}

void add(ValueEvidence& seen, std::size_t index) {
  seen.add(varied(index), kShape, index);
}

ValueEvidence of_samples(StatisticKey key, std::size_t begin, std::size_t end) {
  ValueEvidence seen("x", {key});
  for (std::size_t i = begin; i < end; ++i) add(seen, i);
  return seen;
}

std::vector<std::byte> bytes_of(const ValueEvidence& seen) {
  ByteWriter out;
  seen.write(out);
  return out.take();
}

std::vector<std::byte> bytes_of(const Statistic& statistic) {
  ByteWriter out;
  statistic.write(out);
  return out.take();
}

// What `bytes` are read as; Error(Input) when they are refused. All of them must be taken.
Statistic read(StatisticKey key, std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  Statistic statistic = kind_of(key).read(in, key.axis);
  in.expect_end();
  return statistic;
}

void merge_or_refuse(Statistic a, const Statistic& b) {
  try {
    a.merge(b);
  } catch (const Error&) {  // of other channels, or not to be merged at all
  }
}

ValueEvidence merged(ValueEvidence a, const ValueEvidence& b) {
  a.merge(b);
  return a;
}

}  // namespace

TEST_CASE("statistics have names of their own, found again, and a line") {
  std::set<std::string_view> names;
  for (const StatisticKind& kind : statistics()) {
    CAPTURE(kind.name);
    CHECK(names.insert(kind.name).second);
    CHECK(find_statistic(kind.name) == &kind);
    CHECK(&statistic_named(kind.name) == &kind);
    CHECK(!kind.says.empty());
  }
  CHECK(find_statistic("none") == nullptr);
  CHECK_THROWS_AS(statistic_named("none"), Error);
}

TEST_CASE("a statistic of nothing: merging and adding it change nothing") {
  for (const StatisticKey key : every_key()) {
    CAPTURE(key.kind, key.axis);
    const ValueEvidence nothing("x", {key}), some = of_samples(key, 0, 3);
    CHECK(merged(nothing, nothing) == nothing);
    CHECK(merged(some, nothing) == some);
    CHECK(merged(nothing, some) == some);
    CHECK_FALSE(some == nothing);
    ValueEvidence more = some;
    more.add({}, std::array<std::int64_t, 2>{0, 50}, 3);
    more.add({}, std::array<std::int64_t, 2>{3, 0}, 4);
    CHECK(more == some);
    const Statistic empty = kind_of(key).make(key.axis);
    CHECK(empty == nothing.statistic(key));
    CHECK(read(key, bytes_of(empty)) == empty);
  }
}

TEST_CASE("a copy of a statistic is one of its own") {
  for (const StatisticKey key : every_key()) {
    CAPTURE(key.kind, key.axis);
    const ValueEvidence some = of_samples(key, 0, 3);
    ValueEvidence copy = some;
    CHECK(copy == some);
    add(copy, 3);
    CHECK_FALSE(copy == some);
    CHECK(some == of_samples(key, 0, 3));
  }
}

TEST_CASE("merging is associative and commutative") {
  for (const StatisticKey key : every_key()) {
    if (kind_of(key).samples_in_order) continue;
    CAPTURE(key.kind, key.axis);
    const ValueEvidence a = of_samples(key, 0, 5), b = of_samples(key, 5, 6), c = of_samples(key, 6, 15);
    const std::vector<std::byte> whole = bytes_of(of_samples(key, 0, 15));
    CHECK(bytes_of(merged(merged(a, b), c)) == whole);
    CHECK(bytes_of(merged(a, merged(b, c))) == whole);
    CHECK(bytes_of(merged(c, merged(b, a))) == whole);
    CHECK(bytes_of(merged(merged(b, c), a)) == whole);
  }
}

TEST_CASE("any split of the samples over threads, in any order, gives the same bytes") {
  Random random(1);
  for (const StatisticKey key : every_key()) {
    if (kind_of(key).samples_in_order) continue;
    CAPTURE(key.kind, key.axis);
    const std::vector<std::byte> whole = bytes_of(of_samples(key, 0, kSamples));
    for (int round = 0; round < 5; ++round) {
      const std::size_t count = 1 + random.below(4);
      std::vector<std::vector<std::size_t>> shares(count);
      for (const std::size_t i : sample_without_replacement(kSamples, kSamples, random))
        shares[random.below(count)].push_back(i);
      std::vector<ValueEvidence> parts(count, ValueEvidence("x", {key}));
      {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < count; ++t)
          threads.emplace_back([&part = parts[t], &share = shares[t]] {
            for (const std::size_t i : share) add(part, i);
          });
      }
      for (std::size_t t = 1; t < count; ++t) parts[0].merge(parts[t]);
      REQUIRE(bytes_of(parts[0]) == whole);
    }
  }
}

TEST_CASE("a kind says whether it wants samples and elements in order") {
  for (const StatisticKey key : every_key()) {
    CAPTURE(key.kind, key.axis);
    Needs needs;
    needs.add("x", key);
    CHECK(needs.samples_in_order() == kind_of(key).samples_in_order);
    CHECK(needs.elements_in_order() == kind_of(key).elements_in_order);
    ValueEvidence plain("x", {key}), turned = plain;
    for (std::size_t i = 0; i < 3; ++i) {
      std::vector<float> values = varied(i);
      plain.add(values, kShape, i);
      std::ranges::reverse(values);
      turned.add(values, kShape, i);
    }
    CHECK((plain == turned) == !kind_of(key).elements_in_order);
    ValueEvidence backwards("x", {key});
    try {
      for (const std::size_t i : {2, 1, 0}) add(backwards, i);
      CHECK_FALSE(kind_of(key).samples_in_order);
      CHECK(backwards == plain);
    } catch (const Error&) {
      CHECK(kind_of(key).samples_in_order);
    }
  }
}

TEST_CASE("statistics by axis want the axis, with as many channels as before") {
  for (const StatisticKey key : every_key()) {
    if (!kind_of(key).by_axis) continue;
    CAPTURE(key.kind, key.axis);
    ValueEvidence seen = of_samples(key, 0, 2);
    const std::vector<float> other(35, 1.0F);
    const auto refused = [&](std::initializer_list<std::int64_t> shape) {
      try {
        seen.add(other, shape, 2);
      } catch (const Error& error) {
        return error.kind();
      }
      return ErrorKind::Usage;
    };
    CHECK(refused({5, 7}) == ErrorKind::Calibration);
    if (key.axis == 1) CHECK(refused({35}) == ErrorKind::Internal);
    ValueEvidence others("x", {key});
    others.add(other, std::array<std::int64_t, 2>{5, 7}, 0);
    CHECK_THROWS_AS(seen.merge(others), Error);
  }
}

TEST_CASE("a statistic comes back from its bytes, and nothing else does") {
  Random random(2);
  for (const StatisticKey key : every_key()) {
    CAPTURE(key.kind, key.axis);
    const Statistic whole = of_samples(key, 0, 3).statistic(key);
    const std::vector<std::byte> bytes = bytes_of(whole);
    CHECK(read(key, bytes) == whole);
    const std::size_t step = 1 + bytes.size() / 300;
    for (std::size_t size = 0; size < bytes.size(); size += step)
      REQUIRE_THROWS_AS(read(key, std::span(bytes).first(size)), Error);
    for (int round = 0; round < 300; ++round) {  // any edit is refused or still a statistic; none crashes
      std::vector<std::byte> edited = bytes;
      const std::size_t at =
          random.below(random.below(2) ? std::min<std::size_t>(bytes.size(), 40) - 7 : bytes.size() - 7);
      for (std::size_t i = 0; i < 8; ++i)
        edited[at + i] = static_cast<std::byte>(random.below(3) ? 255 : random.next());
      try {
        const Statistic taken = read(key, edited);
        REQUIRE(read(key, bytes_of(taken)) == taken);
        merge_or_refuse(whole, taken);
      } catch (const Error& error) {
        REQUIRE(error.kind() == ErrorKind::Input);
      }
    }
  }
}

TEST_CASE("statistics of two kinds are not mixed up") {
  Statistic range = statistic_named("range").make(0);
  CHECK_THROWS_AS(range.merge(statistic_named("moments").make(0)), Error);
}
