#!/usr/bin/env python3
"""The search of weights' scales of range-search in numpy, for tests/method/range_search_test.cpp. Makes a small network of all kinds of
layers, tests/golden/method/ranges.onnx, and the scales that must come out of it for each layer, tests/golden/method/ranges.json.

Of each layer: x coded in 8 bits by its smallest and largest number, the weight with shares of the scale of its largest magnitude; the
share of the least squared error of the layer's output, by onnxruntime's own float kernels, for each output channel and for all."""
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from equalization import values_of
from smoothing import rounded

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden/method"
SHARES = [1 - 0.03 * i for i in range(16)]


def small():
    rng = np.random.default_rng(11)
    weights, nodes = [], []

    def layer(op, name, x, *shape, bias, **attributes):
        # A few weights are much larger than the others: what a scale had better clip.
        wide = rng.standard_t(2.5, shape).astype(np.float32) * np.float32(0.2)
        weights.append(numpy_helper.from_array(wide, name + ".w"))
        weights.append(numpy_helper.from_array(rng.normal(0, 0.5, bias).astype(np.float32), name + ".b"))
        nodes.append(helper.make_node(op, [x, name + ".w", name + ".b"], [name], name=name, **attributes))
        return name

    def simple(op, name, *inputs, **attributes):
        nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    x = simple("Relu", "r1", layer("Conv", "c1", "x", 16, 8, 3, 3, bias=16, pads=[1, 1, 1, 1], strides=[2, 2]))
    x = simple("Relu", "r2", layer("Conv", "c2", x, 16, 1, 3, 3, bias=16, pads=[1, 1, 1, 1], group=16))
    x = simple("Relu", "r3", layer("Conv", "c3", x, 12, 16, 1, 1, bias=12))
    x = simple("Flatten", "f", simple("GlobalAveragePool", "g", x))
    x = simple("Relu", "r4", layer("Gemm", "m1", x, 10, 12, bias=10, transB=1))
    layer("Gemm", "y", x, 10, 6, bias=6)
    graph = helper.make_graph(nodes, "ranges", [helper.make_tensor_value_info("x", 1, [2, 8, 14, 14])],
                              [helper.make_tensor_value_info("y", 1, [2, 6])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model, rng.normal(0, 1, (2, 8, 14, 14)).astype(np.float32)


def alone(node, x, w):
    """What a layer gives without its bias."""
    layer = helper.make_node(node.op_type, ["x", "w"], ["y"])
    layer.attribute.extend(node.attribute)
    graph = helper.make_graph([layer], "alone", [helper.make_tensor_value_info("x", 1, x.shape), helper.make_tensor_value_info("w", 1, w.shape)],
                              [helper.make_tensor_value_info("y", 1, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x.astype(np.float32), "w": w.astype(np.float32)})[0].astype(np.float64)


def coded_weight(w, scale):
    codes = np.clip(np.rint(w / scale.astype(np.float32)), -127, 127)
    return (codes * scale).astype(np.float32)


def scales(node, x, w, axis, per_channel):
    others = tuple(a for a in range(w.ndim) if a != axis)
    largest = np.abs(w).max(others, keepdims=True) if per_channel else np.abs(w).max(keepdims=True)
    base = (2 * largest.astype(np.float64) / 254).astype(np.float32)
    coded = rounded(x, min(x.min(), 0), max(x.max(), 0), 0, 255, False)
    wanted = alone(node, x, w)
    tried = [base * np.float32(share) for share in SHARES]
    errors = [by_channel((alone(node, coded, coded_weight(w, s)) - wanted) ** 2) for s in tried]
    errors = np.array(errors if per_channel else [[e.sum()] for e in errors])
    chosen = errors.argmin(0)
    second = np.sort(errors, 0)[1] / np.maximum(errors.min(0), 1e-30)
    return [float(tried[i].ravel()[c]) for c, i in enumerate(chosen)], [float(s) for s in second]


def by_channel(squares):
    return squares.sum(tuple(a for a in range(squares.ndim) if a != 1))


def main():
    model, x = small()
    onnx.save(model, GOLDEN / "ranges.onnx")
    weights = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    layers = [n for n in model.graph.node if n.op_type in ("Conv", "Gemm")]
    seen = values_of(model, sorted({n.input[0] for n in layers}), [{"x": x}])
    golden = {"input": x.ravel().tolist(), "channels": {}, "tensors": {}}
    for node in layers:
        axis = 1 if node.name == "y" else 0
        for key, per_channel in (("channels", True), ("tensors", False)):
            found, second = scales(node, seen[node.input[0]], weights[node.input[1]], axis, per_channel)
            # How much worse the second best is: near 1, rounding decides.
            golden[key][node.name] = {"scales": found, "second": second}
    (GOLDEN / "ranges.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
