#include "report/figure_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace bw {
namespace {

struct Scale {
  double factor;
  std::string_view suffix;
};

// Smallest first; the largest that leaves at least 1 in front is taken.
std::span<const Scale> scales_of(Unit unit) {
  static constexpr Scale kSeconds[] = {{1e-6, " µs"}, {1e-3, " ms"}, {1, " s"}};
  static constexpr Scale kBytes[] = {{1, " B"}, {1e3, " kB"}, {1e6, " MB"}, {1e9, " GB"}, {1e12, " TB"}};
  static constexpr Scale kFraction[] = {{0.01, " %"}};
  static constexpr Scale kPlain[] = {{1, ""}};
  static constexpr Scale kDecibel[] = {{1, " dB"}};
  static constexpr Scale kOperations[] = {
      {1, " OP/s"}, {1e3, " kOP/s"}, {1e6, " MOP/s"}, {1e9, " GOP/s"}, {1e12, " TOP/s"}};
  static constexpr Scale kRate[] = {{1, " B/s"}, {1e3, " kB/s"}, {1e6, " MB/s"}, {1e9, " GB/s"}, {1e12, " TB/s"}};
  switch (unit) {
    case Unit::Seconds:
      return kSeconds;
    case Unit::Bytes:
      return kBytes;
    case Unit::Fraction:
      return kFraction;
    case Unit::Ratio:
    case Unit::Score:
      return kPlain;
    case Unit::Decibel:
      return kDecibel;
    case Unit::OperationsPerSecond:
      return kOperations;
    case Unit::BytesPerSecond:
      return kRate;
  }
  return kPlain;
}

Scale scale_for(const Figure& figure) {
  const std::span<const Scale> scales = scales_of(figure.unit);
  Scale chosen = scales.front();
  for (const Scale& scale : scales)
    if (std::abs(*figure.value) >= scale.factor) chosen = scale;
  return chosen;
}

int decimals_for(const Figure& figure, double factor) {
  const double spread = figure.interval ? (figure.interval->high - figure.interval->low) / factor / 2 : 0;
  if (spread > 0) return std::clamp(static_cast<int>(std::ceil(-std::log10(spread / 2.5))), 0, 3);
  const double value = std::abs(*figure.value / factor);
  const int whole = value < 1 ? 1 : static_cast<int>(std::floor(std::log10(value))) + 1;
  return std::clamp(3 - whole, 0, 3);
}

std::string fixed(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  const bool zero = text.find_first_of("123456789") == text.npos;
  return zero && text.front() == '-' ? text.substr(1) : text;
}

bool has_value(const Figure& figure) {
  return figure.value && std::isfinite(*figure.value);
}

}  // namespace

std::string figure_text(const Figure& figure) {
  if (!has_value(figure)) return "-";
  const Scale scale = scale_for(figure);
  return fixed(*figure.value / scale.factor, decimals_for(figure, scale.factor)).append(scale.suffix);
}

std::string interval_text(const Figure& figure) {
  if (!has_value(figure) || !figure.interval) return "";
  const Scale scale = scale_for(figure);
  const int decimals = decimals_for(figure, scale.factor);
  return fixed(figure.interval->low / scale.factor, decimals) + " to " +
         fixed(figure.interval->high / scale.factor, decimals);
}

std::string difference_text(const Figure& figure) {
  if (!has_value(figure)) return "";
  const Scale scale = scale_for(figure);
  const std::string number = fixed(*figure.value / scale.factor, decimals_for(figure, scale.factor) + 1);
  const bool positive = *figure.value > 0 && number.find_first_of("123456789") != number.npos;
  return (positive ? "+" : "") + number + (figure.unit == Unit::Fraction ? " points" : std::string(scale.suffix));
}

std::string printable(std::string_view text) {
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool second_set =
        byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;  // C1
    if (second_set) ++i;
    shown += byte < 0x20 || byte == 0x7f || second_set ? '?' : text[i];
  }
  return shown;
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string shortened(const std::string& text, std::size_t width) {
  const std::size_t length = display_width(text);
  if (width == 0 || length <= width) return text;
  const std::size_t tail = (width - 1) / 2, head = width - 1 - tail;
  const auto place_of = [&](std::size_t character) {  // where it begins
    std::size_t at = 0;
    for (std::size_t seen = 0; at < text.size(); ++at)
      if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80 && seen++ == character) break;
    return at;
  };
  return text.substr(0, place_of(head)) + "…" + text.substr(place_of(length - tail));
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string lines;
  std::size_t used = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    const std::size_t needed = display_width(word) + (used > 0 ? 1 : 0);
    if (width > 0 && used > 0 && used + needed > width) {
      lines += "\n" + std::string(indent, ' ');
      used = indent;
    } else if (used > 0) {
      lines += ' ';
      ++used;
    }
    lines += word;
    used += display_width(word);
  }
  return lines;
}

}  // namespace bw
