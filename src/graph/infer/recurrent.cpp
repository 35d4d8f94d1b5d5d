#include "graph/infer/rules.h"

namespace bw::rule {

// X [steps, batch, in] gives Y [steps, directions, batch, hidden] and the last states [directions, batch, hidden];
// layout 1 puts the batch first everywhere. R is [directions, gates * hidden, hidden]; of DynamicQuantizeLSTM, which
// has no layout, [directions, hidden, gates * hidden].
void recurrent(Inference& at) {
  const bool quantized = at.node().is("DynamicQuantizeLSTM", "com.microsoft");
  const bool batch_first = !quantized && at.attribute("layout") != 0;
  Dim steps, batch, hidden;
  if (const Dims* x = at.shape(0)) {
    at.require(x->size() == 3, "the input must have rank 3");
    steps = (*x)[batch_first ? 1 : 0];
    batch = (*x)[batch_first ? 0 : 1];
  }
  if (const Dims* r = at.shape(2); r && r->size() == 3) hidden = (*r)[quantized ? 1 : 2];
  if (at.node().find("hidden_size")) hidden = unified(at, number_dim(at.attribute("hidden_size")), hidden);
  const Dim directions = number_dim(at.text("direction") == "bidirectional" ? 2 : 1);
  at.output(0, at.dtype(0),
            batch_first ? Dims{batch, steps, directions, hidden} : Dims{steps, directions, batch, hidden});
  for (const std::size_t state : {1, 2})
    at.output(state, at.dtype(0), batch_first ? Dims{batch, directions, hidden} : Dims{directions, batch, hidden});
}

}  // namespace bw::rule
