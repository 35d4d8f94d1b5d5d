// Standard output: what becomes of a result that cannot be written there.
#include <signal.h>

#include <catch2/catch_test_macros.hpp>

#include "program/program.h"
#include "program/world.h"

namespace bw::test {
namespace {

Setting onto(const std::filesystem::path& output) {
  Setting setting;
  setting.output = output;
  return setting;
}

Setting where_nobody_reads() {
  Setting setting;
  setting.nobody_reads = true;
  return setting;
}

}  // namespace

TEST_CASE("a result that cannot be written is no success") {
  const World world;
  const std::string model = world.path("cnn.onnx");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"methods"},
                                                {"methods", "--json"},
                                                {"inspect", model},
                                                {"--help"},
                                                {"--version"},
                                                {"bench", "--help"},
                                                {"doctor"},
                                                {"runs", "list"},
                                                {"data", "keys"}}) {
    INFO(words.front() << " " << words.back());
    const Outcome outcome = bitwright(words, onto("/dev/full"));
    CHECK(outcome.code == 3);
    CHECK(outcome.err.starts_with("bitwright: standard output: the result could not be written: No space left"));
  }
}

TEST_CASE("a reader who has seen enough ends the program as it ends every tool in a pipe") {
  const World world;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"methods"}, {"methods", "--json"}, {"inspect", world.path("cnn.onnx")}, {"--help"}}) {
    INFO(words.front() << " " << words.back());
    const Outcome outcome = bitwright(words, where_nobody_reads());
    CHECK(outcome.signal == SIGPIPE);
    CHECK(outcome.err == "");
  }
}

TEST_CASE("an error keeps its exit code and its words where nobody reads the result") {
  const Outcome outcome = bitwright({"inspect", "/nowhere.onnx", "--json"}, where_nobody_reads());
  CHECK(outcome.code == 3);
  CHECK(has(outcome.err, "/nowhere.onnx"));
}

TEST_CASE("work is done to its end when nobody reads what is said of it") {
  const World world;
  Setting setting = where_nobody_reads();
  setting.folder = world.path();
  setting.environment["BITWRIGHT_STORE"] = world.path("runs.db");
  const Outcome outcome = bitwright(
      {"bench", "cnn.onnx", "--data", "data", "--methods", "fp16", "--latency-seconds", "0.05", "--quick", "-o", "out"},
      setting);
  INFO(outcome.err);
  CHECK(outcome.signal == SIGPIPE);
  CHECK(std::filesystem::exists(world / "out/report.json"));
  CHECK(std::filesystem::exists(world / "runs.db"));
}

}  // namespace bw::test
