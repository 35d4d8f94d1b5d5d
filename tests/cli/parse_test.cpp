// From argv to what was asked for: values as the tables type them, and one sentence for each word that they do not
// have.
#include "cli/parse.h"

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"

namespace bw {
namespace {

Asked asked(std::vector<std::string> words) {
  words.insert(words.begin(), "/usr/local/bin/bitwright");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return parse(static_cast<int>(words.size()), argv.data());
}

Invocation invoked(const std::vector<std::string>& words) {
  return std::get<Run>(asked(words)).invocation;
}

std::string refused(const std::vector<std::string>& words) {
  try {
    asked(words);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Usage);
    return error.what();
  }
  return "";
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("a command gets its words, its flags and the defaults of those left out") {
  const Run run = std::get<Run>(asked({"bench", "a.onnx", "b.onnx", "--data", "d", "--latency-seconds", "500ms"}));
  CHECK(run.command->name == "bench");
  CHECK(run.invocation.all("MODEL") == Words{"a.onnx", "b.onnx"});
  CHECK(run.invocation.the("MODEL") == "a.onnx");
  CHECK(run.invocation.words("MODEL") == "a.onnx b.onnx");
  CHECK(run.invocation.flags.text("data") == "d");
  CHECK(run.invocation.flags.number("latency_seconds") == 0.5);
  CHECK(run.invocation.flags.integer("calibration_samples") == 1000);
  CHECK(run.invocation.flags.flag("baseline"));
  CHECK_FALSE(run.invocation.flags.flag("quick"));
  CHECK(run.invocation.seed == 0);
  CHECK_FALSE(run.invocation.json);
  CHECK_FALSE(run.invocation.quiet);
  CHECK(run.invocation.threads == 0);
}

TEST_CASE("flags mean the same however they are written") {
  CHECK(invoked({"bench", "m", "-o", "out"}).flags.text("output") == "out");
  CHECK(invoked({"bench", "m", "--output=out"}).flags.text("output") == "out");
  CHECK(invoked({"bench", "--output", "out", "m"}).the("MODEL") == "m");
  CHECK_FALSE(invoked({"bench", "m", "--no-baseline"}).flags.flag("baseline"));
  CHECK(invoked({"bench", "m", "--no-baseline", "--baseline"}).flags.flag("baseline"));
  CHECK(invoked({"bench", "m", "--max-size", "5MB"}).flags.integer("max_size") == 5'000'000);
  CHECK(invoked({"bench", "m", "--threads", "2", "--seed", "7", "--json", "--quiet"}).threads == 2);
  CHECK(invoked({"bench", "m", "--seed", "7"}).seed == 7);
  CHECK(invoked({"bench", "m", "--json"}).json);
  CHECK(invoked({"bench", "m", "--quiet"}).quiet);
  CHECK(invoked({"bench", "--", "--odd.onnx"}).the("MODEL") == "--odd.onnx");
}

TEST_CASE("a word of many takes one, two or more") {
  CHECK(invoked({"bench", "a"}).all("MODEL") == Words{"a"});
  CHECK(invoked({"bench", "a", "--quick", "b", "c"}).all("MODEL") == Words{"a", "b", "c"});
}

TEST_CASE("a command of two words is found, and a word that may be left out is empty") {
  CHECK(std::get<Run>(asked({"data", "check", "folder"})).command->name == "data check");
  CHECK(std::get<Run>(asked({"runs", "list"})).command->name == "runs list");
  const Invocation help = invoked({"help"});
  CHECK(help.words("COMMAND").empty());
  CHECK(help.the("COMMAND").empty());
  CHECK(invoked({"help", "data", "check"}).words("COMMAND") == "data check");
}

TEST_CASE("help and version are asked for wherever their flags stand") {
  CHECK(std::get<Help>(asked({"--help"})).words.empty());
  CHECK(std::get<Help>(asked({"runs", "--help"})).words == "runs");
  CHECK(std::get<Help>(asked({"data", "check", "-h"})).words == "data check");
  CHECK(std::get<Help>(asked({"bench", "m", "--help"})).words == "bench");
  CHECK(std::holds_alternative<Version>(asked({"--version"})));
}

TEST_CASE("the line can be given to a shell again") {
  CHECK(invoked({"bench", "m.onnx", "--data", "d"}).line == "bitwright bench m.onnx --data d");
  CHECK(invoked({"bench", "my model.onnx"}).line == "bitwright bench 'my model.onnx'");
  CHECK(invoked({"bench", "it's"}).line == "bitwright bench 'it'\\''s'");
  CHECK(invoked({"bench", "m", "--data", "$HOME/*"}).line == "bitwright bench m --data '$HOME/*'");
  CHECK(invoked({"quantize", "m", "--recipe", ""}).line == "bitwright quantize m --recipe ''");
  CHECK(invoked({"bench", "a:b@c+1,%_.onnx"}).line == "bitwright bench a:b@c+1,%_.onnx");
}

TEST_CASE("every word that the tables do not have is refused by name, with what was probably meant") {
  struct Row {
    Words words;
    std::string says;
  };
  for (const auto& [words, says] : std::vector<Row>{
           {{"bnech", "m"}, "there is no command 'bnech'. Did you mean 'bench'?"},
           {{"runs", "lits"}, "there is no command 'runs lits'. Did you mean 'runs list'?"},
           {{"bench", "m", "--dta", "d"}, "there is no flag '--dta'. Did you mean '--data'?"},
           {{"bench", "m", "--dta=d"}, "there is no flag '--dta'. Did you mean '--data'?"},
           {{"bench", "m", "--no-basline"}, "there is no flag '--no-basline'. Did you mean '--no-baseline'?"},
           {{"bench"}, "MODEL is missing. Usage: bitwright bench MODEL... [FLAG...]. For example: bitwright bench "},
           {{"compare", "a"}, "OTHER is missing"},
           {{"compare", "a", "b", "c"}, "'c' is one too many"},
           {{"doctor", "x"}, "'x' is one too many"},
           {{"bench", "m", "--data", "a", "--data", "b"}, "--data is given 2 times"},
           {{"bench", "m", "--seed", "x"}, "--seed is 'x', but must be a whole number from 0 to 9"},
           {{"bench", "m", "--threads", "2000"}, "--threads is '2000', but must be a whole number from 0 to 1024"},
           {{"bench", "m", "--threads", "-1"}, "--threads is '-1', but must be a whole number from 0 to 1024"},
           {{"bench", "m", "--calibration-samples", "0"}, "--calibration-samples is '0', but must be"},
           {{"bench", "m", "--latency-seconds", "3 kg"}, "--latency-seconds is '3 kg', but must be"},
           {{"bench", "m", "--data"}, "--data"},
           {{"runs"}, "runs: no command is given. There are: runs list, runs show, runs compare, runs schema"},
           {{"--verson"}, "there is no flag '--verson'. Did you mean '--version'?"},
       }) {
    std::string line;
    for (const std::string& word : words) line += " " + word;
    INFO(line);
    const std::string sentence = refused(words);
    INFO(sentence);
    CHECK(sentence.find(says) != std::string::npos);
  }
}

}  // namespace bw
