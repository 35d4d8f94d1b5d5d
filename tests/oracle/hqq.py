#!/usr/bin/python3
"""HQQ as onnxruntime's own tool computes it, for tests/method/half_quadratic_test.cpp. Writes tests/golden/method/hqq.json: weights,
and scales and zero points that come of them. The tool's functions run as they stand in its source, since the rest of it wants a newer
NumPy than Debian's PyTorch does."""
import ast
import json
import pathlib
import subprocess

import numpy as np
import torch

TREE = pathlib.Path(__file__).resolve().parents[2]


def tool():
    lines = subprocess.run([TREE / "deps/fetch", "--roots"], check=True, capture_output=True, text=True).stdout.splitlines()
    peers = pathlib.Path(dict(line.split("=", 1) for line in lines)["peers"])
    source = next(peers.glob("lib/python3*/site-packages/onnxruntime/quantization/matmul_nbits_quantizer.py"))
    [own] = [node for node in ast.parse(source.read_text()).body if isinstance(node, ast.ClassDef) and node.name == "HQQWeightOnlyQuantizer"]
    own.body = [f for f in own.body if isinstance(f, ast.FunctionDef) and f.name in ("optimize_weights", "quantize_internal")]
    names = {"np": np}
    exec(compile(ast.Module([own], []), str(source), "exec"), names)
    return names["HQQWeightOnlyQuantizer"]()


def layer(seed, outputs, inputs, bits, block, level=0.0):
    weights = np.round(np.random.default_rng(seed).standard_t(4, size=(outputs, inputs)) + level, 3).astype(np.float32)
    codes, scales, zeros = tool().quantize_internal(torch.from_numpy(weights), bits=bits, group_size=block)
    return {"bits": bits, "block": block, "weights": np.round(weights.astype(np.float64), 3).tolist(), "codes": codes.tolist(),
            "scales": scales.double().tolist(), "zero_points": zeros.double().tolist()}


layers = [layer(1, 4, 64, 4, 32), layer(2, 3, 64, 2, 16), layer(3, 5, 48, 3, 16), layer(4, 2, 32, 4, 32, 5.0)]
(TREE / "tests/golden/method/hqq.json").write_text(json.dumps(layers, separators=(",", ":")) + "\n")
