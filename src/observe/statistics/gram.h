// The Gram matrix of the channels along an axis: sum of x x^T over all rows x, a row being what the channels have at
// one place of the other axes. Of the inputs [rows, K] of a MatMul or Gemm by their last axis, it is what second-order
// methods need of them.
//
// Each call of add() sums its own rows in double, one after another (gram_rows); these sums are added up as DigitSum
// does, with a level for each pair of channels. So the result does not depend on the order of the samples. Of each
// sample's G[i][j] all is kept that is not below 2^-40 of sqrt(G[i][i] G[j][j]), those being the largest of any sample.
#pragma once

#include <vector>

#include "observe/statistics/digit_sum.h"
#include "observe/statistics/statistic.h"

namespace bw {

class GramStatistic {
 public:
  static constexpr std::string_view kName = "gram";

  explicit GramStatistic(int axis) : axis_(axis) {}
  // CalibrationError when a sample has another number of channels than those before; InputError(limit) for more than
  // DigitSum::kMostTerms samples. The same when merged.
  void add(const Observation& seen);
  void merge(const GramStatistic& other);
  void write(ByteWriter& out) const;
  static GramStatistic read(ByteReader& in, int axis);

  std::size_t channels() const { return exponents_.size(); }  // 0 when nothing was seen
  std::uint64_t rows() const { return rows_; }
  double sum(std::size_t i, std::size_t j) const;  // G[i][j], not divided by the number of rows
  friend bool operator==(const GramStatistic&, const GramStatistic&) = default;

 private:
  void start(std::size_t channels);
  void count(std::uint64_t rows, std::uint64_t terms);
  void raise(const std::vector<std::int32_t>& exponents);
  int level(std::size_t i, std::size_t j) const;

  int axis_;
  std::uint64_t rows_ = 0, terms_ = 0;   // terms: calls of add()
  std::vector<std::int32_t> exponents_;  // of channel i: each call's G[i][i] is below 2^exponents_[i]
  std::vector<DigitSum> sums_;           // upper triangle, row by row
};

}  // namespace bw
