// our shape inference beside the onnx library's: seconds for a model, and what each knows of its values
//
// perf_inference [MODEL.onnx...]   Without arguments: the models of the zoo (BITWRIGHT_ZOO). Types of everything that
// nodes make are forgotten and inferred by both, in turn. ours, theirs: the sums of the medians over the models; ratio:
// theirs over ours. It holds if ours contradicts nothing and knows all that the library knows.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/json.h"
#include "format/onnx/onnx.h"
#include "format/types_compared.h"
#include "graph/infer.h"

namespace bw {
namespace {

constexpr int kRounds = 5;

double seconds(const auto& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

struct Sums {
  test::TypesCompared types;
  double ours = 0, theirs = 0;
};

void run(const fs::path& path, Sums& sums) {
  Graph bare = onnx::inline_functions(onnx::read(path));
  Graph stated = bare;
  infer(stated);  // throws where a rule contradicts what the model states
  test::forget_types(bare);
  Graph ours, theirs;
  std::vector<double> our_times, their_times;
  for (int round = 0; round < kRounds; ++round) {
    ours = theirs = bare;
    our_times.push_back(seconds([&] { infer(ours); }));
    their_times.push_back(seconds([&] { onnx::infer_types(theirs); }));
  }
  test::TypesCompared types;
  types.add(ours, theirs, path.filename().string());
  sums.types.add(ours, theirs, path.filename().string());
  sums.ours += median(our_times);
  sums.theirs += median(their_times);
  fmt::print("{:<32} {:>6} nodes {:>9.2f} ms {:>9.2f} ms   equal {:>6}, better {:>5}, worse {:>4}, contradictory {}\n",
             path.filename().string(), bare.nodes.size(), 1e3 * median(our_times), 1e3 * median(their_times),
             types.counts[test::Verdict::Equal], types.counts[test::Verdict::Better],
             types.counts[test::Verdict::Worse], types.counts[test::Verdict::Contradictory]);
}

int main_of(const std::vector<std::string>& paths) {
  Sums sums;
  for (const std::string& path : paths) {
    try {
      run(path, sums);
    } catch (const Error& error) {
      sums.types.contradictions.push_back(path + ": " + error.what());
    }
  }
  for (const std::string& line : sums.types.examples) fmt::print("worse: {}\n", line);
  for (const std::string& line : sums.types.contradictions) fmt::print("contradictory: {}\n", line);
  const bool holds = sums.types.contradictions.empty() && sums.types.worse.empty();
  fmt::print("{}\n", Json({{"name", "inference"},
                           {"ours", sums.ours},
                           {"theirs", sums.theirs},
                           {"ratio", sums.theirs / sums.ours},
                           {"low", nullptr},
                           {"high", nullptr},
                           {"goal", 1},
                           {"holds", holds && sums.theirs >= sums.ours}})
                         .dump());
  return 0;
}

}  // namespace
}  // namespace bw

int main(int argc, char** argv) {
  std::vector<std::string> paths(argv + 1, argv + argc);
  const char* zoo = std::getenv("BITWRIGHT_ZOO");
  if (paths.empty() && zoo)
    for (const auto& entry : bw::fs::directory_iterator(bw::fs::path(zoo) / "models"))
      if (entry.path().extension() == ".onnx") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return bw::main_of(paths);
}
