// dataset.yaml: YAML and what the description says.
#include "base/file.h"
#include "data/spec.h"
#include "fuzz.h"

#include <nlohmann/json.hpp>

void bw::fuzz::one_input(std::span<const std::byte> bytes) {
  to_line(to_json(parse_spec(as_text(bytes), "fuzz")));
}
