// bitwright man: manual pages, of the same tables as help.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/version.h"
#include "cli/catalog.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/spelling.h"

namespace bw {
namespace {

struct ExitCode {
  int code;
  std::string_view says;
};
constexpr ExitCode kExitCodes[] = {{0, "done"},
                                   {1, "a defect of bitwright"},
                                   {2, "wrong usage"},
                                   {3, "bad input, or something that cannot be done with it"},
                                   {4, "a process that runs a model died"},
                                   {5, "a stated limit was not kept"},
                                   {130, "interrupted"}};

// Text as roff takes it: minus signs that can be copied, no line that looks like a request.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
    out += c == '\\' ? std::string("\\e") : c == '-' ? std::string("\\-") : std::string(1, c);
  }
  return out;
}

std::string bold(std::string_view text) {
  return fmt::format("\\fB{}\\fR", plain(text));
}

std::string italic(std::string_view text) {
  return fmt::format("\\fI{}\\fR", plain(text));
}

std::string entry(const std::string& term, std::string_view meaning) {
  return fmt::format(".TP\n{}\n{}\n", term, plain(meaning));
}

std::string page_name(std::string_view words) {
  std::string name = words.empty() ? "bitwright" : fmt::format("bitwright-{}", words);
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string begin(std::string_view words, std::string_view says) {
  const std::string name = page_name(words);
  std::string title = name;
  std::ranges::transform(title, title.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return fmt::format(".TH {} 1 \"\" \"bitwright {}\" \"\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n", plain(title), kVersion,
                     plain(name), plain(says));
}

std::string end(std::string_view example, std::string_view see_also) {
  std::string text = ".SH EXIT STATUS\n";
  for (const ExitCode& row : kExitCodes) text += entry(bold(std::to_string(row.code)), row.says);
  if (!example.empty()) text += fmt::format(".SH EXAMPLES\n{}\n", plain(example));
  return text + fmt::format(".SH SEE ALSO\n{}\n", see_also);
}

std::string flag_term(const Parameter& flag) {
  const std::string value = value_name(flag);
  return bold(shown_flag(flag)) + (value.empty() ? "" : " " + italic(value));
}

std::string page(const Command& command) {
  std::string text = begin(command.name, command.says) + plain(usage(command)) + "\n";
  if (!command.positionals.empty()) text += ".SH ARGUMENTS\n";
  for (const Positional& positional : command.positionals)
    text += entry(italic(shown_positional(positional)), positional.says);
  text += ".SH OPTIONS\n";
  for (const FlagGroup& group : by_heading(shown_flags(command))) {
    text += fmt::format(".SS {}\n", group.heading);
    for (const Parameter& flag : group.flags) text += entry(flag_term(flag), shown_meaning(flag));
  }
  return text + end(command.example, bold("bitwright") + "(1)");
}

std::string overview(std::string_view words, const std::vector<const Command*>& commands) {
  std::string text =
      begin(words, words.empty() ? "the smaller, faster version of a network, with proof" : "several commands");
  text += fmt::format("{} COMMAND [FLAG...]\n.SH DESCRIPTION\n{}\n.SH COMMANDS\n",
                      plain(words.empty() ? "bitwright" : fmt::format("bitwright {}", words)), plain(kPurpose));
  std::string see_also;
  for (const Command* command : commands) {
    text += entry(bold(command->name), command->says);
    see_also += fmt::format("{}{}(1)", see_also.empty() ? "" : ", ", bold(page_name(command->name)));
  }
  return text + end(commands.front()->example, see_also);
}

constexpr Positional kPositionals[] = {
    {.name = "COMMAND", .says = "the command to describe; none: the program", .many = true, .optional = true}};

int run(const Invocation& invocation) {
  const std::string words = invocation.words("COMMAND");
  const std::vector<const Command*> commands = commands_named(words);
  put(commands.front()->name == words ? page(*commands.front()) : overview(words, commands));
  return 0;
}

}  // namespace

Command man_command() {
  return {.name = "man",
          .says = "write a manual page",
          .positionals = kPositionals,
          .flags = {},
          .run = run,
          .example = "bitwright man bench | man -l -"};
}

}  // namespace bw
