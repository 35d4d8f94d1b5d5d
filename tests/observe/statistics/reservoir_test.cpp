// Reservoirs: the rule by which rows are chosen against numpy's (tests/oracle/reservoir.py), and what they keep.
#include "observe/statistics/reservoir.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "base/error.h"
#include "observe/evidence.h"

using namespace bw;

namespace {

using Shape = std::vector<std::int64_t>;

// Of `channels` channels by axis 1; every number says which row it is of.
ValueEvidence numbered(std::size_t sample, std::int64_t rows, std::int64_t channels = 1) {
  ValueEvidence seen("x", {{ReservoirStatistic::kName, 1}});
  std::vector<float> values;
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t c = 0; c < channels; ++c) values.push_back(static_cast<float>(row * channels + c));
  seen.add(values, Shape{rows, channels}, sample);
  return seen;
}

const ReservoirStatistic& reservoir_of(const ValueEvidence& seen) {
  return seen.get<ReservoirStatistic>(1);
}

}  // namespace

TEST_CASE("the rows that a reservoir keeps, and their order, are numpy's") {
  std::ifstream golden(std::string(BW_GOLDEN "/observe/reservoir.txt"));
  std::size_t samples = 0;
  std::int64_t rows = 0;
  int cases = 0;
  while (golden >> samples >> rows) {
    CAPTURE(samples, rows);
    ValueEvidence seen = numbered(0, rows);
    for (std::size_t sample = 1; sample < samples; ++sample) seen.merge(numbered(sample, rows));
    const ReservoirStatistic& reservoir = reservoir_of(seen);
    CHECK(reservoir.seen() == samples * static_cast<std::size_t>(rows));
    std::size_t count = 0;
    golden >> count;
    REQUIRE(reservoir.rows().size() == count);
    for (const ReservoirStatistic::Row& row : reservoir.rows()) {
      std::uint64_t sample = 0, number = 0;
      golden >> sample >> number;
      REQUIRE(row.sample == sample);
      REQUIRE(row.row == number);
      REQUIRE(row.values == std::vector<float>{static_cast<float>(number)});
    }
    ++cases;
  }
  CHECK(cases == 4);
}

TEST_CASE("a reservoir's row is what the channels have at one place, by any axis") {
  ValueEvidence seen("x", {{ReservoirStatistic::kName, 1}});
  seen.add(std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, Shape{2, 3, 2}, 4);
  std::vector<std::vector<float>> rows(4);
  for (const ReservoirStatistic::Row& row : reservoir_of(seen).rows()) {
    CHECK(row.sample == 4);
    rows.at(row.row) = row.values;
  }
  CHECK(rows == std::vector<std::vector<float>>{{0, 2, 4}, {1, 3, 5}, {6, 8, 10}, {7, 9, 11}});
}

TEST_CASE("a sample in parts: rows of one number are kept side by side, in either order") {
  ValueEvidence a("x", {{ReservoirStatistic::kName, 1}}), b = a;
  const std::vector<std::vector<float>> parts{{0.0F, 5}, {-0.0F, 7}};
  for (const std::size_t i : {0, 1}) a.add(parts[i], Shape{2, 1}, 3);
  for (const std::size_t i : {1, 0}) b.add(parts[i], Shape{2, 1}, 3);
  CHECK(reservoir_of(a).rows().size() == 4);
  ByteWriter first, second;
  a.write(first);
  b.write(second);
  CHECK(first.take() == second.take());
}

TEST_CASE("a reservoir is of rows of one length, as many as there can be, in order") {
  const auto refused = [](std::uint64_t seen, const std::vector<ReservoirStatistic::Row>& rows) {
    ByteWriter out;
    out.put(seen);
    out.put<std::uint64_t>(rows.size());
    for (const ReservoirStatistic::Row& row : rows) {
      out.put(row.sample);
      out.put(row.row);
      out.put(std::span<const float>(row.values));
    }
    const std::vector<std::byte> bytes = out.take();
    ByteReader in(bytes);
    try {
      ReservoirStatistic::read(in, 0);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::Input;
    }
    return false;
  };
  std::vector<ReservoirStatistic::Row> rows = reservoir_of(numbered(0, 600, 2)).rows();
  REQUIRE(rows.size() == ReservoirStatistic::kRows);
  CHECK_FALSE(refused(600, rows));
  CHECK_FALSE(refused(ReservoirStatistic::kRows, rows));
  CHECK(refused(ReservoirStatistic::kRows - 1, rows));
  std::swap(rows[3], rows[4]);
  CHECK(refused(600, rows));
  std::swap(rows[3], rows[4]);
  rows[7].values.pop_back();
  CHECK(refused(600, rows));
  rows[7].values.push_back(std::numeric_limits<float>::infinity());
  CHECK(refused(600, rows));
  rows.erase(rows.begin() + 7);
  CHECK(refused(600, rows));
  CHECK_FALSE(refused(ReservoirStatistic::kRows - 1, rows));
  CHECK(refused(1, {{0, 0, 0, {}}}));
}
