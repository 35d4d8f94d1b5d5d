#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/explanation.h"
#include "report/figure_text.h"

namespace bw {
namespace {

std::string decibels(const std::optional<Likeness>& likeness) {
  if (!likeness) return "-";
  if (likeness->not_finite > 0) return "not finite";
  return std::isinf(likeness->sqnr) && likeness->sqnr > 0 ? "exact" : fmt::format("{:.1f} dB", likeness->sqnr);
}

std::string cosine(const std::optional<Likeness>& likeness) {
  return likeness ? fmt::format("{:.5f}", likeness->cosine) : "-";
}

std::string percent(double share) {
  return share == 0 ? "0" : fmt::format("{:.2g} %", 100 * share);
}

// Of the values rounded at a layer, the largest share clipped.
std::string clipped(const ExplainedLayer& layer) {
  double most = 0;
  for (const RoundedValue& value : layer.rounded) most = std::max(most, value.clipped);
  return layer.rounded.empty() ? "-" : percent(most);
}

std::string used(const ExplainedLayer& layer) {
  double least = 1;
  for (const RoundedValue& value : layer.rounded) least = std::min(least, value.used);
  return layer.rounded.empty() ? "-" : fmt::format("{:.0f} %", 100 * least);
}

std::string table(const std::vector<ExplainedLayer>& layers, std::size_t top, const TableStyle& style) {
  const std::vector<TextColumn> columns{{"alone"},      {"cosine", 2},     {"in the network"}, {"cosine", 2},
                                        {"clipped", 1}, {"codes used", 1}, {"operator", 1},    {"layer"}};
  std::vector<std::vector<Cell>> rows;
  for (const ExplainedLayer& layer : layers) {
    if (top != 0 && rows.size() == top) break;
    rows.push_back({{decibels(layer.isolated)},
                    {cosine(layer.isolated)},
                    {decibels(layer.accumulated)},
                    {cosine(layer.accumulated)},
                    {clipped(layer)},
                    {used(layer)},
                    {layer.op},
                    {printable(layer.node)}});
  }
  return text_table(columns, rows, style);
}

std::string remedies(const Explained& explained, const TableStyle& style) {
  std::string text;
  int rank = 0;
  for (const ExplainedLayer& layer : explained.explanation.layers) {
    if (!layer.remedy) continue;
    text +=
        wrapped(fmt::format("{}. {} ({}): {}", ++rank, printable(layer.node), layer.op, printable(layer.remedy->cause)),
                style.width, 3) +
        fmt::format("\n   {} --recipe '{}'\n", explained.quantize, printable(layer.remedy->recipe));
  }
  return text.empty() ? text : "\n" + text;
}

std::string saturating(const Explanation& explanation) {
  std::string names;
  std::size_t layers = 0;
  for (const ExplainedLayer& layer : explanation.layers)
    if (layer.weight && layer.weight->saturating_pairs > 0 && layers++ < kRemedies)
      names += fmt::format("{}'{}'", names.empty() ? "" : ", ", printable(layer.node));
  if (layers == 0) return "";
  return fmt::format(
      "\n{} {} can overflow on CPUs without VNNI, which add products of u8 and s8 in pairs of 16 bits: {}{}; "
      "int8-static(reduced_range=yes) cannot\n",
      layers, layers == 1 ? "layer" : "layers", names, layers > kRemedies ? ", ..." : "");
}

std::string unmatched(const Explanation& explanation) {
  std::string text;
  for (const std::string& name : explanation.unmatched)
    text +=
        fmt::format("{}'{}'", text.empty() ? "\nwithout a counterpart in the float model: " : ", ", printable(name));
  return text.empty() ? text : text + "\n";
}

}  // namespace

std::string explanation_text(const Explained& explained, std::size_t top, const TableStyle& style) {
  const Explanation& explanation = explained.explanation;
  std::string text =
      fmt::format("{} against {}: {} layers on codes, {} samples, the most damaged first\n", explained.quantized,
                  explained.original, explanation.layers.size(), explanation.samples);
  for (const OutputLikeness& output : explanation.outputs)
    text += fmt::format("output '{}': {}, cosine {}\n", printable(output.name), decibels(output.likeness),
                        cosine(output.likeness));
  return text + table(explanation.layers, top, style) + remedies(explained, style) + saturating(explanation) +
         unmatched(explanation);
}

}  // namespace bw
