// The text form on real models. It stands here because reading them needs the reader.
#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "format/onnx/onnx.h"
#include "graph/text.h"

namespace bw {
namespace {

TEST_CASE("every test model keeps its content hash through the text form", "[text]") {
  if (!fs::exists(BW_CORPUS)) SKIP("no test models: run deps/fetch test");
  int tried = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(BW_CORPUS)) {
    Graph graph;
    try {
      graph = onnx::read(entry.path() / "model.onnx");
    } catch (const Error&) {
      continue;  // of an opset before 7: the reader's own tests look at that
    }
    CAPTURE(entry.path().filename().string());
    const std::string text = print(graph);
    const Graph again = parse_graph(text);
    REQUIRE(content_hash(again) == content_hash(graph));
    REQUIRE(print(again) == text);
    ++tried;
  }
  CHECK(tried > 1500);
}

}  // namespace
}  // namespace bw
