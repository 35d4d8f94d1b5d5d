// Two benches at once in one process, as a server runs them: nothing of the one shows in the other.
#include <catch2/catch_test_macros.hpp>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "bench/bench.h"
#include "measure/small_data.h"

using namespace bw;

namespace {

class Heard final : public Console {
 public:
  void say(std::string_view line) const override { keep(line); }
  void warn(std::string_view line) const override { keep(line); }
  void progress(std::string_view line, bool) const override { keep(line); }
  bool redraws() const override { return true; }

  bool speaks_of(std::string_view word) const {
    const std::lock_guard lock(mutex_);
    for (const std::string& line : lines_)
      if (line.find(word) != line.npos) return true;
    return false;
  }

 private:
  void keep(std::string_view line) const {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  }
  mutable std::mutex mutex_;
  mutable std::vector<std::string> lines_;
};

struct Shop {
  test::Case data{24};
  Heard console;
  std::stop_source stop;
  BenchOptions options;

  explicit Shop(const std::string& model) {
    options.models = {data.save(test::kWeights, (model + ".onnx").c_str())};
    test::dataset_of(data.folder, data.graph, data.x, data.y);
    options.data = data.folder.path() / "samples.npz";
    options.open.allow_overlap = true;
    options.output = data.folder.path() / "out";
    options.latency_seconds = 0.05;
    options.quick = true;
    options.recipes = {parse_recipe("int8-static"), parse_recipe("int8-static(observer=mse)")};
    options.console = &console;
    options.worker.stop = stop.get_token();
  }
  // What does not depend on the machine's mood.
  std::vector<std::string> found() const {
    std::vector<std::string> found;
    const Findings findings = bench(options);
    for (const CandidateFindings& row : findings.models.at(0).candidates) {
      INFO(row.reason);
      REQUIRE(row.artifact);
      found.push_back(row.name + " " + row.artifact->sha256);
      found.push_back(std::to_string(*row.accuracy_retention->value) + " " + std::to_string(row.artifact->bytes));
    }
    return found;
  }
};

}  // namespace

TEST_CASE("one of two benches is stopped, and the other finds and says what it does alone", "[bench]") {
  const std::vector<std::string> alone = Shop("one").found();
  CHECK(alone.size() == 4);
  Shop one("one"), other("other");
  one.options.threads = 1;
  other.options.threads = 2;
  other.options.seed = 7;
  bool stopped = false;
  std::jthread beside([&] {
    try {
      BenchListener listener;
      listener.row = [&](const ModelFindings&, const CandidateFindings&) { other.stop.request_stop(); };
      bench(other.options, listener);
    } catch (const Error& error) {
      stopped = error.kind() == ErrorKind::Interrupted;
    }
  });
  CHECK(one.found() == alone);
  beside.join();
  CHECK(stopped);
  CHECK(one.console.speaks_of("one: "));
  CHECK_FALSE(one.console.speaks_of("other"));
  CHECK(other.console.speaks_of("other: "));
  CHECK_FALSE(other.console.speaks_of("one: "));
}
