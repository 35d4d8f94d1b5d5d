#include "cli/parse.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/names.h"
#include "cli/spelling.h"

namespace bw {
namespace {

// One command as CLI11 parses it. What is too much or missing is judged here, in its own words.
struct Parser {
  const Command* command;
  CLI::App* app;
  std::vector<std::pair<const Positional*, CLI::Option*>> positionals;
  std::vector<std::pair<const Parameter*, CLI::Option*>> flags;
};

void add_positional(Parser& parser, const Positional& positional) {
  CLI::Option* option = parser.app->add_option(std::string(positional.name));
  option->expected(positional.many ? -1 : 1)
      ->allow_extra_args(positional.many)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  parser.positionals.emplace_back(&positional, option);
}

void add_flag(Parser& parser, const Parameter& flag) {
  const std::string name = flag_name(flag);
  const std::string_view letter = short_name(flag);
  const std::string names = letter.empty() ? name : fmt::format("{},{}", letter, name);
  if (flag.name == "help") return void(parser.app->set_help_flag(names));
  CLI::Option* option = flag.type == Parameter::Type::Flag
                            ? parser.app->add_flag(fmt::format("{},!--no-{}", names, name.substr(2)))
                                  ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
                            : parser.app->add_option(names)
                                  ->type_name(value_name(flag))
                                  ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  parser.flags.emplace_back(&flag, option);
}

// "data check" is the command check of the group data.
CLI::App* app_for(CLI::App& root, const Command& command) {
  const auto within = [](CLI::App& parent, const std::string& name) {
    for (CLI::App* app : parent.get_subcommands([&](const CLI::App* app) { return app->get_name() == name; }))
      return app;
    CLI::App* app = parent.add_subcommand(name)->allow_extras()->require_subcommand(0, 1);
    app->set_help_flag("-h,--help");
    return app;
  };
  CLI::App* app = &root;
  for (const std::string_view word : split(command.name, ' ')) app = within(*app, std::string(word));
  return app;
}

Parser parser_for(CLI::App& root, const Command& command) {
  Parser parser{.command = &command, .app = app_for(root, command), .positionals = {}, .flags = {}};
  for (const Positional& positional : command.positionals) add_positional(parser, positional);
  for (const Parameter& flag : command.flags) add_flag(parser, flag);
  for (const Parameter& flag : flags_of_all()) add_flag(parser, flag);
  return parser;
}

// The command that was given, as far as it was understood: "data check".
std::string words_of(const CLI::App& root) {
  std::string words;
  for (const CLI::App* app = &root; !app->get_subcommands().empty();) {
    app = app->get_subcommands().front();
    words += (words.empty() ? "" : " ") + app->get_name();
  }
  return words;
}

std::string help_on(const std::string& words) {
  return fmt::format("'bitwright {}{}--help' shows what it takes", words, words.empty() ? "" : " ");
}

Error usage_error(std::string what, const std::string& words) {
  return Error(ErrorKind::Usage, std::move(what), "", help_on(words));
}

// The words that stand where a command should: "bnech", or "runs lits".
void require_command(int argc, char** argv) {
  std::string words;
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) {
    words += (words.empty() ? "" : " ") + std::string(argv[i]);
    if (std::ranges::find(commands(), words, &Command::name) != commands().end()) return;
    commands_named(words);
  }
}

void require_flag(std::string_view word, std::span<const Parameter> flags, const std::string& words) {
  if (word.size() < 2 || word.front() != '-' || word == "--") return;
  const std::string name(word.substr(0, word.find('=')));
  std::vector<std::string> known;
  for (const Parameter& flag : flags) {
    known.push_back(flag_name(flag));
    if (flag.type == Parameter::Type::Flag) known.push_back("--no-" + flag_name(flag).substr(2));
  }
  throw Error(ErrorKind::Usage, fmt::format("there is no flag '{}'", name), "",
              did_you_mean(name, {known.begin(), known.end()}) + help_on(words));
}

// What was left over, and what is missing.
void judge(const Parser& parser) {
  const std::string words(parser.command->name);
  const std::vector<Parameter> flags = shown_flags(*parser.command);
  const std::vector<std::string> extra = parser.app->remaining();
  for (const std::string& word : extra) require_flag(word, flags, words);
  for (const std::string& word : extra)
    if (word != "--")
      throw Error(ErrorKind::Usage, fmt::format("'{}' is one too many", word), "",
                  fmt::format("Usage: {}", usage(*parser.command)));
  for (const auto& [flag, option] : parser.flags)
    if (flag->type != Parameter::Type::Flag && option->count() > 1)
      throw usage_error(fmt::format("{} is given {} times", flag_name(*flag), option->count()), words);
  for (const auto& [positional, option] : parser.positionals)
    if (option->count() == 0 && !positional->optional)
      throw Error(ErrorKind::Usage, fmt::format("{} is missing", positional->name), "",
                  fmt::format("Usage: {}. For example: {}", usage(*parser.command), parser.command->example));
}

Arguments arguments_of(const Parser& parser, std::span<const Parameter> table) {
  std::map<std::string, std::string> given;
  for (const auto& [flag, option] : parser.flags) {
    if (option->count() == 0 || std::ranges::find(table, flag->name, &Parameter::name) == table.end()) continue;
    std::string text = option->results().back();
    if (flag->type == Parameter::Type::Flag) text = text == "true" ? "yes" : "no";
    if (const std::string wanted = complaint(*flag, text); !wanted.empty())
      throw usage_error(fmt::format("{} is '{}', but must be {}", flag_name(*flag), text, wanted),
                        std::string(parser.command->name));
    given.emplace(flag->name, text);
  }
  return {parser.command->name, table, given};
}

std::string quoted(int argc, char** argv) {
  std::string line;
  for (int i = 0; i < argc; ++i) {
    std::string word(i == 0 ? "bitwright" : argv[i]);
    if (word.empty() ||
        word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=./:,+@%") !=
            std::string::npos) {
      std::string escaped;
      for (const char c : word) escaped += c == '\'' ? std::string("'\\''") : std::string(1, c);
      word = "'" + escaped + "'";
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return line;
}

Invocation invocation_of(const Parser& parser, int argc, char** argv) {
  Invocation invocation{
      .positionals = {}, .flags = arguments_of(parser, parser.command->flags), .line = quoted(argc, argv)};
  for (const auto& [positional, option] : parser.positionals)
    invocation.positionals.emplace(positional->name, option->results());
  const Arguments all = arguments_of(parser, flags_of_all());
  invocation.json = all.flag("json");
  invocation.quiet = all.flag("quiet");
  invocation.threads = static_cast<int>(all.integer("threads"));
  invocation.seed = static_cast<std::uint64_t>(all.integer("seed"));
  return invocation;
}

// Words that name no command yet: none, or a group.
[[noreturn]] void refuse_incomplete(const CLI::App& root, const std::string& words) {
  constexpr Parameter kRootFlags[] = {{.name = "help", .type = Parameter::Type::Text, .standard = "", .says = ""},
                                      {.name = "version", .type = Parameter::Type::Text, .standard = "", .says = ""}};
  for (const std::string& word : root.remaining(true)) require_flag(word, kRootFlags, words);
  std::string names;
  for (const Command* command : commands_named(words))
    names += fmt::format("{}{}", names.empty() ? "" : ", ", command->name);
  throw Error(ErrorKind::Usage, "no command is given", words, fmt::format("There are: {}", names));
}

}  // namespace

const std::string& Invocation::the(std::string_view positional) const {
  static const std::string kNone;
  const auto& values = all(positional);
  return values.empty() ? kNone : values.front();
}

const std::vector<std::string>& Invocation::all(std::string_view positional) const {
  return positionals.find(positional)->second;
}

std::string Invocation::words(std::string_view positional) const {
  return fmt::format("{}", fmt::join(all(positional), " "));
}

Asked parse(int argc, char** argv) {
  require_command(argc, argv);
  CLI::App root;
  root.allow_extras()->require_subcommand(0, 1);
  root.set_version_flag("--version", "");
  std::vector<Parser> parsers;
  for (const Command& command : commands()) parsers.push_back(parser_for(root, command));
  try {
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Help{words_of(root)};
  } catch (const CLI::CallForVersion&) {
    return Version{};
  } catch (const CLI::ParseError& error) {
    throw usage_error(error.what(), words_of(root));
  }
  for (const Parser& parser : parsers) {
    if (!parser.app->parsed()) continue;
    judge(parser);
    return Run{parser.command, invocation_of(parser, argc, argv)};
  }
  refuse_incomplete(root, words_of(root));
}

}  // namespace bw
