#!/usr/bin/env python3
"""SmoothQuant in numpy (Xiao et al. 2022, section 4), for tests/method. Makes a small network whose activations have channels of very
different sizes, tests/golden/method/smooth.onnx, and what must come out of it: the factors at a strength of one half, and the
strengths of least error with the factors that they give.

The error of a strength is that of the products' outputs with activation and weights as 8-bit integers, by onnxruntime's rules of
scales (its own function), over the rows of the input."""
import json
import pathlib

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnxruntime.quantization.quant_utils import compute_scale_zp

from equalization import values_of

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden/method"
STRENGTHS, WORTHWHILE = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), 0.9


def network(name, seed, rows, width, hidden, outputs, large):
    """A normalization that two products read, one of which makes what a third one reads; `large`: of some of its channels, by number."""
    rng = np.random.default_rng(seed)
    weights = []

    def constant(name, *shape, spread=0.3):
        weights.append(numpy_helper.from_array(rng.normal(0, spread, shape).astype(np.float32), name))
        return name

    gamma = np.ones(width, np.float32)
    gamma[list(large)] = list(large.values())
    weights.append(numpy_helper.from_array(gamma, "gamma"))
    nodes = [
        helper.make_node("LayerNormalization", ["x", "gamma", constant("beta", width)], ["n"], name="n", axis=-1),
        helper.make_node("MatMul", ["n", constant("a.w", width, hidden)], ["p"], name="a"),
        helper.make_node("Add", ["p", constant("a.b", hidden, spread=3)], ["q"], name="q"),
        helper.make_node("Relu", ["q"], ["r"], name="r"),
        helper.make_node("Gemm", ["n", constant("b.w", hidden, width)], ["y"], name="b", transB=1),
        helper.make_node("MatMul", ["r", constant("c.w", hidden, outputs)], ["z"], name="c"),
    ]
    graph = helper.make_graph(nodes, name, [helper.make_tensor_value_info("x", 1, [rows, width])],
                              [helper.make_tensor_value_info("y", 1, [rows, hidden]), helper.make_tensor_value_info("z", 1, [rows, outputs])],
                              weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model, rng.normal(0, 1, (rows, width)).astype(np.float32)


def factors(x, products, strength):
    most = np.max([np.abs(w).max(1) for w in products], 0)
    return np.maximum(1e-5, np.abs(x).max(0) ** strength / most ** (1 - strength))


def rounded(values, low, high, qmin, qmax, symmetric):
    zero, scale = compute_scale_zp(np.array(low, np.float32), np.array(high, np.float32), np.array(qmin), np.array(qmax), symmetric)
    codes = np.clip(np.rint(values / np.float32(scale)) + int(zero), qmin, qmax)
    return ((codes - int(zero)) * np.float32(scale)).astype(np.float64)


def error(x, products, s):
    divided = (x / s).astype(np.float32)
    coded = rounded(divided, divided.min(), divided.max(), 0, 255, False)
    total = 0
    for w in products:
        scaled = (w * s[:, None]).astype(np.float32)
        columns = [rounded(c, c.min(), c.max(), -127, 127, True) for c in scaled.T]
        total += ((coded @ np.array(columns).T - x @ w) ** 2).sum()
    return total


def best(x, products):
    least, found = WORTHWHILE * error(x, products, np.ones(x.shape[1])), (0, np.ones(x.shape[1]))
    for strength in STRENGTHS:
        s = factors(x, products, strength)
        if (e := error(x, products, s)) < least:
            least, found = e, (strength, s)
    return found


def smoothed(x, r, w, choose):
    """Factors of both activations; the later one first, since it changes what makes it."""
    c = choose(r, [w["c.w"]])
    a = w["a.w"] / c
    return {"n": list(choose(x, [a, w["b.w"].T])), "r": list(c)}


def main():
    model, x = network("smooth", 5, rows=40, width=12, hidden=9, outputs=4, large={2: 40, 7: 25})
    onnx.save(model, GOLDEN / "smooth.onnx")
    w = {t.name: numpy_helper.to_array(t).astype(np.float64) for t in model.graph.initializer}
    seen = {name: value.astype(np.float64) for name, value in values_of(model, ["n", "r"], [{"x": x}]).items()}
    golden = {"input": x.ravel().tolist(),
              "half": smoothed(seen["n"], seen["r"], w, lambda x, products: factors(x, products, 0.5)),
              "strong": smoothed(seen["n"], seen["r"], w, lambda x, products: factors(x, products, 0.7)),
              "best": smoothed(seen["n"], seen["r"], w, lambda x, products: best(x, products)[1])}
    golden["strength"] = best(seen["r"], [w["c.w"]])[0]
    (GOLDEN / "smoothing.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
