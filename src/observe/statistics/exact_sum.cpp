#include "observe/statistics/exact_sum.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bw {
namespace {

// a += b + carry; the carry out.
bool add_with_carry(std::uint64_t& a, std::uint64_t b, bool carry) {
  const std::uint64_t sum = a + b, whole = sum + (carry ? 1 : 0);
  const bool out = sum < a || whole < sum;
  a = whole;
  return out;
}

}  // namespace

template <int kLowest, std::size_t kWords>
void ExactSum<kLowest, kWords>::negate() {
  bool carry = true;
  for (std::uint64_t& word : words_) {
    word = ~word;
    carry = add_with_carry(word, 0, carry);
  }
}

template <int kLowest, std::size_t kWords>
void ExactSum<kLowest, kWords>::add(double term) {
  if (term == 0) return;
  int exponent;
  const double fraction = std::frexp(std::fabs(term), &exponent);  // in [1/2, 1)
  auto digits = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
  int shift = exponent - 53 - kLowest;
  if (shift < 0) {  // these bits are zero: terms are multiples of the unit
    digits >>= -shift;
    shift = 0;
  }
  const auto word = static_cast<std::size_t>(shift) / 64;
  const int bit = shift % 64;
  if (word + 1 >= kWords) throw Error(ErrorKind::Internal, "a term is too large for an exact sum");
  if (term < 0) negate();
  bool carry = add_with_carry(words_[word], digits << bit, false);
  carry = add_with_carry(words_[word + 1], bit > 0 ? digits >> (64 - bit) : 0, carry);
  for (std::size_t i = word + 2; carry && i < kWords; ++i) carry = add_with_carry(words_[i], 0, carry);
  if (term < 0) negate();
}

template <int kLowest, std::size_t kWords>
void ExactSum<kLowest, kWords>::merge(const ExactSum& other) {
  bool carry = false;
  for (std::size_t i = 0; i < kWords; ++i) carry = add_with_carry(words_[i], other.words_[i], carry);
}

template <int kLowest, std::size_t kWords>
double ExactSum<kLowest, kWords>::value() const {
  ExactSum magnitude = *this;
  const bool negative = words_.back() >> 63;
  if (negative) magnitude.negate();
  std::size_t top = kWords;
  while (top > 0 && magnitude.words_[top - 1] == 0) --top;
  if (top == 0) return 0;
  // The upper 64 bits, the lowest of them set if anything below is: converting that to double rounds as the whole
  // would.
  const int empty = std::countl_zero(magnitude.words_[top - 1]);
  std::uint64_t leading = magnitude.words_[top - 1] << empty;
  bool rest = false;
  if (top >= 2) {
    const std::uint64_t below = magnitude.words_[top - 2];
    if (empty > 0) leading |= below >> (64 - empty);
    rest = (empty > 0 ? below << empty : below) != 0;
  }
  for (std::size_t i = 0; i + 2 < top; ++i) rest = rest || magnitude.words_[i] != 0;
  const double value = static_cast<double>(leading | (rest ? 1 : 0));
  return std::ldexp(negative ? -value : value, static_cast<int>(top - 1) * 64 - empty + kLowest);
}

template <int kLowest, std::size_t kWords>
ExactSum<kLowest, kWords> ExactSum<kLowest, kWords>::read(ByteReader& in) {
  const std::vector<std::uint64_t> words = in.array<std::uint64_t>();
  if (words.size() != kWords) ByteReader::refuse("an exact sum of another width");
  ExactSum sum;
  std::copy(words.begin(), words.end(), sum.words_.begin());
  return sum;
}

template class ExactSum<-149, 6>;
template class ExactSum<-298, 10>;

}  // namespace bw
