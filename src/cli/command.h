// A command of the program: one file in cli/ and one line in the list of catalog.cpp. Its flags, help, manual page,
// JSON form and tab completion come from its tables.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/console.h"
#include "base/parameter.h"

namespace bw {

struct Positional {
  std::string_view name;  // as shown in help: MODEL
  std::string_view says;
  bool many = false;  // takes all that follow; at least one, unless it is optional
  bool optional = false;
};

// What the command line said, checked against the tables.
struct Invocation {
  std::map<std::string, std::vector<std::string>, std::less<>> positionals;
  Arguments flags;
  bool json = false, quiet = false;
  int threads = 0;
  std::uint64_t seed = 0;
  const Console* console = &nobody();  // hears what the command says while it works
  std::stop_token stop = {};
  std::string line;  // the whole command line, quoted for a shell

  const std::string& the(std::string_view positional) const;               // of one value; "" when left out
  const std::vector<std::string>& all(std::string_view positional) const;  // of many values
  std::string words(std::string_view positional) const;                    // of many values, in one text
};

struct Command {
  std::string_view name;  // "bench", or "data check"
  std::string_view says;
  std::span<const Positional> positionals;
  std::span<const Parameter> flags;  // "--name VALUE"; Flag parameters: --name and --no-name
  int (*run)(const Invocation& invocation);
  std::string_view example = {};  // a whole line that works
  bool hidden = false;
};

std::span<const Command> commands();
// What every command takes beside its own.
std::span<const Parameter> flags_of_all();

// Parses argv, runs the command and turns errors into one sentence on stderr and an exit code.
int run_program(int argc, char** argv);

}  // namespace bw
