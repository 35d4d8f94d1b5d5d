// A fixed number of rows, chosen by chance: a row is what the channels along an axis have at one place of the other
// axes, as float32.
//
// The rank of row r of sample s is split_mix(split_mix(split_mix(kSeed) ^ s) ^ r), and those of the lowest ranks are
// kept. So the choice does not depend on the order of the samples or on how they were split; and values with the same
// rows (a layer's input and output) keep the same ones.
#pragma once

#include <vector>

#include "observe/statistics/statistic.h"

namespace bw {

class Reservoir {
 public:
  static constexpr std::uint64_t kSeed = 0;

  struct Row {
    std::uint64_t rank, sample, row;
    std::vector<float> values;  // one a channel
    friend bool operator==(const Row&, const Row&) = default;
  };

  Reservoir(int axis, std::size_t most) : axis_(axis), most_(most) {}
  // CalibrationError when a sample has another number of channels than those before. The same when merged.
  void add(const Observation& seen);
  void merge(const Reservoir& other);
  void write(ByteWriter& out) const;

  std::uint64_t seen() const { return seen_; }            // rows, kept or not
  const std::vector<Row>& rows() const { return rows_; }  // by rank
  friend bool operator==(const Reservoir&, const Reservoir&) = default;

 protected:
  void read_rows(ByteReader& in);

 private:
  void keep(Row row);

  int axis_;
  std::size_t most_;
  std::uint64_t seen_ = 0;
  std::vector<Row> rows_;
};

// For what is tried.
class ReservoirStatistic : public Reservoir {
 public:
  static constexpr std::string_view kName = "reservoir";
  static constexpr std::size_t kRows = 128;

  explicit ReservoirStatistic(int axis) : Reservoir(axis, kRows) {}
  static ReservoirStatistic read(ByteReader& in, int axis);
};

// For what is learned.
class LargeReservoirStatistic : public Reservoir {
 public:
  static constexpr std::string_view kName = "large-reservoir";
  static constexpr std::size_t kRows = 4096;

  explicit LargeReservoirStatistic(int axis) : Reservoir(axis, kRows) {}
  static LargeReservoirStatistic read(ByteReader& in, int axis);
};

}  // namespace bw
