#include "graph/couple/rules.h"

namespace bw::couple {

void same(Operands& at) {
  at.tie_aligned(0);
}

void all_same(Operands& at) {
  for (int i = 0; i < at.outputs(); ++i) at.tie_aligned(0, i);
}

void broadcast(Operands& at) {
  for (int i = 0; i < at.inputs(); ++i) at.tie_aligned(i);
}

// Inputs: a, its scale and zero point, b, its scale and zero point.
void qlinear_binary(Operands& at) {
  at.tie_aligned(0);
  at.tie_aligned(3);
}

// Inputs: condition, a, its scale and zero point, b.
void qlinear_where(Operands& at) {
  for (const int i : {0, 1, 4}) at.tie_aligned(i);
}

// Scale and zero point are one number, or one a slice of the axis, or one a block along it.
void quantize(Operands& at) {
  at.tie_aligned(0);
  const int axis = static_cast<int>(at.node().int_or("axis", 1));  // com.microsoft's has no default
  for (const int parameter : {1, 2}) {
    const auto* shape = at.input(parameter);
    if (shape && shape->size() == 1) at.tie(Tie::Each, in(parameter, 0), out(0, axis));
    if (shape && shape->size() > 1) at.tie_aligned(parameter);  // blocks: the axes beside that of the blocks
  }
}

}  // namespace bw::couple
