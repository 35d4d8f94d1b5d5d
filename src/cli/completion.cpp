// bitwright completion: what a shell needs to complete commands, flags and values, of the same tables as help.
#include <fmt/format.h>

#include "base/names.h"
#include "cli/catalog.h"
#include "cli/output.h"
#include "cli/spelling.h"

namespace bw {
namespace {

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

// One way to write a flag: "-o", "--output".
std::vector<std::string> spellings(const Parameter& flag) {
  std::vector<std::string> all;
  if (const std::string_view letter = short_name(flag); !letter.empty()) all.emplace_back(letter);
  const std::string shown = shown_flag(flag);
  all.push_back(shown.substr(shown.rfind("--")));
  return all;
}

// Commands by their first words, in their order; those of one word have no others.
struct FirstWord {
  std::string word;
  std::string says;
  std::vector<std::string> others;
};

std::vector<FirstWord> first_words() {
  std::vector<FirstWord> words;
  for (const Command* command : shown_commands()) {
    const std::size_t space = command->name.find(' ');
    const std::string first(command->name.substr(0, space));
    if (space == std::string_view::npos) {
      words.push_back({first, std::string(command->says), {}});
      continue;
    }
    const std::string second(command->name.substr(space + 1));
    if (words.empty() || words.back().word != first) words.push_back({first, "", {}});
    FirstWord& group = words.back();
    group.others.push_back(second);
    group.says = fmt::format("{}", fmt::join(group.others, ", "));
  }
  return words;
}

// In single quotes, as all three shells take it.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

constexpr std::string_view kBashBegin = R"(# Completes bitwright in bash: source <(bitwright completion bash)
_bitwright() {
    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD - 1]}"
    local command="${COMP_WORDS[1]}" flags="" values="" many="" files="yes" begun=""
    if [[ $word == "=" ]]; then  # --flag=
        word=""
    elif [[ $before == "=" ]]; then
        before="${COMP_WORDS[COMP_CWORD - 2]}"
    fi
)";

constexpr std::string_view kBashEnd = R"(    COMPREPLY=()
    if [[ -n $values ]]; then
        if [[ -n $many && $word == *,* ]]; then begun="${word%,*},"; fi
        mapfile -t COMPREPLY < <(compgen -P "$begun" -W "$values" -- "${word##*,}")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$word")
    fi
    if [[ -z $files ]]; then compopt +o default; fi
}
complete -o default -F _bitwright bitwright
)";

// What bash is to offer after a flag, or for an argument.
std::string bash_values(const Values& values) {
  if (values.files) return "values=\"\" files=\"yes\"";
  if (values.names.empty()) return "values=\"\" files=\"\"";
  return fmt::format("values={}{} files=\"\"", quoted(joined(values.names)), values.many ? " many=\"yes\"" : "");
}

std::string bash() {
  std::string groups, seconds;
  std::vector<std::string> firsts;
  for (const FirstWord& first : first_words()) {
    firsts.push_back(first.word);
    if (first.others.empty()) continue;
    groups += fmt::format("{}{}", groups.empty() ? "" : " | ", first.word);
    seconds += fmt::format("        \"2 {} \"*) values={} files=\"\" ;;\n", first.word, quoted(joined(first.others)));
  }
  firsts.insert(firsts.end(), {"--help", "--version"});
  std::string text(kBashBegin);
  text += fmt::format("    case \"$command\" in {}) command=\"$command ${{COMP_WORDS[2]}}\" ;; esac\n", groups);
  text += "    case \"$command\" in\n";
  for (const Command* command : shown_commands()) {
    std::vector<std::string> flags;
    for (const Parameter& flag : shown_flags(*command)) flags.push_back(spellings(flag).back());
    const Values first = command->positionals.empty() ? Values{} : values_of(command->positionals.front().name);
    text += fmt::format("        {})\n            {} flags={} ;;\n", quoted(command->name), bash_values(first),
                        quoted(joined(flags)));
  }
  text += "    esac\n    if [[ $word == -* ]]; then values=\"\"; fi\n    case \"$command $before\" in\n";
  for (const Command* command : shown_commands())
    for (const Parameter& flag : shown_flags(*command)) {
      if (value_name(flag).empty()) continue;
      std::string either;
      for (const std::string& spelling : spellings(flag))
        either += fmt::format("{}\"{} {}\"", either.empty() ? "" : " | ", command->name, spelling);
      text += fmt::format("        {}) {} ;;\n", either, bash_values(values_of(value_name(flag))));
    }
  text += "    esac\n    case \"$COMP_CWORD $command \" in\n";
  text += fmt::format("        \"1 \"*) values={} files=\"\" ;;\n", quoted(joined(firsts))) + seconds;
  return text + "    esac\n" + std::string(kBashEnd);
}

// A description as zsh's _arguments takes it within [...].
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

// "PATH:_files"
std::string zsh_values(std::string_view value_name) {
  const Values values = values_of(value_name);
  std::string how = values.files           ? "_files"
                    : values.many          ? fmt::format("_sequence compadd - {}", joined(values.names))
                    : values.names.empty() ? " "
                                           : fmt::format("({})", joined(values.names));
  return fmt::format("{}:{}", zsh_text(value_name), how);
}

