#include "report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "measure/metrics/metric.h"
#include "report/comparison.h"
#include "report/figure_text.h"

namespace bw {
namespace {

// What a row has to say; each is a column somewhere.
enum Value : std::size_t { Name, Accuracy, Kept, Time, TimeRatio, Spread, Size, SizeRatio, Memory, State, kValues };
using Row = std::array<Cell, kValues>;

// Where a value stands in its line: after the one before it, with a gap. Figures end at its right, words begin at its
// left.
struct Place {
  Value value;
  std::size_t width;       // 0: what the line's others leave, for the name
  std::size_t indent = 0;  // of words
};

constexpr std::size_t kGap = 2, kStateWidth = 11;
constexpr Place kOneLine[] = {{Name, 0},    {Accuracy, 16}, {Kept, 7},      {Time, 8},   {TimeRatio, 18},
                              {Spread, 14}, {Size, 7},      {SizeRatio, 6}, {Memory, 7}, {State, kStateWidth}};
constexpr Place kUpperOfTwo[] = {{Name, 0}, {Accuracy, 16}, {TimeRatio, 18}, {Time, 7}, {Size, 7}};
constexpr Place kLowerOfTwo[] = {{State, 0, 4}, {Kept, 7}, {Spread, 27, 9}, {Memory, 7}, {SizeRatio, 7}};
constexpr Place kFirstOfThree[] = {{Name, 0}, {State, kStateWidth}};
constexpr Place kSecondOfThree[] = {{Accuracy, 20}, {TimeRatio, 18}, {Time, 8}, {Size, 8}};
constexpr Place kThirdOfThree[] = {{Kept, 11}, {Spread, 27, 9}, {Memory, 8}, {SizeRatio, 8}};

using LineForm = std::span<const Place>;
constexpr LineForm kWide[] = {kOneLine};
constexpr LineForm kMiddle[] = {kUpperOfTwo, kLowerOfTwo};
constexpr LineForm kNarrow[] = {kFirstOfThree, kSecondOfThree, kThirdOfThree};

struct Form {
  std::size_t least;  // characters that it needs
  std::span<const LineForm> lines;
};
constexpr Form kForms[] = {{150, kWide}, {80, kMiddle}, {0, kNarrow}};  // the first that fits is taken

// A form for a width, and the room for names in it.
struct Layout {
  std::span<const LineForm> lines;
  std::size_t name;
  bool shorten;
};

constexpr std::size_t kUsualName = 34;  // bench's own recipes, with the mark before them

Layout layout_of(std::size_t width, std::size_t longest_name = kUsualName) {
  if (width == 0) return {kWide, longest_name, false};
  const Form& form = *std::ranges::find_if(kForms, [&](const Form& f) { return f.least <= width; });
  std::size_t taken = 0;
  for (const Place& place : form.lines.front()) taken += place.width + (place.width > 0 ? kGap : 0);
  const std::size_t room = width > taken ? width - taken : 1;
  return {form.lines, form.lines.size() == 3 ? room : std::min(room, kUsualName), true};
}

bool is_word(Value value) {
  return value == Name || value == State || value == TimeRatio || value == Spread;
}

std::string in_layout(const Row& row, const Layout& layout, const TableStyle& style) {
  std::string text;
  for (const LineForm& form : layout.lines) {
    Line line(style);
    std::size_t at = 0;
    for (const Place& place : form) {
      const std::size_t width = place.width > 0 ? place.width : layout.name;
      Cell cell = row[place.value];
      if (place.value == Name && layout.shorten) cell.text = shortened(cell.text, width);
      is_word(place.value) ? line.put(cell, at + place.indent) : line.put_before(cell, at + width);
      at += width + kGap;
    }
    text += (text.empty() ? "" : "\n") + line.text();
  }
  return text;
}

Cell missing() {
  return {"-", Tone::Plain};
}

Tone tone_of(Verdict verdict) {
  constexpr Tone kTones[] = {Tone::Good, Tone::Plain, Tone::Bad, Tone::Unsure};
  return kTones[static_cast<std::size_t>(verdict)];
}

std::string_view speed_word(Verdict verdict) {
  constexpr std::string_view kWords[] = {"faster", "same", "slower", "inconclusive"};
  return kWords[static_cast<std::size_t>(verdict)];
}

// The difference stands in a place of its own, so that the values of all rows are one below the other.
std::string accuracy_text(const std::string& value, const std::string& difference) {
  return fmt::format("{}{:9}", value, difference.empty() ? "" : fmt::format(" ({})", difference));
}

// Of several outputs the one that decided is named.
Cell cell_of_worst(const AccuracyComparison& accuracy, Cell cell) {
  if (accuracy.outputs.size() > 1) cell.text += fmt::format(" ({})", printable(accuracy.decided_on));
  return cell;
}

Cell accuracy_cell(const CandidateFindings& candidate) {
  const std::string value = figure_text(candidate.quantized->accuracy);
  if (!candidate.accuracy) return {accuracy_text(value, "")};
  if (candidate.accuracy->metrics.empty()) return cell_of_worst(*candidate.accuracy, {value});
  const MetricFindings& metric = candidate.accuracy->metrics.front();
  const std::string difference = difference_text(metric.difference);
  return {accuracy_text(value, difference.substr(0, difference.find(' '))), tone_of(metric.verdict)};
}

// "0.442 faster", the numbers of all rows one below the other.
Cell ratio_cell(const std::string& ratio, std::string_view word, Tone tone) {
  return {fmt::format("{:>5}{}{}", ratio, word.empty() ? "" : " ", word), tone};
}

Cell latency_cell(const CandidateFindings& candidate) {
  if (!candidate.latency || !candidate.latency->ratio.value) return ratio_cell("-", "", Tone::Plain);
  const LatencyComparison& latency = *candidate.latency;
  return ratio_cell(figure_text(latency.ratio), speed_word(latency.verdict), tone_of(latency.verdict));
}

Cell kept_cell(const CandidateFindings& candidate) {
  if (!candidate.accuracy_retention) return missing();
  Figure kept = *candidate.accuracy_retention;
  kept.unit = Unit::Fraction;
  return {figure_text(kept)};
}

Cell status_cell(const CandidateFindings& candidate) {
  constexpr std::string_view kWords[] = {"ok", "not better", "refused", "worker died", "timed out"};
  constexpr Tone kTones[] = {Tone::Plain, Tone::Plain, Tone::Bad, Tone::Bad, Tone::Bad};
  const auto at = static_cast<std::size_t>(candidate.status);
  return {std::string(kWords[at]), kTones[at]};
}

// The figures that the float model and a candidate have alike.
void put_figures(Row& row, const ModelFigures& figures) {
  row[Accuracy] = {accuracy_text(figure_text(figures.accuracy), "")};
  row[Time] = {figure_text(figures.inference_time)};
  row[Size] = {figure_text(figures.model_size)};
  row[SizeRatio] = {figure_text(figures.compression_ratio)};
  row[Memory] = {figure_text(figures.memory_usage)};
}

Row titles_of(const ModelFindings& model) {
  constexpr std::size_t kOfValue = 8, kMost = 16;
  Row row;
  const std::string metric = shortened(printable(model.metric.value_or("accuracy")), kMost);
  row[Accuracy] = {display_width(metric) <= kOfValue ? accuracy_text(metric, "") : metric};
  row[Kept] = {"kept"};
  row[Time] = {"time"};
  row[TimeRatio] = {"time ratio"};
  row[Spread] = {"95 % interval"};
  row[Size] = {"size"};
  row[SizeRatio] = {"ratio"};
  row[Memory] = {"memory"};
  row[State] = {"status"};
  return row;
}

// `original`: what the model is called that the others are compared with.
Row row_of_float(const ModelFindings& model, const std::string& original) {
  Row row;
  put_figures(row, *model.original);
  row[Name] = {"  " + printable(original)};
  row[Kept] = {"100 %"};
  row[TimeRatio] = ratio_cell("1", "", Tone::Plain);
  row[SizeRatio] = {"1"};
  return row;
}

Row row_of(const ModelFindings& model, const CandidateFindings& candidate) {
  const bool recommended = model.recommended.candidate == candidate.name;
  Row row;
  put_figures(row, *candidate.quantized);
  row[Name] = {(recommended ? "* " : "  ") + printable(candidate.name), recommended ? Tone::Strong : Tone::Plain};
  row[Accuracy] = accuracy_cell(candidate);
  row[Kept] = kept_cell(candidate);
  row[TimeRatio] = latency_cell(candidate);
  row[Spread] = {candidate.latency ? interval_text(candidate.latency->ratio) : ""};
  row[State] = status_cell(candidate);
  return row;
}

// A name and what became of it, where there are no figures.
std::string unmeasured_row(const CandidateFindings& candidate, const std::string& more, const Layout& layout,
                           const TableStyle& style) {
  Line line(style);
  constexpr std::size_t kMark = 2;
  std::string name = printable(candidate.name);
  if (style.width > 0) name = shortened(name, style.width - kMark - display_width(more) - kGap - kStateWidth);
  name += more;
  line.put({name}, kMark);
  line.put(status_cell(candidate), std::max(layout.name, kMark + display_width(name)) + kGap);
  return line.text();
}

// Those of one method that ended in the same way for the same reason, the candidate among them.
std::vector<const CandidateFindings*> alike(const ModelFindings& model, const CandidateFindings& candidate) {
  std::vector<const CandidateFindings*> found;
  for (const CandidateFindings& other : model.candidates)
    if (other.method == candidate.method && other.status == candidate.status && other.reason == candidate.reason)
      found.push_back(&other);
  return found;
}

// `original`: as for row_of_float().
std::string rows_text(const ModelFindings& model, const std::string& original, const TableStyle& style) {
  std::size_t longest = 2 + display_width(printable(original));
  for (const CandidateFindings& candidate : model.candidates)
    longest = std::max(longest, 2 + display_width(printable(candidate.name)));
  const Layout layout = layout_of(style.width, longest);
  std::string text = in_layout(titles_of(model), layout, style) + "\n";
  if (model.original) text += in_layout(row_of_float(model, original), layout, style) + "\n";
  for (const CandidateFindings& candidate : model.candidates) {
    if (candidate.quantized) {
      text += in_layout(row_of(model, candidate), layout, style) + "\n";
    } else if (const auto same = alike(model, candidate); same.front() == &candidate) {
      const std::string more = same.size() > 1 ? fmt::format(" and {} more", same.size() - 1) : "";
      text += unmeasured_row(candidate, more, layout, style) + "\n";
    }
  }
  return text;
}

std::string reasons_text(const ModelFindings& model, const TableStyle& style) {
  std::string text;
  for (const CandidateFindings& candidate : model.candidates) {
    const auto same = alike(model, candidate);
    if (candidate.reason.empty() || same.front() != &candidate) continue;
    std::string names;
    for (const CandidateFindings* one : same) names += (names.empty() ? "" : ", ") + one->name;
    text += wrapped(printable(fmt::format("{}: {}", names, candidate.reason)), style.width, 4) + "\n";
  }
  return text;
}

// `subject`: what is measured.
std::string title_of(const ModelFindings& model, const std::string& subject) {
  std::string title = fmt::format("{}: {}, {} evaluation samples", printable(subject), printable(model.dataset_name),
                                  model.evaluation_samples);
  if (model.control && model.control->smallest_effect)
    title += fmt::format("; changes of time from {:.1f} % can be told", *model.control->smallest_effect * 100);
  return title;
}

// With what disturbed the measurement, which the reader should know before the figures.
std::string titled(const std::string& title, const ModelFindings& model, const TableStyle& style) {
  std::string text = painted(wrapped(title, style.width, 2), Tone::Strong, style) + "\n";
  if (!model.control || model.control->disturbance.empty()) return text;
  const std::string busy = "The machine was busy while speed was measured: " + model.control->disturbance;
  return text + painted(wrapped(busy, style.width, 2), Tone::Unsure, style) + "\n";
}

// What the figures are, where that is not plain, and what must be known to read them.
std::vector<std::string> remarks(const ModelFindings& model) {
  std::vector<std::string> lines;
  for (const char* measure : {"agreement", "fidelity"})
    if (std::ranges::any_of(model.candidates, [&](const CandidateFindings& candidate) {
          return candidate.accuracy && candidate.accuracy->decided_by == measure;
        }))
      lines.push_back(fmt::format("Retention by {}: {}", measure, metric_named(measure).says));
  if (std::ranges::any_of(model.candidates, [&](const auto& c) { return c.runtime != model.runtime; }))
    lines.push_back(
        fmt::format("A row with @ was measured in that runtime, all others in {0}. All are compared with "
                    "float in {0}.",
                    model.runtime));
  for (const std::string& doubt : model.doubts) lines.push_back("Doubt: " + doubt);
  return lines;
}

std::string model_text(const ModelFindings& model, const TableStyle& style) {
  std::string text =
      titled(title_of(model, model.name), model, style) + rows_text(model, "float", style) + reasons_text(model, style);
  for (const std::string& line : remarks(model)) text += wrapped(printable(line), style.width, 2) + "\n";
  return text + wrapped("Recommended: " + printable(model.recommended.sentence), style.width, 2) + "\n";
}

}  // namespace

std::string table_header(const ModelFindings& model, const TableStyle& style) {
  return in_layout(titles_of(model), layout_of(style.width), style);
}

std::string float_row(const ModelFindings& model, const TableStyle& style) {
  return in_layout(row_of_float(model, "float"), layout_of(style.width), style);
}

std::string table_row(const ModelFindings& model, const CandidateFindings& candidate, const TableStyle& style) {
  const Layout layout = layout_of(style.width);
  return candidate.quantized ? in_layout(row_of(model, candidate), layout, style)
                             : unmeasured_row(candidate, "", layout, style);
}

std::string findings_table(const Findings& findings, const TableStyle& style) {
  std::string text;
  for (const ModelFindings& model : findings.models) text += (text.empty() ? "" : "\n") + model_text(model, style);
  return text;
}

std::string comparison_table(const ModelFindings& model, const TableStyle& style) {
  const std::string both = fmt::format("{} and {}", model.name, model.candidates.front().name);
  return titled(title_of(model, both), model, style) + rows_text(model, model.name, style) +
         wrapped(printable(comparison_sentence(model)), style.width, 2) + "\n";
}

}  // namespace bw
