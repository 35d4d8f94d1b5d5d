// What calibration saw: statistics by value name, as Needs asked. Mergeable, so that threads and processes each fill
// their own: merge is associative and commutative, and any split of the samples gives the same bytes (unless
// Needs::samples_in_order).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "observe/needs.h"
#include "observe/statistics/statistic.h"

namespace bw {

// The statistics of one value.
class ValueEvidence {
 public:
  ValueEvidence(std::string name, const std::set<StatisticKey>& keys);

  // What sample `sample` gave: its elements, padding left out. The shape is needed by statistics by axis only; its
  // product is the number of values. CalibrationError(value's name, sample, index) on NaN or infinity, after which this
  // is of no use any more.
  // May be called several times for one sample.
  void add(std::span<const float> values, std::span<const std::int64_t> shape, std::size_t sample);
  void add(std::span<const float> values, std::size_t sample) { add(values, {}, sample); }

  void merge(const ValueEvidence& other);  // Error(Internal) unless both have the same keys

  const std::string& name() const { return name_; }
  std::uint64_t count() const { return count_; }  // elements seen
  std::set<StatisticKey> keys() const;
  // Error(Internal) when it was not asked for.
  const Statistic& statistic(StatisticKey key) const;
  template <class S>
  const S& get(int axis = 0) const {
    return statistic({S::kName, axis}).template as<S>();
  }

  void write(ByteWriter& out) const;
  static ValueEvidence read(ByteReader& in);
  friend bool operator==(const ValueEvidence&, const ValueEvidence&) = default;

 private:
  std::string name_;
  std::uint64_t count_ = 0;
  std::map<StatisticKey, Statistic> statistics_;
};

class Evidence {
 public:
  Evidence() = default;
  explicit Evidence(const Needs& needs);

  bool has(std::string_view value) const { return values_.contains(value); }
  ValueEvidence& value(std::string_view name);  // Error(Internal) when it was not asked for
  const ValueEvidence& value(std::string_view name) const;
  const std::map<std::string, ValueEvidence, std::less<>>& values() const { return values_; }
  Needs needs() const;

  void merge(const Evidence& other);  // both must come from the same Needs

  // In the form that docs/evidence.md describes.
  std::vector<std::byte> to_bytes() const;
  // The same bytes, value by value, each gone once it is written: so little is there twice. Nothing remains.
  void give_away(ByteWriter& out);
  static Evidence from_bytes(std::span<const std::byte> bytes);  // InputError(format) on anything malformed
  friend bool operator==(const Evidence&, const Evidence&) = default;

 private:
  std::map<std::string, ValueEvidence, std::less<>> values_;
};

}  // namespace bw
