#!/usr/bin/env python3
"""Asks ONNX Runtime which element types each operator takes; writes src/target/onnxruntime_types.cpp.

    ./dev oracle element_types

Every one-node test model of the onnx package is loaded and run with the float32 operands of each of its type parameters
in another type, behind Casts, in every version of the operator from opset 13 on. Where no test model runs, the schema
says what may be written and the registered kernels what is computed (a float16 operator is computed by the float32
kernel where there is no other)."""
import collections
import itertools
import pathlib
import sys
import warnings

warnings.filterwarnings("ignore")  # the cases divide by zero on purpose

import numpy as np
import onnx
import onnxruntime as ort
from onnx import AttributeProto, TensorProto, helper
from onnx.backend.test.case.node import collect_testcases
from onnxruntime.capi.onnxruntime_pybind11_state import get_all_operator_schema, get_all_opkernel_def

ort.set_default_logger_severity(4)

OPEN_END = 2**31 - 1
LEAST = 13  # prepared graphs have this opset at least
TYPES = {  # our name -> (ONNX element type, the runtime's name)
    "float32": (TensorProto.FLOAT, "tensor(float)"),
    "float16": (TensorProto.FLOAT16, "tensor(float16)"),
    "bfloat16": (TensorProto.BFLOAT16, "tensor(bfloat16)"),
    "float64": (TensorProto.DOUBLE, "tensor(double)"),
    "uint8": (TensorProto.UINT8, "tensor(uint8)"),
    "int8": (TensorProto.INT8, "tensor(int8)"),
}
OTHERS = [name for name in TYPES if name != "float32"]
FIXED = "float32"  # group of operands that no type parameter governs

SCHEMAS = collections.defaultdict(dict)
for schema in get_all_operator_schema():
    if schema.domain == "":
        SCHEMAS[schema.name][schema.since_version] = schema
NEWEST = max(max(versions) for versions in SCHEMAS.values())
KERNELS = collections.defaultdict(list)
for kernel in get_all_opkernel_def():
    if kernel.domain == "" and kernel.provider == "CPUExecutionProvider":
        KERNELS[kernel.op_name].append(kernel)


def versions_of(op):
    """(since, an opset that has it) of every version that a graph can use."""
    starts = sorted(SCHEMAS[op])
    ends = [next_start - 1 for next_start in starts[1:]] + [NEWEST]
    return [(start, max(start, LEAST)) for start, end in zip(starts, ends) if end >= LEAST]


def group(schema, side, position):
    """The type parameter of an operand; FIXED when its type is float32 whatever the others are, "-" when it is never."""
    formals = schema.inputs if side == "in" else schema.outputs
    text = formals[min(position, len(formals) - 1)].typeStr
    allowed = [c.allowed_type_strs for c in schema.type_constraints if c.type_param_str == text]
    if not allowed:
        return FIXED if text == "tensor(float)" else "-"
    return text if "tensor(float)" in allowed[0] else "-"


class Case:
    """A one-node test model with its inputs."""

    def __init__(self, case):
        self.model = case.model
        self.node = case.model.graph.node[0]
        self.attributes = {a.name for a in self.node.attribute}
        self.types = {v.name: v.type.tensor_type.elem_type
                      for v in list(self.model.graph.input) + list(self.model.graph.output)
                      if v.type.WhichOneof("value") == "tensor_type"}
        self.feeds = {v.name: np.asarray(x) for v, x in zip(self.model.graph.input, case.data_sets[0][0])}

    def float_groups(self, schema):
        found = set()
        for side, names in (("in", self.node.input), ("out", self.node.output)):
            for position, name in enumerate(names):
                if name and self.types.get(name) == TensorProto.FLOAT:
                    found.add(group(schema, side, position))
        return sorted(found - {FIXED, "-"})

    def runs(self, schema, opset, groups=(), element_type=None):
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        model.opset_import[0].version = opset
        model.ir_version = min(model.ir_version, 10)
        if groups:
            self.narrow(model.graph, schema, groups, element_type)
        try:
            for level in (ort.GraphOptimizationLevel.ORT_DISABLE_ALL, ort.GraphOptimizationLevel.ORT_ENABLE_ALL):
                options = ort.SessionOptions()
                options.intra_op_num_threads = 1
                options.graph_optimization_level = level
                session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
                session.run(None, self.feeds)
        except Exception:  # whatever it refuses with
            return False
        return True

    def narrow(self, graph, schema, groups, element_type):
        before, after, node = [], [], graph.node[0]
        for side, names in (("in", node.input), ("out", node.output)):
            for position, name in enumerate(list(names)):
                if not name or self.types.get(name) != TensorProto.FLOAT or group(schema, side, position) not in groups:
                    continue
                names[position] = f"{name}_{side}"
                graph.value_info.append(helper.make_tensor_value_info(names[position], element_type, None))
                if side == "in":
                    before.append(helper.make_node("Cast", [name], [names[position]], to=element_type))
                else:
                    after.append(helper.make_node("Cast", [names[position]], [name], to=TensorProto.FLOAT))
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
                attribute.i = element_type
        nodes = before + [onnx.NodeProto.FromString(node.SerializeToString())] + after
        del graph.node[:]
        graph.node.extend(nodes)


