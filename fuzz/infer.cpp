// Graphs in text form through shape inference, as far as they verify.
#include "graph/infer.h"

#include "base/file.h"
#include "fuzz.h"
#include "graph/text.h"
#include "graph/verify.h"

void bw::fuzz::one_input(std::span<const std::byte> bytes) {
  Graph graph = parse_graph(as_text(bytes));
  verify(graph);
  infer(graph);
}
