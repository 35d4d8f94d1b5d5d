#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/catalog.h"
#include "cli/output.h"
#include "cli/spelling.h"
#include "report/figure_text.h"
#include "report/text_table.h"

namespace bw {
namespace {

constexpr std::size_t kColumn = 34;  // where meanings begin

// "  --max-size BYTES    most bytes of a model"; a longer term stands on a line of its own.
std::string entry(const std::string& term, std::string_view meaning, std::size_t column, std::size_t width) {
  std::string line = "  " + term;
  if (line.size() + 2 > column) line += "\n";
  line.append(line.back() == '\n' ? column : column - line.size(), ' ');
  const std::size_t room = width > column ? width - column : 0;
  return line + wrapped(meaning, room, column) + "\n";
}

std::string list(const std::vector<const Command*>& commands, std::size_t width) {
  std::size_t longest = 0;
  for (const Command* command : commands) longest = std::max(longest, command->name.size());
  std::string text;
  for (const Command* command : commands) text += entry(std::string(command->name), command->says, longest + 4, width);
  return text;
}

std::string page(const Command& command, std::size_t width) {
  std::string text =
      fmt::format("{}\n\nUsage: {}\n", wrapped(fmt::format("bitwright {}: {}", command.name, command.says), width, 0),
                  usage(command));
  if (!command.positionals.empty()) text += "\n";
  for (const Positional& positional : command.positionals)
    text += entry(shown_positional(positional), positional.says, kColumn, width);
  for (const FlagGroup& group : by_heading(shown_flags(command))) {
    text += fmt::format("\n{}\n", group.heading);
    for (const Parameter& flag : group.flags) {
      const std::string value = value_name(flag);
      text += entry(fmt::format("{}{}{}", shown_flag(flag), value.empty() ? "" : " ", value), shown_meaning(flag),
                    kColumn, width);
    }
  }
  return command.example.empty() ? text : fmt::format("{}\nFor example: {}\n", text, command.example);
}

constexpr Positional kPositionals[] = {
    {.name = "COMMAND", .says = "the command to explain; none: a list of all", .many = true, .optional = true}};

int run(const Invocation& invocation) {
  put(help(invocation.words("COMMAND"), style_of_stdout().width));
  return 0;
}

}  // namespace

std::string help(std::string_view words, std::size_t width) {
  const std::vector<const Command*> commands = commands_named(words);
  if (commands.front()->name == words) return page(*commands.front(), width);
  const std::string title = words.empty() ? wrapped(kPurpose, width, 0) : fmt::format("bitwright {}", words);
  return fmt::format("{}\n\n{}\nStart with: {}\n'bitwright help COMMAND' explains one.\n", title, list(commands, width),
                     commands.front()->example);
}

Command help_command() {
  return {.name = "help",
          .says = "explain a command",
          .positionals = kPositionals,
          .flags = {},
          .run = run,
          .example = "bitwright help bench"};
}

}  // namespace bw
