#include "report/table.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "measure/metrics/metric.h"
#include "report/comparison.h"
#include "report/figure_text.h"

namespace bw {
namespace {

constexpr std::size_t kGap = 2;

std::string painted(const std::string& text, Tone tone, bool colours) {
  constexpr std::string_view kCodes[] = {"", "32", "31", "33", "1"};  // by Tone
  const std::string_view code = kCodes[static_cast<std::size_t>(tone)];
  return colours && !code.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

std::size_t sum_of(const std::vector<std::size_t>& widths, const std::vector<bool>& shown) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < widths.size(); ++i)
    if (shown[i]) sum += widths[i] + (sum > 0 ? kGap : 0);
  return sum;
}

// Which columns there is room for.
std::vector<bool> fitting(const std::vector<TextColumn>& columns, const std::vector<std::size_t>& widths,
                          std::size_t room) {
  std::vector<bool> shown(columns.size(), true);
  const auto rank = [&](std::size_t i) { return shown[i] ? columns[i].rank : 0; };
  while (room > 0 && sum_of(widths, shown) > room) {
    std::size_t worst = 0;
    for (std::size_t i = 1; i < columns.size(); ++i)
      if (rank(i) > rank(worst)) worst = i;
    if (rank(worst) == 0) break;
    shown[worst] = false;
  }
  return shown;
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

// Of several outputs the one that decided is named.
Cell cell_of_worst(const AccuracyComparison& accuracy, Cell cell) {
  if (accuracy.outputs.size() > 1) cell.text += fmt::format(" ({})", printable(accuracy.decided_on));
  return cell;
}

Cell accuracy_cell(const CandidateFindings& candidate) {
  if (!candidate.quantized) return missing();
  Cell cell{figure_text(candidate.quantized->accuracy)};
  if (!candidate.accuracy) return cell;
  if (candidate.accuracy->metrics.empty()) return cell_of_worst(*candidate.accuracy, std::move(cell));
  const MetricFindings& metric = candidate.accuracy->metrics.front();
  if (const std::string difference = difference_text(metric.difference); !difference.empty())
    cell.text += fmt::format(" ({})", difference.substr(0, difference.find(' ')));
  cell.tone = tone_of(metric.verdict);
  return cell;
}

Cell latency_cell(const CandidateFindings& candidate) {
  if (!candidate.latency) return missing();
  const LatencyComparison& latency = *candidate.latency;
  if (!latency.ratio.value) return missing();
  return {fmt::format("{} {}", figure_text(latency.ratio), speed_word(latency.verdict)), tone_of(latency.verdict)};
}

Cell status_cell(const CandidateFindings& candidate) {
  constexpr std::string_view kWords[] = {"ok", "not better", "refused", "worker died", "timed out"};
  constexpr Tone kTones[] = {Tone::Plain, Tone::Plain, Tone::Bad, Tone::Bad, Tone::Bad};
  const auto at = static_cast<std::size_t>(candidate.status);
  return {std::string(kWords[at]), kTones[at]};
}

Cell figure_cell(const std::optional<Figure>& figure) {
  return figure ? Cell{figure_text(*figure)} : missing();
}

// What the table shows of the float model and of a candidate; ranks as text_table() has them.
struct FindingsColumn {
  std::string_view title;  // "": the metric's name
  int rank;
  Cell (*of_float)(const ModelFigures& figures);
  Cell (*of_candidate)(const CandidateFindings& candidate);
};

template <Figure ModelFigures::* figure>
Cell of_float(const ModelFigures& figures) {
  return {figure_text(figures.*figure)};
}
template <Figure ModelFigures::* figure>
Cell of_candidate(const CandidateFindings& candidate) {
  return candidate.quantized ? of_float<figure>(*candidate.quantized) : missing();
}
Cell one(const ModelFigures&) {
  return {"1"};
}
Cell nothing(const ModelFigures&) {
  return {};
}

constexpr FindingsColumn kColumns[] = {
    {"", 0, of_float<&ModelFigures::accuracy>, accuracy_cell},
    {"retention", 4, one, [](const CandidateFindings& c) { return figure_cell(c.accuracy_retention); }},
    {"time", 5, of_float<&ModelFigures::inference_time>, of_candidate<&ModelFigures::inference_time>},
    {"time ratio", 0, one, latency_cell},
    {"95 % interval", 2, nothing,
     [](const CandidateFindings& c) { return Cell{c.latency ? interval_text(c.latency->ratio) : ""}; }},
    {"size", 3, of_float<&ModelFigures::model_size>, of_candidate<&ModelFigures::model_size>},
    {"size ratio", 1, one, of_candidate<&ModelFigures::compression_ratio>},
    {"memory", 6, of_float<&ModelFigures::memory_usage>, of_candidate<&ModelFigures::memory_usage>},
    {"status", 0, nothing, status_cell},
};

// `original`: what the model is called that the others are compared with.
std::string candidates_text(const ModelFindings& model, const std::string& original, const TableStyle& style) {
  std::vector<TextColumn> columns{{"", 0}};
  for (const FindingsColumn& column : kColumns)
    columns.push_back(
        {column.title.empty() ? printable(model.metric.value_or("accuracy")) : std::string(column.title), column.rank});
  std::vector<std::vector<Cell>> rows;
  if (model.original) {
    rows.push_back({{"  " + printable(original)}});
    for (const FindingsColumn& column : kColumns) rows.back().push_back(column.of_float(*model.original));
  }
  for (const CandidateFindings& candidate : model.candidates) {
    const bool recommended = model.recommended.candidate == candidate.name;
    rows.push_back(
        {{(recommended ? "* " : "  ") + printable(candidate.name), recommended ? Tone::Strong : Tone::Plain}});
    for (const FindingsColumn& column : kColumns) rows.back().push_back(column.of_candidate(candidate));
  }
  return text_table(columns, rows, style);
}

// `subject`: what is measured; `original`: as for candidates_text().
std::string title_of(const ModelFindings& model, const std::string& subject, const std::string& original) {
  std::string title = fmt::format("{}: {}, {} evaluation samples", printable(subject), printable(model.dataset_name),
                                  model.evaluation_samples);
  if (model.control && model.control->verdict != Verdict::Same)
    title += fmt::format("; the machine was noisy: {} timed against itself is not the same", printable(original));
  else if (model.control && model.control->smallest_effect)
    title += fmt::format("; changes of time from {:.1f} % can be told", *model.control->smallest_effect * 100);
  return title;
}

std::string titled(const std::string& title, const TableStyle& style) {
  return painted(wrapped(title, style.width, 2), Tone::Strong, style.colours) + "\n";
}

// What the figures are, where that is not plain, and what must be known to read them.
std::vector<std::string> remarks(const ModelFindings& model) {
  std::vector<std::string> lines;
  for (const char* measure : {"agreement", "fidelity"})
    if (std::ranges::any_of(model.candidates, [&](const CandidateFindings& candidate) {
          return candidate.accuracy && candidate.accuracy->decided_by == measure;
        }))
      lines.push_back(fmt::format("Retention by {}: {}", measure, metric_named(measure).says));
  for (const std::string& doubt : model.doubts) lines.push_back("Doubt: " + doubt);
  return lines;
}

std::string model_text(const ModelFindings& model, const TableStyle& style) {
  std::string text = titled(title_of(model, model.name, "the float model"), style);
  text += candidates_text(model, "float", style);
  for (const CandidateFindings& candidate : model.candidates)
    if (!candidate.reason.empty())
      text += wrapped(printable(fmt::format("{}: {}", candidate.name, candidate.reason)), style.width, 4) + "\n";
  for (const std::string& line : remarks(model)) text += wrapped(printable(line), style.width, 2) + "\n";
  return text + wrapped("Recommended: " + printable(model.recommended.sentence), style.width, 2) + "\n";
}

}  // namespace

TableStyle style_of_stdout() {
  if (::isatty(STDOUT_FILENO) == 0) return {};
  const char* no_colour = std::getenv("NO_COLOR");
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return {known ? size.ws_col : std::size_t{80}, !no_colour || *no_colour == '\0'};
}

std::string text_table(const std::vector<TextColumn>& columns, const std::vector<std::vector<Cell>>& rows,
                       const TableStyle& style) {
  std::vector<std::size_t> widths;
  std::vector<Cell> titles;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    titles.push_back({columns[i].title});
    widths.push_back(display_width(columns[i].title));
    for (const auto& row : rows) widths[i] = std::max(widths[i], display_width(row[i].text));
  }
  const std::vector<bool> shown = fitting(columns, widths, style.width);
  std::string table;
  const auto add = [&](const std::vector<Cell>& row) {
    std::string line;
    std::size_t blanks = 0;  // due before the next text, so that no line ends in them
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!shown[i]) continue;
      if (!row[i].text.empty())
        line += std::string(std::exchange(blanks, 0), ' ') + painted(row[i].text, row[i].tone, style.colours);
      blanks += widths[i] - display_width(row[i].text) + kGap;
    }
    table += line + "\n";
  };
  add(titles);
  for (const auto& row : rows) add(row);
  return table;
}

std::string findings_table(const Findings& findings, const TableStyle& style) {
  std::string text;
  for (const ModelFindings& model : findings.models) text += (text.empty() ? "" : "\n") + model_text(model, style);
  return text;
}

std::string live_row(const ModelFindings&, const CandidateFindings& candidate) {
  const std::string name = printable(candidate.name);
  if (!candidate.quantized || !candidate.latency) return fmt::format("  {:<34} {}", name, printable(candidate.reason));
  return fmt::format("  {:<34} {:<24} time {:<14} size {}", name, accuracy_cell(candidate).text,
                     latency_cell(candidate).text, figure_text(candidate.quantized->compression_ratio));
}

std::string comparison_table(const ModelFindings& model, const TableStyle& style) {
  const std::string both = fmt::format("{} and {}", model.name, model.candidates.front().name);
  return titled(title_of(model, both, model.name), style) + candidates_text(model, model.name, style) +
         wrapped(printable(comparison_sentence(model)), style.width, 2) + "\n";
}

}  // namespace bw
