// Flags about reading, running and measuring models that several commands share.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "bench/bench.h"
#include "cli/command.h"
#include "cli/data_flags.h"
#include "run/runtime.h"

namespace bw {

inline constexpr Parameter kWorkerMemoryFlag{
    .name = "worker_memory",
    .type = Parameter::Type::Bytes,
    .standard = "0",
    .says = "most bytes that a process which runs a model may map; 0: no limit",
    .low = 0,
    .high = 1e15,
    .heading = kProcessHeading};
inline constexpr Parameter kWorkerTimeoutFlag{
    .name = "worker_timeout",
    .type = Parameter::Type::Seconds,
    .standard = "120",
    .says = "seconds without a sign of life after which a process that runs a model is ended",
    .low = 0.1,
    .high = 86400,
    .heading = kProcessHeading};
inline constexpr Parameter kUncheckedFlag{.name = "unchecked",
                                          .type = Parameter::Type::Flag,
                                          .standard = "no",
                                          .says = "read models without verifying them",
                                          .hidden = true};
inline constexpr Parameter kEvaluationSamplesFlag{.name = "evaluation_samples",
                                                  .type = Parameter::Type::Integer,
                                                  .standard = "0",
                                                  .says = "samples to measure accuracy on, 0 for all",
                                                  .low = 0,
                                                  .high = 1e9,
                                                  .heading = kDataHeading};
inline constexpr Parameter kLatencySecondsFlag{.name = "latency_seconds",
                                               .type = Parameter::Type::Seconds,
                                               .standard = "3",
                                               .says = "time for the paired runs of each candidate",
                                               .low = 0.05,
                                               .high = 3600,
                                               .heading = kMeasuringHeading};

inline constexpr Parameter kRuntimesFlag{
    .name = "runtime",
    .type = Parameter::Type::Text,
    .standard = "",
    .says =
        "where candidates are measured: one, or several with commas, all compared with float in the first; the "
        "target's without it",
    .takes = "RUNTIMES",
    .heading = kMeasuringHeading};

inline constexpr Parameter kRequantizeFlag{
    .name = "requantize",
    .type = Parameter::Type::Flag,
    .standard = "no",
    .says = "of a model that is quantized already, take the floats that its codes stand for",
    .heading = kMakingHeading};

inline constexpr Parameter kBudgetFlag{
    .name = "budget",
    .type = Parameter::Type::Seconds,
    .standard = "0",
    .says = "seconds that methods which search (int8-auto) try things; 0: as long as each does by itself",
    .low = 0,
    .high = 86400,
    .heading = kMakingHeading};

// Within --budget, if it was given.
inline Recipe within_budget_of(const Invocation& invocation, Recipe recipe) {
  const double seconds = invocation.flags.number("budget");
  return seconds > 0 ? within_budget(std::move(recipe), seconds) : recipe;
}

// What was done to a model on the way in.
inline void say_notes(const LoadedModel& model, const Invocation& invocation) {
  for (const std::string& note : model.notes) invocation.console->say(fmt::format("note: {}: {}", model.name, note));
}

inline ReadOptions read_options(const Invocation& invocation) {
  ReadOptions options;
  options.verify = !invocation.flags.flag("unchecked");
  return options;
}

inline WorkerOptions worker_options(const Invocation& invocation) {
  return {.address_space = static_cast<std::uint64_t>(invocation.flags.integer("worker_memory")),
          .silence = invocation.flags.number("worker_timeout"),
          .stop = invocation.stop};
}

// Those that are named and here, in that order. UsageError for one that is not, with the command that brings it.
inline std::vector<std::string> runtimes_named(std::string_view list) {
  std::vector<std::string> names;
  for (const std::string_view name : split(list, ',')) {
    names.emplace_back(available_runtime(name).name);
    if (std::ranges::count(names, name) > 1)
      throw Error(ErrorKind::Usage, fmt::format("the runtime '{}' is named twice", name));
  }
  return names;
}

// What every command that measures takes from its flags and its line.
inline MeasureOptions measure_options(const Invocation& invocation) {
  MeasureOptions options;
  options.data = invocation.flags.text("data");
  options.open = open_options(invocation);
  options.intake.read = read_options(invocation);
  options.worker = worker_options(invocation);
  options.evaluation_samples = static_cast<std::size_t>(invocation.flags.integer("evaluation_samples"));
  options.eval_command = invocation.flags.text("eval_command");
  options.latency_seconds = invocation.flags.number("latency_seconds");
  if (const auto named = runtimes_named(invocation.flags.text("runtime")); !named.empty()) options.runtimes = named;
  options.threads = invocation.threads;
  options.seed = invocation.seed;
  options.command = invocation.line;
  options.console = invocation.console;
  return options;
}

}  // namespace bw
