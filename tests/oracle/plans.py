#!/usr/bin/env python3
"""Golden plans of the version that this program writes, for tests/bench: each made by the program from one of the small models of
tests/golden/method, but `by-hand`, which is written here from docs/plan.md and holds what no method decides yet. Of a version that
was released nothing is ever remade: its plans must open and give the same bytes for ever.

    plans.json: {NAME: {"model": file, "sha256": of the file that applying the plan gives}}"""
import hashlib
import json
import os
import pathlib
import subprocess
import tempfile

import numpy as np

VERSION = 2
GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
HERE, MODELS = GOLDEN / f"plan/version-{VERSION}", GOLDEN / "method"
RECIPES = {  # by name: model, recipe, shape of the samples
    "int8-static": ("cnn", "int8-static", True),
    "qoperator": ("cnn", "int8-static(form=qoperator,per_channel=no,activations=s8)", True),
    "equalized": ("equalize", "equalize(clips=spread)+int8-static(per_channel=no)+bias-correction", True),
    "dynamic": ("lstm", "int8-dynamic", False),
    "blocks": ("products", "weight-only(block=16,symmetric=no,accuracy_level=1)", False),
    "fp16": ("cnn", "fp16", False),
    "bf16": ("cnn", "bf16(min_size=1)", False),
}


def bitwright(*words):
    subprocess.run([os.environ["BITWRIGHT"], *map(str, words), "--quiet"], check=True, stdout=subprocess.DEVNULL)


def samples(model, folder):
    import onnx
    rng = np.random.default_rng(1)
    arrays = {}
    for port in onnx.load(model).graph.input:
        shape = [d.dim_value or 1 for d in port.type.tensor_type.shape.dim]
        arrays[port.name] = rng.normal(0, 1, [8, *shape[1:]]).astype(np.float32)
    file = folder / "samples.npz"
    np.savez(file, **arrays)
    return file


def by_hand(folder):
    """Every kind of edit and of operand on a product and the Relu behind it."""
    import onnx
    from onnx import helper, numpy_helper
    weight = np.arange(32, dtype=np.float32).reshape(4, 8) / 8 - 2
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["p"], name="p"), helper.make_node("MatMul", ["x", "w"], ["q"], name="q"),
         helper.make_node("Add", ["p", "q"], ["s"], name="s"), helper.make_node("Relu", ["s"], ["r"], name="r"),
         helper.make_node("MatMul", ["r", "v"], ["y"], name="y")], "by-hand",
        [helper.make_tensor_value_info("x", 1, ["N", 4])], [helper.make_tensor_value_info("y", 1, ["N", 3])],
        [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(weight[:, :3].repeat(2, 0), "v")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.save(model, HERE / "by-hand.onnx")
    made = folder / "base.json"
    bitwright("quantize", HERE / "by-hand.onnx", "--recipe", "bf16(min_size=1)", "--dry-run", "--plan-out", made)
    rng = np.random.default_rng(3)
    arrays = {"two": np.float32([[2]]), "bounds": np.float32([0.5, 6, 6, 6, 6, 6, 6]),
              "w": (np.arange(28, dtype=np.float32).reshape(4, 7) - 14) / 16,
              "p": rng.integers(0, 256, 14).astype(np.uint8), "scales": rng.integers(0, 3, 28).astype(np.uint8)}

    def operation(op, *inputs, **attributes):
        return {"op_type": op, "domain": "", "inputs": list(inputs), "attributes": attributes}

    def coded(code, granularity="tensor", axis=0, block=0, zero_points=(), **more):
        return {"code": code, "granularity": granularity, "axis": axis, "block_size": block, "symmetric": False, "reduced_range": False,
                "rounding": "half-to-even", "zero_points": list(zero_points), **more}
    plan = json.loads(made.read_text())
    plan["edits"] = [
        {"edit": "copy", "node": "p", "input": 1, "name": "w of p"},
        {"edit": "scale", "constant": "w of p", "axis": 1, "factors": [1, 2, 0.5, 1, 1, 4, 1, 1]},
        {"edit": "remove", "constant": "w of p", "axis": 1, "channels": [3]},
        {"edit": "remove", "constant": "w", "axis": 1, "channels": [0]},
        {"edit": "remove", "constant": "v", "axis": 0, "channels": [7]},
        {"edit": "replace", "constant": "w", "content": {"npz": "w"}},
        {"edit": "add", "name": "two", "content": {"npz": "two"}},
        {"edit": "insert", "name": "twice", "operation": operation("Mul", "q", "two"), "output": "q2", "value": "q", "users": ["s"]},
        {"edit": "add", "name": "bounds", "content": {"npz": "bounds"}},
        {"edit": "rewrite", "name": "r", "operation": operation("LeakyRelu", "s", alpha={"float": 0.25})},
        {"edit": "insert", "name": "bounded", "operation": operation("Min", "r", "bounds"), "output": "r2", "value": "r", "users": []}]
    nested = coded("uint8", "block", 0, 2, scales=[0.5 + i / 8 for i in range(14)], codebook=[0.25, 1, 4], codes={"npz": "scales"})
    of_p = coded("uint4", "channel", 1, scales=[1, 2, 3, 4, 5, 6, 7], codebook=[i * i / 64 for i in range(16)],
                 codes={"npz": "p", "type": "uint4", "shape": [4, 7]})
    of_q = coded("int8", "block", 0, 1, nested_scales={"coded": nested, "offset": 0.125})
    plan["nodes"] = {"p": {"compute": "float32", "reason": "", "operands": {"1": of_p}},
                     "q": {"compute": "float32", "reason": "", "operands": {"1": of_q}},
                     "y": {"compute": "float16", "reason": "", "operands": {}}}
    plan["notes"], plan["values"] = [], {}
    plan["provenance"] = {"bitwright": "", "recipe": "", "data_hash": "", "samples": 0, "seed": 0}
    (HERE / "by-hand.json").write_text(json.dumps(plan, indent=2) + "\n")
    np.savez(HERE / "by-hand.npz", **arrays)


def main():
    HERE.mkdir(parents=True, exist_ok=True)
    listed = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for plan, (model, recipe, with_data) in RECIPES.items():
            source = MODELS / f"{model}.onnx"
            data = ["--data", samples(source, folder)] if with_data else []
            bitwright("quantize", source, *data, "--recipe", recipe, "--dry-run", "--plan-out", HERE / f"{plan}.json")
            listed[plan] = {"model": f"method/{model}.onnx"}
        by_hand(folder)
        listed["by-hand"] = {"model": f"plan/version-{VERSION}/by-hand.onnx"}
        for plan, entry in listed.items():
            bitwright("apply", GOLDEN / entry["model"], HERE / f"{plan}.json", "-o", folder / "applied.onnx")
            entry["sha256"] = hashlib.sha256((folder / "applied.onnx").read_bytes()).hexdigest()
    (HERE / "plans.json").write_text(json.dumps(listed, indent=1) + "\n")


if __name__ == "__main__":
    main()
