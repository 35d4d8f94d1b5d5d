// What bitwright explain found, for people and as JSON.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/json.h"
#include "bench/findings.h"
#include "explain/explanation.h"
#include "report/text_table.h"

namespace bw {

// Which models an explanation is of, and how a remedy is made.
struct Explained {
  std::string original, quantized;  // paths
  std::string quantize;             // "bitwright quantize MODEL --data FOLDER", to which a recipe is added
  Explanation explanation;
  std::optional<Findings> tried = {};  // the remedies that were made and measured
};

// The layers in rank, at most `top` (0: all), and below them the remedies as lines to paste.
std::string explanation_text(const Explained& explained, std::size_t top, const TableStyle& style);

// Decibels that are infinite are null.
Json to_json(const Explained& explained);
Json explanation_schema();  // JSON Schema, draft 2020-12

}  // namespace bw
