// From argv to a command and back to an exit code.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdio>

#include "base/error.h"
#include "base/json.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/version.h"
#include "cli/command.h"

namespace bw {
namespace {

// Where CLI11 puts what it reads, for one command.
struct Slots {
  std::map<std::string, std::vector<std::string>, std::less<>> positionals;
  std::map<std::string, std::string> flags;
};

void add_positional(CLI::App& app, const Positional& positional, Slots& slots) {
  std::vector<std::string>& slot = slots.positionals[std::string(positional.name)];
  CLI::Option* option = app.add_option(std::string(positional.name), slot, std::string(positional.says));
  option->required(!positional.optional)->type_name("");
  if (!positional.many) option->expected(positional.optional ? 0 : 1, 1)->allow_extra_args(false);
}

std::string flag_name(const Parameter& parameter) {
  std::string name(parameter.name);
  for (char& c : name)
    if (c == '_') c = '-';
  return name == "output" ? "-o,--output" : "--" + name;
}

void add_flag(CLI::App& app, const Parameter& parameter, Slots& slots) {
  const std::string name = flag_name(parameter), key(parameter.name);
  const std::string standard = parameter.standard.empty() ? "" : fmt::format(" [{}]", parameter.standard);
  if (parameter.type == Parameter::Type::Flag) {
    CLI::Option* yes = app.add_flag_callback(
        name, [&slots, key] { slots.flags[key] = "yes"; }, std::string(parameter.says) + standard);
    if (parameter.hidden) yes->group("");
    app.add_flag_callback("--no-" + name.substr(2), [&slots, key] { slots.flags[key] = "no"; })->group("");
    return;
  }
  app.add_option_function<std::string>(
         name, [&slots, key](const std::string& text) { slots.flags[key] = text; },
         std::string(parameter.says) + standard)
      ->type_name(std::string(parameter.type == Parameter::Type::Choice ? parameter.choices : name_of(parameter.type)));
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

// "data check" is the command check of the group data.
CLI::App& app_for(CLI::App& root, const Command& command) {
  CLI::App* parent = &root;
  std::string_view name = command.name;
  if (const std::size_t space = name.find(' '); space != std::string_view::npos) {
    const std::string group(name.substr(0, space));
    const auto existing = root.get_subcommands([&](const CLI::App* app) { return app->get_name() == group; });
    parent = existing.empty() ? root.add_subcommand(group, std::string(command.says))->require_subcommand(1)
                              : existing.front();
    name = name.substr(space + 1);
  }
  CLI::App* app = parent->add_subcommand(std::string(name), std::string(command.says));
  if (command.hidden) app->group("");
  return *app;
}

int report_error(const Error& error, bool json) {
  if (json) {
    const Json body{{"error",
                     {{"kind", name_of(error.kind())},
                      {"class", name_of(error.input_class())},
                      {"where", error.where()},
                      {"message", error.message()},
                      {"hint", error.hint()}}}};
    std::fputs(to_text(body).c_str(), stdout);
  }
  std::fputs(fmt::format("bitwright: {}\n", error.what()).c_str(), stderr);
  return exit_code(error.kind());
}

// "bnech", or "runs lits": what stands where a command should, when it is none.
void require_command(const CLI::App& root, int argc, char** argv) {
  const CLI::App* app = &root;
  const auto all = [](const CLI::App*) { return true; };
  for (int i = 1; i < argc && argv[i][0] != '-' && !app->get_subcommands(all).empty(); ++i) {
    const auto named = app->get_subcommands([&](const CLI::App* command) { return command->get_name() == argv[i]; });
    if (named.empty())
      throw Error(ErrorKind::Usage, fmt::format("there is no command '{}'", argv[i]), "",
                  "'bitwright --help' lists the commands");
    app = named.front();
  }
}

// Flushes stdout; a full disk or a closed pipe must not pass as success.
int finished(int code) {
  if (std::fflush(stdout) != 0 && code == 0)
    throw Error(ErrorKind::Input, "the result could not be written", "standard output", "Is the disk full?");
  return code;
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

namespace {

// The command that was given, as far as it was understood: "bitwright data check".
std::string words_of(const CLI::App& root) {
  std::string words = "bitwright";
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
    words += " " + app->get_name();
  }
  return words;
}

}  // namespace

int run_program(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  watch_interrupts();
  CLI::App root{"bitwright finds the smaller, faster version of a trained network that is worth shipping, with proof."};
  root.set_version_flag("--version", std::string(kVersion));
  root.require_subcommand(1);
  root.footer("Start with: bitwright bench MODEL.onnx --data FOLDER");

  bool json = false, quiet = false;
  int thread_count = 0;
  std::uint64_t seed = 0;
  std::vector<Slots> slots(commands().size());
  std::vector<CLI::App*> apps;
  for (std::size_t i = 0; i < commands().size(); ++i) {
    CLI::App& app = app_for(root, commands()[i]);
    for (const Positional& positional : commands()[i].positionals) add_positional(app, positional, slots[i]);
    for (const Parameter& flag : commands()[i].flags) add_flag(app, flag, slots[i]);
    app.add_flag("--json", json, "the result as JSON on standard output")->group("Everywhere");
    app.add_flag("--quiet", quiet, "no progress on standard error")->group("Everywhere");
    app.add_option("--threads", thread_count, "threads to use, 0 for all cores [0]")
        ->check(CLI::Range(0, 1024))
        ->type_name("integer")
        ->group("Everywhere");
    app.add_option("--seed", seed, "seed of everything random [0]")->type_name("integer")->group("Everywhere");
    apps.push_back(&app);
  }

  try {
    require_command(root, argc, argv);
    root.parse(argc, argv);
    set_verbosity(quiet ? Verbosity::Quiet : Verbosity::Normal);
    if (thread_count > 0) set_threads(thread_count);
    for (std::size_t i = 0; i < apps.size(); ++i) {
      if (!apps[i]->parsed()) continue;
      const Command& command = commands()[i];
      const Invocation invocation{.positionals = slots[i].positionals,
                                  .flags = Arguments(command.name, command.flags, slots[i].flags),
                                  .json = json,
                                  .threads = threads(),
                                  .seed = seed,
                                  .line = quoted(argc, argv)};
      return finished(command.run(invocation));
    }
    return exit_code(ErrorKind::Usage);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return root.exit(error);  // --help, --version
    return report_error(
        Error(ErrorKind::Usage, error.what(), "", fmt::format("'{} --help' shows what it takes", words_of(root))),
        json);
  } catch (const Error& error) {
    return report_error(error, json);
  } catch (const std::bad_alloc&) {
    return report_error(Error(ErrorKind::Internal, "out of memory"), json);
  } catch (const std::exception& error) {
    return report_error(Error(ErrorKind::Internal, error.what(), "", "This is a defect of bitwright; please report it"),
                        json);
  }
}

}  // namespace bw
