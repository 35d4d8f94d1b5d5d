// Text form of graphs: what parses and is a graph means the same after a round trip.
#include "base/file.h"
#include "fuzz.h"
#include "graph/graph.h"
#include "graph/text.h"
#include "graph/verify.h"

void bw::fuzz::one_input(std::span<const std::byte> bytes) {
  const Graph graph = parse_graph(as_text(bytes));
  verify(graph);
  require(content_hash(parse_graph(print(graph))) == content_hash(graph), "parse(print(graph)) is the graph");
}
