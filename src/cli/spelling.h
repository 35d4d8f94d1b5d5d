// How the tables of commands are spelled on a command line: the one place for parser, help, manual and completion.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace bw {

std::string flag_name(const Parameter& flag);        // "--max-size"
std::string_view short_name(const Parameter& flag);  // "-o"; "" where there is none
// As people should write it: "-o, --output", "--resume", "--no-baseline" of one that is on by itself.
std::string shown_flag(const Parameter& flag);
std::string value_name(const Parameter& flag);  // "FILE", "BYTES", "u8|s8"; "" where it takes no value
// "how many to list [20]"
std::string shown_meaning(const Parameter& flag);
std::string shown_positional(const Positional& positional);  // "MODEL...", "[COMMAND]"
// "bitwright bench MODEL... [FLAG...]"
std::string usage(const Command& command);

// A command's own and those of all, without the hidden ones.
std::vector<Parameter> shown_flags(const Command& command);

// Flags by the headings that they stand beneath, in the order of their first ones.
struct FlagGroup {
  std::string_view heading;
  std::vector<Parameter> flags;
};
std::vector<FlagGroup> by_heading(const std::vector<Parameter>& flags);

std::vector<const Command*> shown_commands();
// Commands whose name begins with these words: all of "", two or more of "data", one of "bench". UsageError when there
// is none.
std::vector<const Command*> commands_named(std::string_view words);

// What can stand for a value, by the value's name: for RECIPE the names of methods, for "u8|s8" its parts, for MODEL a
// file.
struct Values {
  std::vector<std::string> names;
  bool many = false;  // several of them, separated by commas
  bool files = false;
};
Values values_of(std::string_view value_name);

}  // namespace bw
