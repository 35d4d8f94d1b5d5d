#!/usr/bin/env python3
"""AWQ's search for scales in numpy (Lin et al. 2023, section 3.2), for tests/method, with weights in 4 bits as onnxruntime's own
quantizer codes them. Makes a small network whose activations have channels of very different sizes, tests/golden/method/awq.onnx, and
the factors that must come out of it."""
import json
import pathlib

import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime.capi._pybind_state import quantize_matmul_4bits

from equalization import values_of
from smoothing import network

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden/method"
BLOCK, STRENGTHS = 16, 20


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
    model, x = network("awq", 11, rows=60, width=48, hidden=32, outputs=24, large={2: 9, 7: 14, 30: 6})
    onnx.save(model, GOLDEN / "awq.onnx")
    w = {t.name: numpy_helper.to_array(t).astype(np.float64) for t in model.graph.initializer}
    seen = {name: value.astype(np.float64) for name, value in values_of(model, ["n", "r"], [{"x": x}]).items()}
    golden = {"input": x.ravel().tolist(), "n": best(seen["n"], [w["a.w"], w["b.w"].T]), "r": best(seen["r"], [w["c.w"]])}
    (GOLDEN / "awq.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
