#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "report/explanation.h"
#include "report/figure_text.h"
#include "report/table.h"

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

std::string seconds(const Figure& figure) {
  return figure.value ? figure_text(figure) : "-";
}

std::string ran_as(const ExplainedLayer& layer) {
  return !layer.time || layer.time->kernel.empty() ? "-" : printable(layer.time->kernel);
}

std::string table(const std::vector<ExplainedLayer>& layers, std::size_t top, const TableStyle& style) {
  const std::vector<TextColumn> columns{{"alone"},      {"cosine", 2},     {"in the network"}, {"cosine", 2},
                                        {"clipped", 1}, {"codes used", 1}, {"float", 1},       {"quantized", 1},
                                        {"ran as", 2},  {"operator", 1},   {"layer"}};
  std::vector<std::vector<Cell>> rows;
  for (const ExplainedLayer& layer : layers) {
    if (top != 0 && rows.size() == top) break;
    rows.push_back({{decibels(layer.isolated)},
                    {cosine(layer.isolated)},
                    {decibels(layer.accumulated)},
                    {cosine(layer.accumulated)},
                    {clipped(layer)},
                    {used(layer)},
                    {layer.time ? seconds(layer.time->original) : "-"},
                    {layer.time ? seconds(layer.time->quantized) : "-"},
                    {ran_as(layer)},
                    {layer.op},
                    {printable(layer.node)}});
  }
  return text_table(columns, rows, style);
}

// As a shell takes it for one word.
std::string shell_word(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string remedies(const Explained& explained, const TableStyle& style) {
  std::string text;
  int rank = 0;
  for (const ExplainedLayer& layer : explained.explanation.layers) {
    if (!layer.remedy) continue;
    text +=
        wrapped(fmt::format("{}. {} ({}): {}", ++rank, printable(layer.node), layer.op, printable(layer.remedy->cause)),
                style.width, 3) +
        fmt::format("\n   {} --recipe {}\n", explained.quantize, shell_word(printable(layer.remedy->recipe)));
  }
  return text.empty() ? text : "\n" + text;
}

// --- speed

double or_zero(const Figure& figure) {
  return figure.value.value_or(0);
}

// What the layer's codes cost beyond what they gain; negative where they gain.
double cost(const ExplainedLayer& layer) {
  const bool known = layer.time && layer.time->original.value && layer.time->quantized.value;
  return known ? *layer.time->quantized.value - *layer.time->original.value : 0;
}
// Beyond what the visits differ by.
bool is_slower(const ExplainedLayer& layer) {
  return cost(layer) > 0 && layer.time->quantized.interval->low > layer.time->original.interval->high;
}

std::vector<const ExplainedLayer*> slower_layers(const Explanation& explanation) {
  std::vector<const ExplainedLayer*> slower;
  for (const ExplainedLayer& layer : explanation.layers)
    if (is_slower(layer)) slower.push_back(&layer);
  std::ranges::stable_sort(slower, std::ranges::greater{}, [](const ExplainedLayer* layer) { return cost(*layer); });
  return slower;
}

std::vector<std::string> reasons(const Explanation& explanation) {
  constexpr double kMuch = 0.05;  // of the float model's time
  constexpr std::size_t kMost = 5;
  const ModelTime& time = *explanation.time;
  std::vector<std::string> found;
  if (or_zero(time.conversions) > kMuch * or_zero(time.original))
    found.push_back(fmt::format("conversions between floats and codes take {}", seconds(time.conversions)));
  std::size_t count = 0;
  for (const ExplainedLayer* layer : slower_layers(explanation))
    if (count++ < kMost)
      found.push_back(fmt::format("'{}' takes {} as {} instead of {}{}", printable(layer->node),
                                  seconds(layer->time->quantized), ran_as(*layer), seconds(layer->time->original),
                                  layer->time->in_float.empty() ? "" : ": " + printable(layer->time->in_float)));
  return found;
}

std::string speed(const Explained& explained, const TableStyle& style) {
  const Explanation& explanation = explained.explanation;
  if (!explanation.time || !explanation.time->original.value || !explanation.time->quantized.value) return "";
  const ModelTime& time = *explanation.time;
  const double ratio = *time.quantized.value / *time.original.value;
  std::string text = fmt::format("\n{} a run instead of {} as the runtime's profile has it ({:.2f} of the time)",
                                 seconds(time.quantized), seconds(time.original), ratio);
  const std::vector<std::string> why = reasons(explanation);
  if (!why.empty())
    text += fmt::format("; {} because:\n  {}", ratio > 1 ? "slower than float" : "not faster still",
                        fmt::join(why, "\n  "));
  text += "\n";
  if (!why.empty() && explanation.method == "int8-static")
    text += fmt::format("layers go back to float where that is faster by\n   {} --recipe int8-static+time-fallback\n",
                        explained.quantize);
  for (const ExplainedLayer& layer : explanation.layers)
    if (layer.time && !layer.time->in_float.empty())
      text += wrapped(fmt::format("in float between codes: '{}' ({}): {}", printable(layer.node), layer.op,
                                  printable(layer.time->in_float)),
                      style.width, 2) +
              "\n";
  return text;
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

std::string rescaled(const Explanation& explanation) {
  std::string names;
  for (const ExplainedLayer& layer : explanation.layers)
    if (layer.weight && layer.weight->rescaled)
      names += fmt::format("{}'{}'", names.empty() ? "" : ", ", printable(layer.node));
  return names.empty()
             ? names
             : "\nrescaled by channel (as equalize and smooth do), so that their values are not the float model's and "
               "they are not compared: " +
                   names + "\n";
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
  return text + table(explanation.layers, top, style) + remedies(explained, style) + speed(explained, style) +
         saturating(explanation) + rescaled(explanation) + unmatched(explanation) +
         (explained.tried ? "\n" + findings_table(*explained.tried, style) : "");
}

}  // namespace bw