std::string zsh_arguments(const Command& command) {
  std::string text = "_arguments -s";
  for (const Parameter& flag : shown_flags(command))
    for (const std::string& spelling : spellings(flag)) {
      const std::string value = value_name(flag);
      const bool is_long = spelling.starts_with("--");
      text += " \\\n      " +
              quoted(fmt::format("{}{}[{}]{}", spelling, !value.empty() && is_long ? "=" : "",
                                 zsh_text(shown_meaning(flag)), value.empty() ? "" : ":" + zsh_values(value)));
    }
  for (const Positional& positional : command.positionals)
    text += " \\\n      " + quoted(fmt::format("{}:{}",
                                               positional.many       ? "*"
                                               : positional.optional ? ":"
                                                                     : "",
                                               zsh_values(positional.name)));
  return text;
}

std::string zsh() {
  std::string text =
      "#compdef bitwright\n# Completes bitwright in zsh: source <(bitwright completion zsh)\n_bitwright() {\n";
  text += "  local -a words_here\n  case \"$CURRENT $words[2]\" in\n    \"2 \"*)\n      words_here=(";
  for (const FirstWord& first : first_words())
    text += " " + quoted(fmt::format("{}:{}", first.word, zsh_text(first.says)));
  text += ")\n      _describe command words_here\n      return ;;\n";
  for (const FirstWord& first : first_words())
    if (!first.others.empty())
      text += fmt::format("    \"3 {}\") compadd - {}; return ;;\n", first.word, joined(first.others));
  text += "  esac\n  local command=\"$words[2]\"\n  shift words; (( CURRENT-- ))\n";
  for (const FirstWord& first : first_words())
    if (!first.others.empty())
      text += fmt::format("  if [[ $command == {} ]]; then command+=\" $words[2]\"; shift words; (( CURRENT-- )); fi\n",
                          first.word);
  text += "  case \"$command\" in\n";
  for (const Command* command : shown_commands())
    text += fmt::format("    {}) {} ;;\n", quoted(command->name), zsh_arguments(*command));
  return text +
         "  esac\n}\n"
         "if [[ $funcstack[1] == _bitwright ]]; then _bitwright \"$@\"; else compdef _bitwright bitwright; fi\n";
}

constexpr std::string_view kFishBegin = R"fish(# Completes bitwright in fish: bitwright completion fish | source
function __bitwright_is
    string match -q -- "bitwright $argv *" "$(string join -- ' ' (commandline -opc)) "
end
function __bitwright_begins
    test "$(string join -- ' ' (commandline -opc))" = (string trim "bitwright $argv")
end
)fish";

// "-x -a 'int8-static fp16'"
std::string fish_values(const Values& values) {
  if (values.files) return "-r -F";
  return values.names.empty() ? "-x" : fmt::format("-x -a {}", quoted(joined(values.names)));
}

std::string fish() {
  std::string text(kFishBegin);
  const auto add = [&](const std::string& where, const std::string& what) {
    text += fmt::format("complete -c bitwright -n {} {}\n", quoted(where), what);
  };
  add("__bitwright_begins", "-l version -d 'the version of the program'");
  for (const FirstWord& first : first_words()) {
    add("__bitwright_begins", fmt::format("-f -a {} -d {}", first.word, quoted(first.says)));
    for (const std::string& second : first.others)
      add(fmt::format("__bitwright_begins {}", first.word), fmt::format("-f -a {}", second));
  }
  for (const Command* command : shown_commands()) {
    const std::string here = fmt::format("__bitwright_is {}", command->name);
    const Values first = command->positionals.empty() ? Values{} : values_of(command->positionals.front().name);
    if (!first.files) add(here, first.names.empty() ? "-f" : fmt::format("-f -a {}", quoted(joined(first.names))));
    for (const Parameter& flag : shown_flags(*command)) {
      std::string spelled;
      for (const std::string& spelling : spellings(flag))
        spelled += spelling.starts_with("--") ? fmt::format("-l {} ", spelling.substr(2))
                                              : fmt::format("-s {} ", spelling.substr(1));
      const std::string value = value_name(flag);
      add(here, fmt::format("{}{}-d {}", spelled, value.empty() ? "" : fish_values(values_of(value)) + " ",
                            quoted(shown_meaning(flag))));
    }
  }
  return text;
}

struct Shell {
  std::string_view name;
  std::string (*script)();
};
constexpr Shell kShells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

constexpr Positional kPositionals[] = {
    {.name = "SHELL", .says = "bash, zsh or fish", .many = false, .optional = false}};

int run(const Invocation& invocation) {
  put(entry_named("shell", invocation.the("SHELL"), kShells).script());
  return 0;
}

}  // namespace

Command completion_command() {
  return {.name = "completion",
          .says = "write what a shell needs to complete bitwright's commands, flags and values",
          .positionals = kPositionals,
          .flags = {},
          .run = run,
          .example = "source <(bitwright completion bash)"};
}

}  // namespace bw
