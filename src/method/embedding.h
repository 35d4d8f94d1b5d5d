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

// Decides about every table of at least 4096 elements that is not to be kept in float: codes of so many bits (3 at
// least) as the product has them that multiplies with the same numbers, so that both read one store of codes; else
// symmetric ones in blocks of up to 128 in a row.
void code_embeddings(const Task& task, const KeepFloat& keep, int bits, Plan& plan);

// Gives tables that were decided to share a product's store what the product's codes have become since.
void tie_embeddings(const Graph& graph, Plan& plan);

}  // namespace bw
