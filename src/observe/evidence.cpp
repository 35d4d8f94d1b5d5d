#include "observe/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tensor/kernels/reduce.h"

namespace bw {
namespace {

constexpr std::string_view kMagic = "bw-evidence-2";

Statistic empty_statistic(StatisticKey key) {
  return statistic_named(key.kind).make(key.axis);
}

StatisticKey read_key(ByteReader& in) {
  const StatisticKind* kind = find_statistic(in.text());
  const auto axis = in.get<std::int32_t>();
  if (!kind || axis < 0 || (axis > 0 && !kind->by_axis)) ByteReader::refuse("unknown kind of statistic");
  return {kind->name, axis};
}

void write_head(ByteWriter& out, std::size_t values) {
  out.put(kMagic);
  out.put<std::uint64_t>(values);
}

}  // namespace

ValueEvidence::ValueEvidence(std::string name, const std::set<StatisticKey>& keys) : name_(std::move(name)) {
  for (const StatisticKey key : keys) statistics_.emplace(key, empty_statistic(key));
}

void ValueEvidence::add(std::span<const float> values, std::span<const std::int64_t> shape, std::size_t sample) {
  if (!shape.empty() && element_count(shape) != values.size())
    throw Error(ErrorKind::Internal, fmt::format("{} elements are not of shape {}", values.size(), to_string(shape)),
                name_);
  const auto looking = std::ranges::find_if(statistics_, [](const auto& entry) { return entry.second.looks(); });
  const MinMax seen = looking == statistics_.end() ? min_max(values) : looking->second.look(values);
  if (seen.not_finite != MinMax::kNone)
    throw Error(ErrorKind::Calibration, std::isnan(values[seen.not_finite]) ? "NaN" : "infinity",
                fmt::format("value '{}', sample {}, element {}", name_, sample, seen.not_finite),
                "The float model itself gives it for this sample: leave the sample out, or look at the model");
  count_ += values.size();
  const Observation observation{values, shape, sample, {seen.low, seen.high}};
  for (auto entry = statistics_.begin(); entry != statistics_.end(); ++entry)
    if (entry != looking) entry->second.add(observation);
}

void ValueEvidence::merge(const ValueEvidence& other) {
  const auto same_key = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (!std::equal(statistics_.begin(), statistics_.end(), other.statistics_.begin(), other.statistics_.end(), same_key))
    throw Error(ErrorKind::Internal, "evidence of other needs cannot be merged", name_);
  count_ += other.count_;
  for (auto& [key, statistic] : statistics_) statistic.merge(other.statistic(key));
}

std::set<StatisticKey> ValueEvidence::keys() const {
  std::set<StatisticKey> keys;
  for (const auto& [key, statistic] : statistics_) keys.insert(key);
  return keys;
}

const Statistic& ValueEvidence::statistic(StatisticKey key) const {
  const auto found = statistics_.find(key);
  if (found == statistics_.end()) throw Error(ErrorKind::Internal, "this statistic was not asked for", name_);
  return found->second;
}

void ValueEvidence::write(ByteWriter& out) const {
  out.put(std::string_view(name_));
  out.put(count_);
  out.put<std::uint64_t>(statistics_.size());
  for (const auto& [key, statistic] : statistics_) {
    out.put(key.kind);
    out.put<std::int32_t>(key.axis);
    statistic.write(out);
  }
}

ValueEvidence ValueEvidence::read(ByteReader& in) {
  ValueEvidence read(in.text(), {});
  read.count_ = in.get<std::uint64_t>();
  for (auto left = in.get<std::uint64_t>(); left > 0; --left) {
    const StatisticKey key = read_key(in);
    if (!read.statistics_.empty() && key <= read.statistics_.rbegin()->first)
      ByteReader::refuse("statistics that do not ascend");
    read.statistics_.emplace_hint(read.statistics_.end(), key, statistic_named(key.kind).read(in, key.axis));
  }
  return read;
}

Evidence::Evidence(const Needs& needs) {
  for (const auto& [name, keys] : needs.by_value) values_.try_emplace(name, name, keys);
}

const ValueEvidence& Evidence::value(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end())
    throw Error(ErrorKind::Internal, "no statistics of this value were asked for", std::string(name));
  return found->second;
}

ValueEvidence& Evidence::value(std::string_view name) {
  return const_cast<ValueEvidence&>(std::as_const(*this).value(name));
}

Needs Evidence::needs() const {
  Needs needs;
  for (const auto& [name, evidence] : values_) {
    needs.by_value[name];
    for (const StatisticKey key : evidence.keys()) needs.add(name, key);
  }
  return needs;
}

void Evidence::merge(const Evidence& other) {
  if (values_.size() != other.values_.size())
    throw Error(ErrorKind::Internal, "evidence of other needs cannot be merged");
  for (auto& [name, evidence] : values_) evidence.merge(other.value(name));
}

std::vector<std::byte> Evidence::to_bytes() const {
  ByteWriter out;
  write_head(out, values_.size());
  for (const auto& [name, evidence] : values_) evidence.write(out);
  return out.take();
}

void Evidence::give_away(ByteWriter& out) {
  write_head(out, values_.size());
  for (; !values_.empty(); values_.erase(values_.begin())) values_.begin()->second.write(out);
}

Evidence Evidence::from_bytes(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  if (in.text() != kMagic) ByteReader::refuse("not evidence, or of another version");
  Evidence read;
  for (auto left = in.get<std::uint64_t>(); left > 0; --left) {
    ValueEvidence evidence = ValueEvidence::read(in);
    if (!read.values_.empty() && evidence.name() <= read.values_.rbegin()->first)
      ByteReader::refuse("values that do not ascend");
    read.values_.emplace_hint(read.values_.end(), evidence.name(), std::move(evidence));
  }
  in.expect_end();
  return read;
}

}  // namespace bw
