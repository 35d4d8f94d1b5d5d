// Figures in words for people, by the rules of web/src/format.ts: one scale (ms, MB, %) for a value and its interval,
// and no more digits than the interval can tell.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "measure/figure.h"

namespace bw {

std::string figure_text(const Figure& figure);      // "92.04 %"; "-" when it was not measured
std::string interval_text(const Figure& figure);    // "0.434 to 0.450", in the value's scale; "" without one
std::string difference_text(const Figure& figure);  // "-0.13 points", "+0.012", with one more digit; "" without a value

// What a terminal shows of text that may come from a hostile file: control characters become "?".
std::string printable(std::string_view text);
std::size_t display_width(std::string_view text);  // characters of UTF-8 text

// `text` in at most `width` characters (0: as it is): what is too long loses its middle, as a name's end tells it
// apart.
std::string shortened(const std::string& text, std::size_t width);

// `text` in lines of at most `width` characters (longer words stand alone; 0: one line), each but the first indented.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace bw