def cases():
    for case in collect_testcases(None):
        if case.model is None or len(case.model.graph.node) != 1 or not case.data_sets:
            continue
        node = case.model.graph.node[0]
        fed = {v.name for v in case.model.graph.input}
        holds_graph = any(a.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS) for a in node.attribute)
        if node.domain == "" and node.op_type in SCHEMAS and not holds_graph and all(n in fed for n in node.input if n):
            try:
                yield Case(case)
            except ValueError:  # sequences
                continue


def tried(case, schema, opset):
    """type -> groups that take it together, of one case; None when the float32 model does not run in this version."""
    groups = case.float_groups(schema)
    if not groups or not case.runs(schema, opset):
        return None
    together = {}
    for name in OTHERS:
        subsets = (set(s) for size in range(len(groups), 0, -1) for s in itertools.combinations(groups, size))
        together[name] = next((s for s in subsets if case.runs(schema, opset, s, TYPES[name][0])), set())
    return {"attributes": case.attributes, "groups": groups, "together": together}


def serves(kernel, since):
    """Whether the runtime takes a kernel for this version: one without end is for the version that it names."""
    first, last = kernel.version_range
    return first == since or (first <= since <= last < OPEN_END)


def registered(op, schema):
    """The same from the schema and the registered kernels. What an attribute decides alone, an output's type, stays."""
    taken = {}
    fed = {group(schema, "in", i) for i in range(len(schema.inputs))}
    for constraint in schema.type_constraints:
        name = constraint.type_param_str
        if "tensor(float)" not in constraint.allowed_type_strs:
            continue
        kernels = {t for k in KERNELS[op] if serves(k, schema.since_version) for t in k.type_constraints.get(name, [])}
        taken[name] = {"float32"} | {
            t for t, (_, text) in TYPES.items()
            if text in constraint.allowed_type_strs and (name in fed or op == "Cast")
            and (text in kernels or (t == "float16" and "tensor(float)" in kernels))}
    return taken


def verdict(op, schema, trials):
    """group -> types it takes, and the attribute that a node must not have for others than float32 ("" for none)."""
    taken, unless = registered(op, schema), ""
    fed = {group(schema, "in", i) for i in range(len(schema.inputs))}
    if "dtype" in schema.attributes and any(g not in fed for t in trials for g in t["groups"]):
        unless = "dtype"  # says the type of an output that follows an input otherwise
    for element_type in OTHERS:  # float16 first: what hinders it is what the row says
        for name in sorted({g for t in trials for g in t["groups"]}):
            if element_type == OTHERS[0]:
                taken[name] = {"float32"}
            good = [t for t in trials if name in t["together"][element_type] and unless not in t["attributes"]]
            bad = [t for t in trials if name in t["groups"] and name not in t["together"][element_type]
                   and unless not in t["attributes"]]
            hinders = [a for a in sorted(set.union(set(), *(t["attributes"] for t in bad)))
                       if all(a in t["attributes"] for t in bad) and any(a not in t["attributes"] for t in good)]
            if good and not bad:
                taken[name].add(element_type)
            elif good and hinders and not unless and element_type == OTHERS[0]:
                taken[name].add(element_type)
                unless = max(hinders, key=lambda a: sum(a not in t["attributes"] for t in good))
    return taken, unless


def row(op, since, schema, taken, unless):
    def side(name, formals):
        return " ".join(group(schema, name, i) for i in range(len(formals)))
    types = "; ".join(f"{g} = {' '.join(n for n in TYPES if n in names)}" for g, names in sorted(taken.items()) if names)
    return (op, since, side("in", schema.inputs), side("out", schema.outputs), types, unless)


def rows():
    tests = collections.defaultdict(list)
    for case in cases():
        tests[case.node.op_type].append(case)
    for op in sorted(op for op in SCHEMAS if KERNELS[op] or tests[op]):
        last = None
        for since, opset in versions_of(op):
            schema = SCHEMAS[op][since]
            trials = [t for t in (tried(c, schema, opset) for c in tests[op]) if t]
            taken, unless = verdict(op, schema, trials)
            if not any(taken.values()) or op.startswith("Memcpy"):
                continue
            new = row(op, since, schema, taken, unless)
            if last is None or new[2:] != last[2:]:
                yield new
            last = new


HEAD = '''// Which element types ONNX Runtime {version} takes on the CPU, asked from the runtime itself: made by
// tests/oracle/element_types.py ('./dev oracle element_types'), not by hand.
#include "target/catalog.h"

namespace bw {{
namespace {{

// clang-format off
constexpr ElementTypes kRows[] = {{
'''
TAIL = '''};
// clang-format on

}  // namespace

std::span<const ElementTypes> onnxruntime_types() {
  return kRows;
}

}  // namespace bw
'''


def main():
    out = pathlib.Path("src/target/onnxruntime_types.cpp")
    lines = []
    for op, since, inputs, outputs, types, unless in rows():
        tail = f', "{unless}"' if unless else ""
        lines.append(f'    {{"{op}", {since}, "{inputs}", "{outputs}", "{types}"{tail}}},\n')
    out.write_text(HEAD.format(version=ort.__version__) + "".join(lines) + TAIL)
    print(f"{len(lines)} rows", file=sys.stderr)


main()
