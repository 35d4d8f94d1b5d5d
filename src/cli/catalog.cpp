#include "cli/catalog.h"

namespace bw {

std::span<const Command> commands() {
  static const std::vector<Command> kCommands{
      bench_command(),   quantize_command(),   inspect_command(), compare_command(), apply_command(),
      methods_command(), worker_command()};
  return kCommands;
}

}  // namespace bw
