// bitwright profile: where a model's time goes, node by node.
#include "measure/profile.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "bench/proven.h"
#include "cli/catalog.h"
#include "cli/data_flags.h"
#include "cli/model_flags.h"
#include "cli/output.h"
#include "model/model.h"
#include "report/figure_text.h"
#include "report/text_table.h"

namespace bw {
namespace {

constexpr Positional kPositionals[] = {{.name = "MODEL", .says = "ONNX model", .many = false, .optional = false}};
constexpr Parameter kFlags[] = {
    kDataFlag,
    kDataRootFlag,
    kCalibrationSplitFlag,
    kEvaluationSplitFlag,
    {.name = "runtime",
     .type = Parameter::Type::Text,
     .standard = "",
     .says = "where it is run; the usual target's without it",
     .takes = "RUNTIME",
     .heading = kMeasuringHeading},
    {.name = "seconds",
     .type = Parameter::Type::Seconds,
     .standard = "1",
     .says = "time for the runs",
     .low = 0.01,
     .high = 3600,
     .heading = kMeasuringHeading},
    {.name = "top",
     .type = Parameter::Type::Integer,
     .standard = "20",
     .says = "how many nodes to show, the slowest first; 0: all",
     .low = 0,
     .high = 1e6,
     .heading = kResultHeading},
    kWorkerMemoryFlag,
    kWorkerTimeoutFlag,
};

std::vector<Sample> samples_for(const Invocation& invocation, const LoadedModel& model) {
  const std::string& data = invocation.flags.text("data");
  if (!data.empty()) return first_samples(open_data_for(model, data, open_options(invocation)).evaluation());
  std::vector<Sample> made_up = made_up_samples(model.original);
  if (made_up.empty())
    throw Error(ErrorKind::Usage, "no samples can be made up for this model's inputs", model.path.string(),
                fmt::format("Give data: {} --data FOLDER", invocation.line));
  return made_up;
}

// Of one run.
double run_seconds(const Profile& profile) {
  return profile.seconds / static_cast<double>(profile.runs);
}
double node_seconds(const Profile& profile) {
  double sum = 0;
  for (const NodeTime& node : profile.nodes) sum += node.seconds;
  return sum;
}

std::span<const NodeTime> slowest(const Profile& profile, std::int64_t top) {
  const auto count = top == 0 ? profile.nodes.size() : std::min(profile.nodes.size(), static_cast<std::size_t>(top));
  return std::span(profile.nodes).first(count);
}

Json to_json(const Profile& profile, const LoadedModel& model, const Runtime& runtime, std::int64_t top) {
  const auto runs = static_cast<double>(profile.runs);
  Json nodes = Json::array();
  for (const NodeTime& node : slowest(profile, top))
    nodes.push_back({{"node", node.node},
                     {"op", node.op.empty() ? Json(nullptr) : Json(node.op)},
                     {"kernel", node.kernel},
                     {"seconds", node.seconds / runs},
                     {"calls", static_cast<double>(node.calls) / runs},
                     {"share", node.seconds / node_seconds(profile)}});
  return {{"model", model.path.string()},
          {"runtime", {{"name", runtime.name}, {"version", runtime.version()}}},
          {"runs", profile.runs},
          {"seconds", run_seconds(profile)},
          {"node_count", profile.nodes.size()},
          {"nodes", nodes}};
}

std::string seconds_text(double seconds) {
  return figure_text(exact_figure(seconds, Unit::Seconds));
}

void print_for_people(const Profile& profile, const LoadedModel& model, const Runtime& runtime, std::int64_t top) {
  const auto runs = static_cast<double>(profile.runs);
  const std::span<const NodeTime> shown = slowest(profile, top);
  double sum = 0;
  for (const NodeTime& node : shown) sum += node.seconds;
  put("{} in {}: {} a run, {} runs; the {} slowest of {} nodes take {:.0f} % of what nodes take\n", model.name,
      name_and_version(runtime), seconds_text(run_seconds(profile)), profile.runs, shown.size(), profile.nodes.size(),
      100 * sum / node_seconds(profile));
  const std::vector<TextColumn> columns{{"share"}, {"time"}, {"calls", 2}, {"ran as", 1}, {"operator", 1}, {"node"}};
  std::vector<std::vector<Cell>> rows;
  for (const NodeTime& node : shown)
    rows.push_back({{fmt::format("{:.1f} %", 100 * node.seconds / node_seconds(profile))},
                    {seconds_text(node.seconds / runs)},
                    {fmt::format("{:.3g}", static_cast<double>(node.calls) / runs)},
                    {printable(node.kernel)},
                    {node.op.empty() ? "-" : node.op},
                    {printable(node.node)}});
  put(text_table(columns, rows, style_of_stdout()));
}

int run(const Invocation& invocation) {
  const std::string& named = invocation.flags.text("runtime");
  const Runtime& runtime = available_runtime(named.empty() ? targets().front().runtime : named);
  const LoadedModel model = load_model(invocation.the("MODEL"), {.read = {}, .runtime = runtime.name});
  say_notes(model, invocation);
  Worker worker(worker_options(invocation));
  const std::vector<Sample> samples = samples_for(invocation, model);
  const Profile profile =
      profile_model(worker, {*model.runnable, std::string(runtime.name)}, model.original,
                    [&, given = false]() mutable -> std::optional<SampleChunk> {
                      return std::exchange(given, true) ? std::nullopt : std::optional(pack(samples));
                    },
                    {.threads = invocation.threads, .seconds = invocation.flags.number("seconds")});
  const std::int64_t top = invocation.flags.integer("top");
  if (invocation.json)
    put(to_text(to_json(profile, model, runtime, top)));
  else
    print_for_people(profile, model, runtime, top);
  return 0;
}

}  // namespace

Command profile_command() {
  return {.name = "profile",
          .says = "where a model's time goes, node by node",
          .positionals = kPositionals,
          .flags = kFlags,
          .run = run,
          .example = "bitwright profile MODEL.onnx --data FOLDER --top 10"};
}

}  // namespace bw
