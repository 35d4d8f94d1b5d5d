#include "cli/catalog.h"

#include "cli/headings.h"

namespace bw {

std::span<const Command> commands() {
  static const std::vector<Command> kCommands{
      bench_command(),     quantize_command(),  inspect_command(),      compare_command(),     apply_command(),
      explain_command(),   profile_command(),   methods_command(),      data_check_command(),  data_keys_command(),
      runs_list_command(), runs_show_command(), runs_compare_command(), runs_schema_command(), doctor_command(),
      help_command(),      man_command(),       completion_command(),   worker_command()};
  return kCommands;
}

std::span<const Parameter> flags_of_all() {
  static constexpr Parameter kFlags[] = {
      {.name = "json",
       .type = Parameter::Type::Flag,
       .standard = "no",
       .says = "the result as JSON on standard output",
       .heading = kCommonHeading},
      {.name = "quiet",
       .type = Parameter::Type::Flag,
       .standard = "no",
       .says = "no progress on standard error",
       .heading = kCommonHeading},
      {.name = "threads",
       .type = Parameter::Type::Integer,
       .standard = "0",
       .says = "threads to use, 0 for all cores",
       .low = 0,
       .high = 1024,
       .heading = kCommonHeading},
      {.name = "seed",
       .type = Parameter::Type::Integer,
       .standard = "0",
       .says = "seed of everything random",
       .low = 0,
       .high = 9e18,
       .heading = kCommonHeading},
      {.name = "help",
       .type = Parameter::Type::Flag,
       .standard = "no",
       .says = "explain this command",
       .heading = kCommonHeading},
  };
  return kFlags;
}

}  // namespace bw
