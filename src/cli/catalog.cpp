#include "cli/catalog.h"

namespace bw {

std::span<const Command> commands() {
  static const std::vector<Command> kCommands{
      bench_command(),       quantize_command(),   inspect_command(),   compare_command(),   apply_command(),
      methods_command(),     data_check_command(), data_keys_command(), runs_list_command(), runs_show_command(), runs_compare_command(),
      runs_schema_command(), doctor_command(),     worker_command()};
  return kCommands;
}

}  // namespace bw
