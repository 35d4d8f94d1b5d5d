// bitwright runs list, show, compare, schema: the runs that were kept.
#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/catalog.h"
#include "cli/headings.h"
#include "cli/output.h"
#include "report/figure_text.h"
#include "report/json.h"
#include "report/table.h"
#include "store/store.h"

namespace bw {
namespace {

constexpr Positional kRun[] = {{.name = "ID", .says = "number of a run", .many = false, .optional = false}};
constexpr Positional kRuns[] = {{.name = "FIRST", .says = "number of a run", .many = false, .optional = false},
                                {.name = "SECOND", .says = "number of another", .many = false, .optional = false}};
constexpr Parameter kListFlags[] = {{.name = "limit",
                                     .type = Parameter::Type::Integer,
                                     .standard = "20",
                                     .says = "how many to list, the newest first",
                                     .low = 1,
                                     .high = 1e9,
                                     .choices = "",
                                     .heading = kResultHeading}};

std::int64_t id_of(const Invocation& invocation, std::string_view positional) {
  const std::string& text = invocation.the(positional);
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size())
    throw Error(ErrorKind::Usage, fmt::format("\"{}\" is not the number of a run", text), {},
                "`bitwright runs list` shows them");
  return id;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

Cell number(const std::optional<double>& value) {
  return {value ? fmt::format("{:.4g}", *value) : "-"};
}

Cell bytes(const std::optional<double>& value) {
  return {value ? figure_text(exact_figure(*value, Unit::Bytes)) : "-"};
}

int list(const Invocation& invocation) {
  const fs::path path = Store::usual_path();
  std::vector<RunSummary> runs;
  if (fs::exists(path)) runs = Store(path).list(static_cast<std::size_t>(invocation.flags.integer("limit")));
  if (invocation.json) {
    Json json = Json::array();
    for (const RunSummary& run : runs)
      json.push_back({{"id", run.id},
                      {"created", run.created},
                      {"command", run.command},
                      {"models", run.models},
                      {"recommended", run.recommended}});
    put(to_text(json));
  } else if (runs.empty()) {
    put("No runs are kept yet. `bitwright bench` keeps each of its own.\n");
  } else {
    std::vector<std::vector<Cell>> rows;
    for (const RunSummary& run : runs)
      rows.push_back({{std::to_string(run.id)},
                      {printable(run.created)},
                      {printable(joined(run.models))},
                      {printable(joined(run.recommended))},
                      {printable(run.command)}});
    put(text_table({{"run", 0}, {"when", 0}, {"models", 0}, {"recommended", 1}, {"command", 2}}, rows,
                   style_of_stdout()));
  }
  return 0;
}

void print_run(const Json& report, const std::vector<StoredCandidate>& candidates) {
  const TableStyle style = style_of_stdout();
  put(printable(fmt::format("{}  {}", report["created"].get<std::string>(), report["command"].get<std::string>())) +
      "\n");
  put(printable(fmt::format("{}, {} cores, bitwright {}", report["environment"]["cpu"].get<std::string>(),
                            report["environment"]["cores"].get<int>(),
                            report["environment"]["bitwright"].get<std::string>())) +
      "\n\n");
  std::vector<std::vector<Cell>> rows;
  for (const auto& [model, candidate, figures] : candidates)
    rows.push_back({{printable(model)},
                    {printable(candidate)},
                    number(figures.accuracy),
                    number(figures.accuracy_retention),
                    number(figures.latency_ratio),
                    number(figures.compression_ratio),
                    bytes(figures.model_size),
                    bytes(figures.memory_usage),
                    {printable(figures.runtime)},
                    {printable(figures.status)}});
  put(text_table({{"model", 0},
                  {"candidate", 0},
                  {"accuracy", 0},
                  {"retention", 2},
                  {"time ratio", 0},
                  {"size ratio", 1},
                  {"size", 3},
                  {"memory", 4},
                  {"runtime", 5},
                  {"status", 0}},
                 rows, style));
  for (const Json& model : report["models"])
    put(wrapped(printable(fmt::format("{}: {}", model["model"]["name"].get<std::string>(),
                                      model["recommended"]["sentence"].get<std::string>())),
                style.width, 2) +
        "\n");
}

int show(const Invocation& invocation) {
  const Store store(Store::usual_path());
  const std::int64_t id = id_of(invocation, "ID");
  const Json report = store.report(id);
  if (invocation.json)
    put(to_text(report));
  else
    print_run(report, store.candidates(id));
  return 0;
}

// What is true of each run, side by side; "-" where a run does not have it.
Cell both(const RunDifference& difference, std::optional<double> KeyFigures::* figure) {
  const auto side = [&](const std::optional<KeyFigures>& figures) {
    return figures ? number((*figures).*figure).text : "-";
  };
  const std::string first = side(difference.first), second = side(difference.second);
  return {first == second ? first : first + " -> " + second};
}

Cell both(const RunDifference& difference, std::string KeyFigures::* word) {
  const std::string first = difference.first ? (*difference.first).*word : "absent";
  const std::string second = difference.second ? (*difference.second).*word : "absent";
  return {first == second ? first : first + " -> " + second};
}

int compare(const Invocation& invocation) {
  const Store store(Store::usual_path());
  const auto differences = store.compare(id_of(invocation, "FIRST"), id_of(invocation, "SECOND"));
  if (invocation.json) {
    const auto side = [](const std::optional<KeyFigures>& figures) {
      return figures ? to_json(*figures) : Json(nullptr);
    };
    Json json = Json::array();
    for (const RunDifference& row : differences)
      json.push_back({{"model", row.model},
                      {"candidate", row.candidate},
                      {"first", side(row.first)},
                      {"second", side(row.second)}});
    put(to_text(json));
    return 0;
  }
  std::vector<std::vector<Cell>> rows;
  for (const RunDifference& row : differences)
    rows.push_back({{printable(row.model)},
                    {printable(row.candidate)},
                    both(row, &KeyFigures::accuracy),
                    both(row, &KeyFigures::accuracy_retention),
                    both(row, &KeyFigures::latency_ratio),
                    both(row, &KeyFigures::compression_ratio),
                    both(row, &KeyFigures::runtime),
                    both(row, &KeyFigures::status)});
  const TableStyle style = style_of_stdout();
  put(text_table({{"model", 0},
                  {"candidate", 0},
                  {"accuracy", 0},
                  {"retention", 2},
                  {"time ratio", 0},
                  {"size ratio", 1},
                  {"runtime", 3},
                  {"status", 0}},
                 rows, style));
  put(wrapped("Ratios are to the float model of the same run, so runs on different machines can be compared.",
              style.width, 0) +
      "\n");
  return 0;
}

int schema(const Invocation&) {
  put(to_text(report_schema()));
  return 0;
}

}  // namespace

Command runs_list_command() {
  return {.name = "runs list",
          .says = "list the runs that were kept",
          .positionals = {},
          .flags = kListFlags,
          .run = list,
          .example = "bitwright runs list"};
}

Command runs_show_command() {
  return {.name = "runs show",
          .says = "show a run; with --json its report.json",
          .positionals = kRun,
          .flags = {},
          .run = show,
          .example = "bitwright runs show 3"};
}

Command runs_compare_command() {
  return {.name = "runs compare",
          .says = "what differs between two runs",
          .positionals = kRuns,
          .flags = {},
          .run = compare,
          .example = "bitwright runs compare 2 3"};
}

Command runs_schema_command() {
  return {.name = "runs schema",
          .says = "the JSON Schema of report.json",
          .positionals = {},
          .flags = {},
          .run = schema,
          .example = "bitwright runs schema"};
}

}  // namespace bw
