// How the commands' tables are spelled in help, manual and completion; and what must hold of every entry.
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "base/error.h"
#include "cli/catalog.h"
#include "cli/help.h"
#include "cli/spelling.h"

namespace bw {
namespace {

const Command& command(std::string_view name) {
  for (const Command& each : commands())
    if (each.name == name) return each;
  throw std::out_of_range(std::string(name));
}

const Parameter& flag(std::string_view of, std::string_view name) {
  for (const std::span<const Parameter> table : {command(of).flags, flags_of_all()})
    for (const Parameter& each : table)
      if (each.name == name) return each;
  throw std::out_of_range(std::string(name));
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string_view> names(const std::vector<const Command*>& commands) {
  std::vector<std::string_view> all;
  for (const Command* each : commands) all.push_back(each->name);
  return all;
}

}  // namespace

TEST_CASE("every command has a purpose, an example of itself, and flags that are named once and described") {
  std::set<std::string_view> seen;
  for (const Command& each : commands()) {
    INFO(each.name);
    CHECK(seen.insert(each.name).second);
    CHECK_FALSE(each.says.empty());
    CHECK(each.run != nullptr);
    if (each.hidden) continue;
    CHECK(has(std::string(each.example), "bitwright " + std::string(each.name)));
    std::set<std::string> flags;
    for (const Parameter& shown : shown_flags(each)) {
      INFO(shown.name);
      CHECK(flags.insert(flag_name(shown)).second);
      CHECK_FALSE(shown.says.empty());
      CHECK_FALSE(shown.heading.empty());
      if (!shown.standard.empty()) CHECK(complaint(shown, shown.standard).empty());
    }
    for (const Positional& positional : each.positionals) CHECK_FALSE(positional.says.empty());
  }
}

TEST_CASE("flags, values and meanings are spelled as people write them") {
  CHECK(flag_name(flag("bench", "max_size")) == "--max-size");
  CHECK(short_name(flag("bench", "output")) == "-o");
  CHECK(short_name(flag("bench", "help")) == "-h");
  CHECK(short_name(flag("bench", "data")).empty());
  CHECK(shown_flag(flag("bench", "output")) == "-o, --output");
  CHECK(shown_flag(flag("bench", "resume")) == "--resume");
  CHECK(shown_flag(flag("bench", "baseline")) == "--no-baseline");
  CHECK(value_name(flag("bench", "data")) == "PATH");
  CHECK(value_name(flag("bench", "max_size")) == "BYTES");
  CHECK(value_name(flag("bench", "latency_seconds")) == "SECONDS");
  CHECK(value_name(flag("bench", "seed")) == "INTEGER");
  CHECK(value_name(flag("bench", "quick")).empty());
  CHECK(shown_meaning(flag("runs list", "limit")) == "how many to list, the newest first [20]");
  CHECK(shown_meaning(flag("bench", "baseline")).starts_with("do not "));
  CHECK_FALSE(has(shown_meaning(flag("bench", "quick")), "["));
  CHECK(usage(command("bench")) == "bitwright bench MODEL... [FLAG...]");
  CHECK(usage(command("help")) == "bitwright help [COMMAND...] [FLAG...]");
  CHECK(usage(command("runs compare")) == "bitwright runs compare FIRST SECOND [FLAG...]");
}

TEST_CASE("what is hidden is in no list") {
  for (const Command* each : shown_commands()) CHECK(each->name != "worker");
  for (const Parameter& each : shown_flags(command("bench"))) CHECK(each.name != "unchecked");
  CHECK_FALSE(has(help("", 0), "worker"));
  CHECK_FALSE(has(help("bench", 0), "--unchecked"));
}

TEST_CASE("flags stand beneath their headings in the order of the first ones") {
  std::vector<std::string_view> headings;
  std::size_t count = 0;
  const std::vector<Parameter> flags = shown_flags(command("bench"));
  for (const FlagGroup& group : by_heading(flags)) {
    headings.push_back(group.heading);
    count += group.flags.size();
    for (const Parameter& each : group.flags) CHECK(each.heading == group.heading);
  }
  CHECK(count == flags.size());
  CHECK(std::set(headings.begin(), headings.end()).size() == headings.size());
  CHECK(headings.front() == flags.front().heading);
  CHECK(headings.back() == "Everywhere");
}

TEST_CASE("commands are found by the words that their names begin with") {
  CHECK(names(commands_named("")) == names(shown_commands()));
  CHECK(names(commands_named("data")) == std::vector<std::string_view>{"data check", "data keys"});
  CHECK(names(commands_named("data check")) == std::vector<std::string_view>{"data check"});
  CHECK(names(commands_named("bench")) == std::vector<std::string_view>{"bench"});
  CHECK_THROWS_AS(commands_named("dat"), Error);
  CHECK_THROWS_AS(commands_named("bench m.onnx"), Error);
}

TEST_CASE("what can stand for a value is known by its name") {
  CHECK(values_of("SHELL").names == std::vector<std::string>{"bash", "zsh", "fish"});
  CHECK(values_of("u8|s8").names == std::vector<std::string>{"u8", "s8"});
  CHECK(values_of("METHODS").many);
  CHECK(values_of("METHODS").names.front() == "all");
  CHECK_FALSE(values_of("RECIPE").many);
  CHECK_FALSE(values_of("RECIPE").names.empty());
  CHECK(values_of("MODEL").files);
  CHECK(values_of("PATH").files);
  CHECK_FALSE(values_of("BYTES").files);
  CHECK(values_of("BYTES").names.empty());
}

TEST_CASE("help explains one command, lists a group, and keeps to the width") {
  const std::string bench = help("bench", 80);
  CHECK(bench.starts_with("bitwright bench: "));
  CHECK(has(bench, "\nUsage: bitwright bench MODEL... [FLAG...]\n"));
  CHECK(has(bench, "\n  --max-size BYTES                most bytes of a model; 0: no limit [0]\n"));
  CHECK(has(bench, "\nFor example: bitwright bench "));
  const std::string runs = help("runs", 80);
  CHECK(has(runs, "\n  runs compare  "));
  CHECK_FALSE(has(runs, "\n  bench"));
  CHECK(has(help("", 80), "\n  bench "));
  for (const char* words : {"", "bench", "quantize", "data check"})
    for (const std::size_t width : {60, 80, 100}) {
      const std::string text = help(words, width);
      for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
        const std::string line = text.substr(begin, end - begin);
        INFO(line);
        // Lines to be copied are not broken.
        const bool whole = line.find("bitwright") != std::string::npos;
        CHECK((whole || line.size() <= width));
      }
    }
}

}  // namespace bw
