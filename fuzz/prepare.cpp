// Graphs in text form through the passes, which compute constants and shapes of any graph that verifies in our process.
#include "base/file.h"
#include "fuzz.h"
#include "graph/passes/pass.h"
#include "graph/text.h"
#include "graph/verify.h"

void bw::fuzz::one_input(std::span<const std::byte> bytes) {
  Graph graph = parse_graph(as_text(bytes));
  verify(graph);
  prepare(graph);
}
