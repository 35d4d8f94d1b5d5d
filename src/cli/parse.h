// From argv to what was asked for.
#pragma once

#include <string>
#include <variant>

#include "cli/command.h"

namespace bw {

struct Run {
  const Command* command;
  Invocation invocation;
};
struct Help {
  std::string words;  // of the commands to explain: "", "runs", "runs list"
};
struct Version {};
using Asked = std::variant<Run, Help, Version>;

// UsageError for every word that the tables do not have, with the one that was probably meant.
Asked parse(int argc, char** argv);

}  // namespace bw
