// A measured number, as reports carry it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace bw {

enum class Unit : std::uint8_t { Seconds, Bytes, Fraction, Ratio, Decibel, Score, OperationsPerSecond, BytesPerSecond };

struct Figure {
  std::optional<double> value;      // nullopt when it could not be measured; `reason` says why then
  std::optional<double> low, high;  // ends of the 95 % interval; both or none
  std::optional<std::uint64_t> n;   // samples or timed runs behind it
  Unit unit = Unit::Ratio;
  std::string reason;

  static Figure exact(double value, Unit unit) { return {.value = value, .low = {}, .high = {}, .n = {}, .unit = unit, .reason = {}}; }
  static Figure missing(Unit unit, std::string reason) {
    return {.value = {}, .low = {}, .high = {}, .n = {}, .unit = unit, .reason = std::move(reason)};
  }
};

// Of a candidate compared with the float model (design: "what the words in the figures mean").
enum class Verdict : std::uint8_t { Better, Same, Worse, Inconclusive };
constexpr const char* name_of(Verdict verdict) {
  constexpr const char* kNames[] = {"better", "same", "worse", "inconclusive"};
  return kNames[static_cast<std::size_t>(verdict)];
}

}  // namespace bw
