// Control flow, sequences and optionals.
#include "graph/ops/families.h"

namespace bw {

namespace {

using namespace row;

constexpr OpInfo kOps[] = {
    {.name = "ConcatFromSequence",
     .attributes = {integer("axis").required(), integer("new_axis", 0)},
     .infer = rule::concat_from_sequence},
    {.name = "If",
     .outputs = {1, -1},
     .attributes = {graph("else_branch").required(), graph("then_branch").required()},
     .infer = rule::if_else},
    {.name = "Loop",
     .inputs = {2, -1},
     .outputs = {1, -1},
     .attributes = {graph("body").required()},
     .infer = rule::loop},
    {.name = "Optional", .inputs = {0, 1}, .attributes = {type("type")}, .infer = rule::optional},
    {.name = "OptionalGetElement", .infer = rule::optional_get_element},
    {.name = "OptionalHasElement", .inputs = {0, 1}, .infer = rule::optional_has_element},
    {.name = "Scan",
     .inputs = {1, -1},
     .outputs = {1, -1},
     .attributes = {graph("body").required(), integers("directions"), integer("num_scan_inputs").required(),
                    integers("scan_input_axes"), integers("scan_input_directions"), integers("scan_output_axes"),
                    integers("scan_output_directions")},
     .infer = rule::scan},
    {.name = "SequenceAt", .inputs = {2, 2}, .infer = rule::sequence_at},
    {.name = "SequenceConstruct", .inputs = {1, -1}, .infer = rule::sequence_construct},
    {.name = "SequenceEmpty", .inputs = {0, 0}, .attributes = {integer("dtype")}, .infer = rule::sequence_empty},
    {.name = "SequenceErase", .inputs = {1, 2}, .infer = rule::same},
    {.name = "SequenceInsert", .inputs = {2, 3}, .infer = rule::sequence_insert},
    {.name = "SequenceLength", .infer = rule::sequence_length},
    {.name = "SequenceMap",
     .inputs = {1, -1},
     .outputs = {1, -1},
     .attributes = {graph("body").required()},
     .infer = rule::sequence_map},
    {.name = "SplitToSequence",
     .inputs = {1, 2},
     .attributes = {integer("axis", 0), integer("keepdims", 1)},
     .infer = rule::split_to_sequence},
};

}  // namespace

std::span<const OpInfo> container_ops() {
  return kOps;
}

}  // namespace bw
