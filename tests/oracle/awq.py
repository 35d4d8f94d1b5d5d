#!/usr/bin/env python3
"""AWQ's search for scales in numpy (Lin et al. 2023, section 3.2), for tests/method, with weights in 4 bits as onnxruntime's own
quantizer codes them. Makes a small network whose activations have channels of very different sizes, tests/golden/method/awq.onnx, and
the factors that must come out of it."""
import json
import pathlib

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnxruntime.capi._pybind_state import quantize_matmul_4bits

from equalization import values_of

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden/method"
ROWS, WIDTH, HIDDEN, BLOCK, STRENGTHS = 60, 48, 32, 16, 20


def small():
    rng = np.random.default_rng(11)
    weights = []

    def constant(name, *shape, spread=0.3):
        weights.append(numpy_helper.from_array(rng.normal(0, spread, shape).astype(np.float32), name))
        return name

    large = np.ones(WIDTH, np.float32)
    large[[2, 7, 30]] = 9, 14, 6
    weights.append(numpy_helper.from_array(large, "gamma"))
    nodes = [
        helper.make_node("LayerNormalization", ["x", "gamma", constant("beta", WIDTH)], ["n"], name="n", axis=-1),
        helper.make_node("MatMul", ["n", constant("a.w", WIDTH, HIDDEN)], ["p"], name="a"),
        helper.make_node("Add", ["p", constant("a.b", HIDDEN, spread=3)], ["q"], name="q"),
        helper.make_node("Relu", ["q"], ["r"], name="r"),
        helper.make_node("Gemm", ["n", constant("b.w", HIDDEN, WIDTH)], ["y"], name="b", transB=1),
        helper.make_node("MatMul", ["r", constant("c.w", HIDDEN, 24)], ["z"], name="c"),
    ]
    graph = helper.make_graph(nodes, "awq", [helper.make_tensor_value_info("x", 1, [ROWS, WIDTH])],
                              [helper.make_tensor_value_info("y", 1, [ROWS, HIDDEN]), helper.make_tensor_value_info("z", 1, [ROWS, 24])],
                              weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model, rng.normal(0, 1, (ROWS, WIDTH)).astype(np.float32)


def coded(w):
    """[inputs, outputs] as 4-bit codes in blocks of inputs, and back."""
    inputs, outputs = w.shape
    blocks = inputs // BLOCK
    codes, scales = np.zeros((outputs, blocks, BLOCK // 2), np.uint8), np.zeros((outputs, blocks), np.float32)
    quantize_matmul_4bits(codes, np.ascontiguousarray(w, np.float32), scales, np.zeros((outputs, (blocks + 1) // 2), np.uint8), BLOCK, outputs,
                          inputs, True)
    numbers = np.stack([codes & 15, codes >> 4], -1).reshape(outputs, blocks, BLOCK).astype(np.float64) - 8
    return (numbers * scales[:, :, None]).reshape(outputs, inputs).T


def factors(x, strength):
    s = np.maximum(np.abs(x).mean(0) ** strength, 1e-4)
    return s / np.sqrt(s.max() * s.min())


def best(x, products):
    errors = []
    for step in range(STRENGTHS):
        s = factors(x, step / STRENGTHS)
        errors.append(sum((((x / s) @ coded(w * s[:, None]) - x @ w) ** 2).sum() for w in products))
    errors = np.array(errors)
    least = int(errors.argmin())
    assert least > 0 and np.partition(errors, 1)[1] > 1.001 * errors[least], errors
    return {"strength": least / STRENGTHS, "factors": factors(x, least / STRENGTHS).tolist(), "gain": errors[0] / errors[least]}


def main():
    model, x = small()
    onnx.save(model, GOLDEN / "awq.onnx")
    w = {t.name: numpy_helper.to_array(t).astype(np.float64) for t in model.graph.initializer}
    seen = {name: value.astype(np.float64) for name, value in values_of(model, ["n", "r"], [{"x": x}]).items()}
    golden = {"input": x.ravel().tolist(), "n": best(seen["n"], [w["a.w"], w["b.w"].T]), "r": best(seen["r"], [w["c.w"]])}
    (GOLDEN / "awq.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
