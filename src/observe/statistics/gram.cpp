#include "observe/statistics/gram.h"

#include <algorithm>
#include <limits>

#include "observe/statistics/channels.h"
#include "observe/statistics/entries.h"
#include "tensor/kernels/gram.h"

namespace bw {
namespace {

// Of the sum of squares of a channel: those of the smallest and of 2^40 of the largest floats.
constexpr std::int32_t kLeastExponent = -298, kMostExponent = 300;
constexpr std::size_t kBlock = 64;  // rows of the matrix that are made at once
constexpr std::size_t kMostChannels = std::numeric_limits<std::uint32_t>::max();

std::size_t size_of_triangle(std::size_t channels) {
  return channels * (channels + 1) / 2;
}

// Where row i of the triangle begins: with its element on the diagonal.
std::size_t row_of_triangle(std::size_t i, std::size_t channels) {
  return size_of_triangle(channels) - size_of_triangle(channels - i);
}

// The level of a pair of channels. A term is at most the root of the product of the two sums of squares, give or take
// the rounding of the three, for which there is one bit more.
int level_of(std::int32_t a, std::int32_t b) {
  return DigitSum::level_for(((a + b + 1) >> 1) + 1);
}

std::vector<std::int32_t> exponents_of(std::span<const float> values, Layout layout) {
  std::vector<double> squares(layout.channels);
  for (std::size_t o = 0; o < layout.outer; ++o)
    for (std::size_t c = 0; c < layout.channels; ++c)
      for (std::size_t i = 0; i < layout.inner; ++i) {
        const double value = values[(o * layout.channels + c) * layout.inner + i];
        squares[c] += value * value;
      }
  std::vector<std::int32_t> exponents(layout.channels, kLeastExponent);
  for (std::size_t c = 0; c < exponents.size(); ++c)
    if (squares[c] > 0) exponents[c] = std::ilogb(squares[c]) + 1;
  return exponents;
}

}  // namespace

int GramStatistic::level(std::size_t i, std::size_t j) const {
  return level_of(exponents_[i], exponents_[j]);
}

void GramStatistic::start(std::size_t channels) {
  if (exponents_.empty()) {
    exponents_.assign(channels, kLeastExponent);
    sums_.resize(size_of_triangle(channels));
  }
  require_channels(exponents_.size(), channels);
}

void GramStatistic::count(std::uint64_t rows, std::uint64_t terms) {
  if (terms > DigitSum::kMostTerms - terms_)
    throw Error(InputClass::Limit, "too many samples for a Gram matrix", {},
                "Calibrate with at most 4 million samples");
  rows_ += rows;
  terms_ += terms;
}

// Each pair's level to what these exponents want; those that are lower change nothing.
void GramStatistic::raise(const std::vector<std::int32_t>& exponents) {
  std::vector<std::int32_t> raised = exponents_;
  for (std::size_t c = 0; c < raised.size(); ++c) raised[c] = std::max(raised[c], exponents[c]);
  if (raised == exponents_) return;
  DigitSum* sum = sums_.data();
  for (std::size_t i = 0; i < raised.size(); ++i)
    for (std::size_t j = i; j < raised.size(); ++j) sum++->raise(level_of(raised[i], raised[j]) - level(i, j));
  exponents_ = std::move(raised);
}

void GramStatistic::add(const Observation& seen) {
  if (seen.values.empty()) return;
  const Layout layout = layout_along(seen.shape, axis_);
  start(layout.channels);
  count(layout.outer * layout.inner, 1);
  raise(exponents_of(seen.values, layout));
  std::vector<double> block(std::min(kBlock, layout.channels) * layout.channels);
  DigitSum* sum = sums_.data();
  for (std::size_t first = 0; first < layout.channels; first += kBlock) {
    const std::size_t last = std::min(first + kBlock, layout.channels);
    const std::span<double> made = std::span(block).first((last - first) * layout.channels);
    gram_rows(seen.values, layout, first, last, made);
    for (std::size_t i = first; i < last; ++i)
      for (std::size_t j = i; j < layout.channels; ++j)
        sum++->add(made[(i - first) * layout.channels + j], level(i, j));
  }
}

void GramStatistic::merge(const GramStatistic& other) {
  if (other.exponents_.empty()) return;
  start(other.channels());
  count(other.rows_, other.terms_);
  raise(other.exponents_);
  DigitSum* sum = sums_.data();
  const DigitSum* others = other.sums_.data();
  for (std::size_t i = 0; i < channels(); ++i)
    for (std::size_t j = i; j < channels(); ++j) {
      DigitSum one = *others++;
      one.raise(level(i, j) - other.level(i, j));
      sum++->merge(one);
    }
}

void GramStatistic::write(ByteWriter& out) const {
  out.put(rows_);
  out.put(terms_);
  out.put(std::span<const std::int32_t>(exponents_));
  for (const DigitSum& sum : sums_) {
    out.put(sum.high);
    out.put(sum.low);
  }
}

GramStatistic GramStatistic::read(ByteReader& in, int axis) {
  GramStatistic read(axis);
  read.rows_ = in.get<std::uint64_t>();
  read.terms_ = in.get<std::uint64_t>();
  read.exponents_ = in.array<std::int32_t>();
  const auto possible = [](std::int32_t e) { return e >= kLeastExponent && e <= kMostExponent; };
  if (read.channels() > kMostChannels || !std::ranges::all_of(read.exponents_, possible) ||
      read.terms_ > DigitSum::kMostTerms || read.rows_ < read.terms_ || (read.terms_ == 0) != read.exponents_.empty())
    ByteReader::refuse("impossible Gram matrix");
  in.require(size_of_triangle(read.channels()), 2 * sizeof(std::int64_t));
  read.sums_.resize(size_of_triangle(read.channels()));
  const auto most = static_cast<std::int64_t>(read.terms_ << DigitSum::kBits);
  for (DigitSum& sum : read.sums_) {
    sum.high = in.get<std::int64_t>();
    sum.low = in.get<std::int64_t>();
    if (std::max(sum.high, sum.low) > most || std::min(sum.high, sum.low) < -most)
      ByteReader::refuse("impossible sum in a Gram matrix");
  }
  return read;
}

double GramStatistic::sum(std::size_t i, std::size_t j) const {
  const auto [row, column] = std::minmax(i, j);
  return sums_[row_of_triangle(row, channels()) + column - row].value(level(row, column));
}

StatisticKind gram_statistic() {
  return {.name = GramStatistic::kName,
          .says = "sum of the products of every two channels",
          .by_axis = true,
          .elements_in_order = true,
          .make = make_statistic<GramStatistic>,
          .read = read_statistic<GramStatistic>};
}

}  // namespace bw
