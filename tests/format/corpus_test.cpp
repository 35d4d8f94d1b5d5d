// Every test model of the onnx package goes read -> write -> read unchanged in meaning, and ONNX Runtime gives
// bit-equal outputs before and after. deps/fetch test brings the models; without them this is skipped.
#include <unistd.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <map>

#include "base/error.h"
#include "format/onnx/onnx.h"
#include "format/ort_oracle.h"
#include "graph/verify.h"

namespace bw {
namespace {

struct Model {
  fs::path folder;
  std::string before, after;
};

std::vector<fs::path> corpus() {
  std::vector<fs::path> folders;
  if (fs::exists(BW_CORPUS))
    for (const auto& entry : fs::directory_iterator(BW_CORPUS))
      if (fs::exists(entry.path() / "model.onnx")) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  return folders;
}

// '=' equal, '!' different, 'l' and 'r' ONNX Runtime cannot load or run it either way, '?' random: differs from itself.
char compare(const Model& model) {
  const test::Run before = test::run_in_ort(model.before, model.folder);
  const test::Run after = test::run_in_ort(model.after, model.folder);
  if (before.state != after.state) return '!';
  if (before.state == test::Run::State::NotLoaded) return 'l';
  if (before.state == test::Run::State::NotRun) return 'r';
  if (before.outputs == after.outputs) return '=';
  return test::run_in_ort(model.before, model.folder).outputs == before.outputs ? '!' : '?';
}

}  // namespace

TEST_CASE("a child that dies or hangs is one row, and the next goes on") {
  const std::string answers = test::in_children(5, 0.3, [](std::size_t i) {
    if (i == 1) ::abort();
    if (i == 3) ::sleep(5);
    return static_cast<char>('a' + i);
  });
  CHECK(answers == "aXcTe");
}

TEST_CASE("test models of the onnx package: read, write, read, and equal outputs") {
  const std::vector<fs::path> folders = corpus();
  if (folders.empty()) SKIP("the models are not there: deps/fetch test");
  std::map<std::string, int> refused;
  std::vector<Model> models;
  for (const fs::path& folder : folders) {
    INFO(folder.filename().string());
    try {
      const Graph graph = onnx::read(folder / "model.onnx");
      std::string bytes = onnx::serialize(graph);
      const Graph again = onnx::parse(as_bytes(bytes), folder);
      CHECK(content_hash(again) == content_hash(graph));
      CHECK(onnx::serialize(again) == bytes);
      CHECK(onnx::sniff(as_bytes(bytes)));
      models.push_back({folder, read_file(folder / "model.onnx"), std::move(bytes)});
    } catch (const Error& error) {
      ++refused[error.message()];
    }
  }
  const std::string answers = test::in_children(models.size(), 60, [&](std::size_t i) { return compare(models[i]); });
  const auto count = [&](char c) { return std::count(answers.begin(), answers.end(), c); };
  WARN(folders.size() << " models, " << models.size() << " read; ONNX Runtime: " << count('=') << " equal, "
                      << count('?') << " random, " << count('r') << " not run, " << count('l') << " not loaded, "
                      << count('X') << " died, " << count('T') << " timed out, " << count('!') << " differ");
  for (std::size_t i = 0; i < models.size(); ++i)
    if (answers[i] != '=' && answers[i] != 'l' && answers[i] != '?' && answers[i] != 'r')
      FAIL_CHECK(models[i].folder.filename().string() << ": " << answers[i]);
  for (const auto& [message, times] : refused) WARN("refused " << times << ": " << message);
  // An old opset is the one reason to refuse a valid model.
  for (const auto& [message, times] : refused) CHECK(message.ends_with("of the default domain is not one of 7 to 28"));
  CHECK(count('=') > 1500);
}

TEST_CASE("types of the onnx package's test models are inferred and change nothing else") {
  std::vector<Graph> graphs;
  for (const fs::path& folder : corpus()) {
    try {
      graphs.push_back(onnx::read(folder / "model.onnx"));
    } catch (const Error&) {
      continue;  // counted above
    }
  }
  if (graphs.empty()) SKIP("the models are not there: deps/fetch test");
  const std::string answers = test::in_children(graphs.size(), 60, [&](std::size_t i) {
    Graph graph = graphs[i];
    for (const ValueId id : graph.outputs)
      if (!graph.is_input(id)) graph.value(id).type = {};
    onnx::infer_types(graph);
    verify(graph);
    if (content_hash(graph) != content_hash(graphs[i])) return '!';
    return graph.value(graph.outputs[0]).type.kind == ValueType::Kind::Unknown ? 'u' : '=';
  });
  CHECK(std::count(answers.begin(), answers.end(), 'X') == 0);
  CHECK(std::count(answers.begin(), answers.end(), '!') == 0);
  CHECK(std::count(answers.begin(), answers.end(), '=') > 1850);
}

}  // namespace bw
