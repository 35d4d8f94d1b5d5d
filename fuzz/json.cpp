// JSON: what parses is the same after a round trip.
#include "base/json.h"

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "fuzz.h"

void bw::fuzz::one_input(std::span<const std::byte> bytes) {
  const Json json = parse_json(as_text(bytes), "fuzz");
  require(parse_json(to_text(json), "again") == json, "parse(text(json)) is the value");
}
