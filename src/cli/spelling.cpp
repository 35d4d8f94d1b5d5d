#include "cli/spelling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/names.h"
#include "method/method.h"
#include "run/runtime.h"
#include "target/target.h"

namespace bw {
namespace {

using Names = std::vector<std::string>;

template <class Entries>
Names all_of(const Entries& entries) {
  const std::vector<std::string_view> names = names_of(entries);
  return {names.begin(), names.end()};
}

Names recipe_names() {
  return all_of(methods());
}

// Recipes and groups of them.
Names bench_names() {
  Names names = group_names();
  const Names recipes = recipe_names();
  names.insert(names.end(), recipes.begin(), recipes.end());
  return names;
}

Names target_names() {
  return all_of(targets());
}

Names runtime_names() {
  return all_of(runtimes());
}

// The first words of commands, each once.
Names first_words() {
  Names words;
  for (const Command* command : shown_commands()) {
    std::string word(command->name.substr(0, command->name.find(' ')));
    if (std::ranges::find(words, word) == words.end()) words.push_back(std::move(word));
  }
  return words;
}

Names shells() {
  return {"bash", "zsh", "fish"};
}

struct NamedValues {
  std::string_view name;
  Names (*names)();
  bool many = false;
};
constexpr NamedValues kValues[] = {
    {"RECIPE", recipe_names},   {"METHODS", bench_names, true},    {"TARGET", target_names},
    {"RUNTIME", runtime_names}, {"RUNTIMES", runtime_names, true}, {"COMMAND", first_words},
    {"SHELL", shells}};
constexpr std::string_view kFiles[] = {"FILE",      "FOLDER",   "PATH",  "CMD",  "MODEL", "FLOAT",
                                       "QUANTIZED", "ORIGINAL", "OTHER", "PLAN", "DATA"};

bool on_by_itself(const Parameter& flag) {
  return flag.type == Parameter::Type::Flag && flag.standard == "yes";
}

}  // namespace

std::string flag_name(const Parameter& flag) {
  std::string name(flag.name);
  std::ranges::replace(name, '_', '-');
  return "--" + name;
}

std::string_view short_name(const Parameter& flag) {
  return flag.name == "output" ? "-o" : flag.name == "help" ? "-h" : "";
}

std::string shown_flag(const Parameter& flag) {
  if (on_by_itself(flag)) return "--no-" + flag_name(flag).substr(2);
  const std::string_view letter = short_name(flag);
  return fmt::format("{}{}{}", letter, letter.empty() ? "" : ", ", flag_name(flag));
}

std::string value_name(const Parameter& flag) {
  if (flag.type == Parameter::Type::Flag) return "";
  if (!flag.takes.empty()) return std::string(flag.takes);
  if (flag.type == Parameter::Type::Choice) return std::string(flag.choices);
  std::string name(name_of(flag.type));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

std::string shown_meaning(const Parameter& flag) {
  if (on_by_itself(flag)) return fmt::format("do not {}", flag.says);
  const bool plain = flag.standard.empty() || flag.type == Parameter::Type::Flag;
  return plain ? std::string(flag.says) : fmt::format("{} [{}]", flag.says, flag.standard);
}

std::string shown_positional(const Positional& positional) {
  const std::string name = fmt::format("{}{}", positional.name, positional.many ? "..." : "");
  return positional.optional ? "[" + name + "]" : name;
}

std::string usage(const Command& command) {
  std::string line = fmt::format("bitwright {}", command.name);
  for (const Positional& positional : command.positionals) line += " " + shown_positional(positional);
  return line + " [FLAG...]";
}

std::vector<Parameter> shown_flags(const Command& command) {
  std::vector<Parameter> flags(command.flags.begin(), command.flags.end());
  flags.insert(flags.end(), flags_of_all().begin(), flags_of_all().end());
  std::erase_if(flags, [](const Parameter& flag) { return flag.hidden; });
  return flags;
}

std::vector<FlagGroup> by_heading(const std::vector<Parameter>& flags) {
  std::vector<FlagGroup> groups;
  for (const Parameter& flag : flags) {
    auto group = std::ranges::find(groups, flag.heading, &FlagGroup::heading);
    if (group == groups.end()) group = groups.insert(groups.end(), {flag.heading, {}});
    group->flags.push_back(flag);
  }
  return groups;
}

std::vector<const Command*> shown_commands() {
  std::vector<const Command*> shown;
  for (const Command& command : commands())
    if (!command.hidden) shown.push_back(&command);
  return shown;
}

std::vector<const Command*> commands_named(std::string_view words) {
  std::vector<const Command*> found, beside;
  const std::string group(words.substr(0, words.find(' ') + 1));  // "runs " of "runs lits"
  for (const Command* command : shown_commands()) {
    if (words.empty() || command->name == words || command->name.starts_with(fmt::format("{} ", words)))
      found.push_back(command);
    if (!group.empty() && command->name.starts_with(group)) beside.push_back(command);
  }
  if (!found.empty()) return found;
  const Names first = first_words();
  std::vector<std::string_view> known(first.begin(), first.end());
  if (!beside.empty()) known.clear();
  for (const Command* command : beside) known.push_back(command->name);
  throw no_such("command", beside.empty() ? words.substr(0, words.find(' ')) : words, known);
}

Values values_of(std::string_view value_name) {
  for (const NamedValues& values : kValues)
    if (values.name == value_name) return {.names = values.names(), .many = values.many};
  if (std::ranges::find(kFiles, value_name) != std::end(kFiles)) return {.names = {}, .files = true};
  if (value_name.find('|') == std::string_view::npos) return {};
  const std::vector<std::string_view> choices = split(value_name, '|');
  return {.names = {choices.begin(), choices.end()}};
}

}  // namespace bw
