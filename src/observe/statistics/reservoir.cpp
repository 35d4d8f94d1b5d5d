#include "observe/statistics/reservoir.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>

#include "base/random.h"
#include "observe/statistics/channels.h"
#include "observe/statistics/entries.h"
#include "tensor/kernels/layout.h"

namespace bw {
namespace {

using Row = Reservoir::Row;

std::uint64_t rank_of(std::uint64_t sample, std::uint64_t row) {
  return split_mix(split_mix(split_mix(Reservoir::kSeed) ^ sample) ^ row);
}

// By rank. A sample that is added in parts numbers the rows of each part from 0; content decides between those.
bool comes_before(const Row& a, const Row& b) {
  const auto bits_less = [](float x, float y) {
    return std::bit_cast<std::uint32_t>(x) < std::bit_cast<std::uint32_t>(y);
  };
  const auto place = [](const Row& row) { return std::tie(row.rank, row.sample, row.row); };
  if (place(a) != place(b)) return place(a) < place(b);
  return std::ranges::lexicographical_compare(a.values, b.values, bits_less);
}

}  // namespace

void Reservoir::keep(Row row) {
  if (!rows_.empty()) require_channels(rows_.front().values.size(), row.values.size());
  if (rows_.size() == most_ && !comes_before(row, rows_.back())) return;
  rows_.insert(std::ranges::upper_bound(rows_, row, comes_before), std::move(row));
  if (rows_.size() > most_) rows_.pop_back();
}

void Reservoir::add(const Observation& seen) {
  if (seen.values.empty()) return;
  const auto [outer, channels, inner] = layout_along(seen.shape, axis_);
  if (!rows_.empty()) require_channels(rows_.front().values.size(), channels);
  for (std::size_t at = 0; at < outer * inner; ++at) {
    Row row{rank_of(seen.sample, at), seen.sample, at, {}};
    if (rows_.size() == most_ && row.rank > rows_.back().rank) continue;
    row.values.resize(channels);
    const float* first = seen.values.data() + at / inner * channels * inner + at % inner;
    for (std::size_t c = 0; c < channels; ++c) row.values[c] = first[c * inner];
    keep(std::move(row));
  }
  seen_ += outer * inner;
}

void Reservoir::merge(const Reservoir& other) {
  for (const Row& row : other.rows_) keep(row);
  seen_ += other.seen_;
}

void Reservoir::write(ByteWriter& out) const {
  out.put(seen_);
  out.put<std::uint64_t>(rows_.size());
  for (const Row& row : rows_) {
    out.put(row.sample);
    out.put(row.row);
    out.put(std::span<const float>(row.values));
  }
}

void Reservoir::read_rows(ByteReader& in) {
  seen_ = in.get<std::uint64_t>();
  const auto count = in.get<std::uint64_t>();
  if (count != std::min<std::uint64_t>(seen_, most_)) ByteReader::refuse("a reservoir of another size");
  for (auto left = count; left > 0; --left) {
    const auto sample = in.get<std::uint64_t>(), number = in.get<std::uint64_t>();
    Row row{rank_of(sample, number), sample, number, in.array<float>()};
    const auto finite = [](float value) { return std::isfinite(value); };
    if (row.values.empty() || !std::ranges::all_of(row.values, finite)) ByteReader::refuse("a row of no numbers");
    if (!rows_.empty() && (row.values.size() != rows_.front().values.size() || comes_before(row, rows_.back())))
      ByteReader::refuse("rows of unequal length, or out of order");
    rows_.push_back(std::move(row));
  }
}

ReservoirStatistic ReservoirStatistic::read(ByteReader& in, int axis) {
  ReservoirStatistic read(axis);
  read.read_rows(in);
  return read;
}
LargeReservoirStatistic LargeReservoirStatistic::read(ByteReader& in, int axis) {
  LargeReservoirStatistic read(axis);
  read.read_rows(in);
  return read;
}

namespace {

template <class S>
StatisticKind kind_of(std::string_view says) {
  return {.name = S::kName,
          .says = says,
          .by_axis = true,
          .elements_in_order = true,
          .make = make_statistic<S>,
          .read = read_statistic<S>};
}

}  // namespace

StatisticKind reservoir_statistic() {
  return kind_of<ReservoirStatistic>("rows chosen by chance");
}
StatisticKind large_reservoir_statistic() {
  return kind_of<LargeReservoirStatistic>("many more rows chosen by chance");
}

}  // namespace bw
