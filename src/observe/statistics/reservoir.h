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

class ReservoirStatistic {
 public:
  static constexpr std::string_view kName = "reservoir";
  static constexpr std::size_t kRows = 512;
  static constexpr std::uint64_t kSeed = 0;

  struct Row {
    std::uint64_t rank, sample, row;
    std::vector<float> values;  // one a channel
    friend bool operator==(const Row&, const Row&) = default;
  };

  explicit ReservoirStatistic(int axis) : axis_(axis) {}
  // CalibrationError when a sample has another number of channels than those before. The same when merged.
  void add(const Observation& seen);
  void merge(const ReservoirStatistic& other);
  void write(ByteWriter& out) const;
  static ReservoirStatistic read(ByteReader& in, int axis);

  std::uint64_t seen() const { return seen_; }            // rows, kept or not
  const std::vector<Row>& rows() const { return rows_; }  // by rank
  friend bool operator==(const ReservoirStatistic&, const ReservoirStatistic&) = default;

 private:
  void keep(Row row);

  int axis_;
  std::uint64_t seen_ = 0;
  std::vector<Row> rows_;
};

}  // namespace bw
