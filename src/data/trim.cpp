#include "data/trim.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "tensor/convert.h"

namespace bw {
namespace {

constexpr std::array<std::string_view, 4> kNames{"attention_mask", "mask", "lengths", "length"};
constexpr const char* kFeedAsIs =
    "Remove the row, or say \"trim: none\" in dataset.yaml: rows are then fed as they are";

// The first row that has anything but padding at its end, and what it has.
std::optional<std::string> padded_otherwise(const Source& source, std::size_t column) {
  for (std::size_t item = 0; item < source.size(); ++item) {
    const Tensor row = source.get(item, column);
    const std::vector<std::int64_t> values = to_int64s(row);
    if (row.rank() == 0) {
      if (values[0] <= 0) return source.id(item) + " says a length of " + std::to_string(values[0]);
      continue;
    }
    const auto zero = std::find(values.begin(), values.end(), 0);
    if (zero == values.begin()) return source.id(item) + " begins with padding, or is nothing else";
    if (std::any_of(values.begin(), zero, [](auto v) { return v != 1; }) ||
        std::any_of(zero, values.end(), [](auto v) { return v != 0; }))
      return source.id(item) + " is no mask of ones with zeros behind them";
  }
  return std::nullopt;
}

void require_real_positions(const Source& source, const std::string& trim) {
  const std::size_t column = column_named(source, trim, "trim");
  for (std::size_t item = 0; item < source.size(); ++item) real_positions(source, item, column);
}

}  // namespace

Positions real_positions(const Source& source, std::size_t item, std::size_t column) {
  const Tensor row = source.get(item, column);
  const std::vector<std::int64_t> values = to_int64s(row);
  const std::string where = source.id(item) + ": column \"" + source.columns()[column].name + "\"";
  if (row.rank() == 0) {
    if (values[0] <= 0)
      throw Error(InputClass::Data, "says a length of " + std::to_string(values[0]), where, kFeedAsIs);
    return Positions{0, values[0]};
  }
  const auto first = std::find(values.begin(), values.end(), 1);
  const auto last = std::find(values.rbegin(), values.rend(), 1).base();
  if (first >= last || std::any_of(values.begin(), values.end(), [](auto v) { return v != 0 && v != 1; }))
    throw Error(InputClass::Data, "is no mask of 0 and 1 with a 1 in it", where, kFeedAsIs);
  return Positions{first - values.begin(), last - values.begin()};
}

void find_trim(DatasetSpec& spec, std::span<const Source* const> sources, std::vector<std::string>& guesses) {
  if (spec.trim == kTrimNone) return;
  if (!spec.trim.empty()) {
    for (const Source* source : sources) require_real_positions(*source, spec.trim);
    return;
  }
  if (text_count(*sources[0]) > 0) return;
  for (std::string_view name : kNames) {
    const Column* column = find_column(*sources[0], name);
    if (column == nullptr || column->shape.size() > 1 || !info(column->dtype).is_integer) continue;
    std::optional<std::string> other;
    for (const Source* source : sources)
      if (!other) other = padded_otherwise(*source, column_named(*source, name, "trim"));
    const std::string quoted = "\"" + std::string(name) + "\"";
    spec.trim = other ? kTrimNone : name;
    guesses.push_back(other ? "rows are fed as they are, padding and all: " + *other + " in the column " + quoted
                            : "padding is what the column " + quoted +
                                  " leaves out; it is cut off (\"trim: none\" in dataset.yaml feeds rows as they are)");
    return;
  }
}

}  // namespace bw
