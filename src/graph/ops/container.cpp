// Control flow, sequences and optionals.
#include "graph/ops/families.h"

namespace bw {

namespace {

constexpr OpInfo kOps[] = {
    {"ConcatFromSequence", "", 1, 1, 1, 1},
    {"If", "", 1, 1, 1, -1},
    {"Loop", "", 2, -1, 1, -1},
    {"Optional", "", 0, 1, 1, 1},
    {"OptionalGetElement", "", 1, 1, 1, 1},
    {"OptionalHasElement", "", 0, 1, 1, 1},
    {"Scan", "", 1, -1, 1, -1},
    {"SequenceAt", "", 2, 2, 1, 1},
    {"SequenceConstruct", "", 1, -1, 1, 1},
    {"SequenceEmpty", "", 0, 0, 1, 1},
    {"SequenceErase", "", 1, 2, 1, 1},
    {"SequenceInsert", "", 2, 3, 1, 1},
    {"SequenceLength", "", 1, 1, 1, 1},
    {"SequenceMap", "", 1, -1, 1, -1},
    {"SplitToSequence", "", 1, 2, 1, 1},
};

}  // namespace

std::span<const OpInfo> container_ops() {
  return kOps;
}

}  // namespace bw
