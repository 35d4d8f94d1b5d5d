// "Did you mean": the known word that a mistyped one is nearest to.
#pragma once

#include <span>
#include <string_view>

namespace bw {

// The first of `known` that takes the fewest changes (a letter more, less, other, or two swapped); "" when even that
// one takes more than a third of the word's letters.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace bw
