// RNN, GRU, LSTM: W [directions, gates * hidden, in], R [directions, gates * hidden, hidden], B [directions, 2 * gates
// * hidden], peepholes P [directions, 3 * hidden].
#include "graph/couple/rules.h"

namespace bw::couple {

void recurrent(Operands& at) {
  const auto& op = at.node().op_type;
  const std::int64_t gates = op == "LSTM" ? 4 : op == "GRU" ? 3 : 1;
  const bool batch_first = at.attribute("layout") != 0;
  const int x_batch = batch_first ? 0 : 1, y_batch = batch_first ? 0 : 2, y_direction = batch_first ? 2 : 1,
            state_batch = batch_first ? 0 : 1, state_direction = batch_first ? 1 : 0;
  for (int output = 0; output < 3; ++output) {
    const int batch = output == 0 ? y_batch : state_batch, direction = output == 0 ? y_direction : state_direction;
    at.tie(Tie::Each, in(0, x_batch), out(output, batch));
    for (const int weight : {1, 2, 3, 7}) at.tie(Tie::Each, in(weight, 0), out(output, direction));
    at.tie(Tie::Gated, out(output, -1), in(1, 1), gates);
    at.tie(Tie::Gated, out(output, -1), in(2, 1), gates);
    at.tie(Tie::Gated, out(output, -1), in(3, 1), 2 * gates);
    for (const int state : {5, 6}) at.tie(Tie::Gated, out(output, -1), in(state, 2));
    at.tie(Tie::Gated, out(output, -1), in(7, 1), 3);
    at.tie(Tie::Summed, in(2, 2), out(output, -1));
  }
  at.tie(Tie::Summed, in(1, 2), in(0, 2));
}

}  // namespace bw::couple
