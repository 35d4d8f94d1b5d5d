// Flags about reading and running models that several commands share.
#pragma once

#include "bench/bench.h"
#include "cli/command.h"

namespace bw {

inline constexpr Parameter kWorkerMemoryFlag{
    .name = "worker_memory",
    .type = Parameter::Type::Integer,
    .standard = "0",
    .says = "most bytes that a process which runs a model may map; 0: no limit",
    .low = 0,
    .high = 1e15,
    .choices = ""};
inline constexpr Parameter kWorkerTimeoutFlag{
    .name = "worker_timeout",
    .type = Parameter::Type::Number,
    .standard = "120",
    .says = "seconds without a sign of life after which a process that runs a model is ended",
    .low = 0.1,
    .high = 86400,
    .choices = ""};
inline constexpr Parameter kUncheckedFlag{.name = "unchecked",
                                          .type = Parameter::Type::Flag,
                                          .standard = "no",
                                          .says = "read models without verifying them",
                                          .low = 0,
                                          .high = 0,
                                          .choices = "",
                                          .hidden = true};

inline ReadOptions read_options(const Invocation& invocation) {
  ReadOptions options;
  options.verify = !invocation.flags.flag("unchecked");
  return options;
}

inline WorkerLimits worker_limits(const Invocation& invocation) {
  return {.memory = static_cast<std::uint64_t>(invocation.flags.integer("worker_memory")),
          .silence = invocation.flags.number("worker_timeout")};
}

}  // namespace bw
