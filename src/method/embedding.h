// Embedding tables: a Gather of rows from a constant. Rows are stored as codes in blocks and decoded after the look-up,
// so only what is looked up is ever decoded.
#pragma once

#include "method/method.h"
#include "method/placement.h"

namespace bw {

inline constexpr Parameter kEmbeddings{.name = "embeddings",
                                       .type = Parameter::Type::Flag,
                                       .standard = "yes",
                                       .says = "store embedding tables as codes too"};

// Decides about every table of at least 4096 elements that is not to be kept in float, symmetric codes of so many bits
// (3 at least), blocks of up to 128 in a row.
void code_embeddings(const Task& task, const KeepFloat& keep, int bits, Plan& plan);

}  // namespace bw
