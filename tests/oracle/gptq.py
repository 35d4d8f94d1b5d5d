#!/usr/bin/env python3
"""GPTQ as its paper has it (Frantar et al. 2022, algorithm 1: the inverse Hessian's Cholesky factor, one column after another), for
tests/method. Writes tests/golden/method/gptq.json: small layers, what they read, and the codes that come of them; with the columns as
they lie and in the order of their activations (act-order, static groups)."""
import json
import pathlib

import numpy as np

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden/method/gptq.json"
DAMPING, BLOCK = 0.01, 16


def gptq(weights, gram, scales, zeros, low, high, order):
    outputs, columns = weights.shape
    h = gram[np.ix_(order, order)].copy()
    w = weights[:, order].copy()
    h[np.diag_indices(columns)] += DAMPING * np.mean(np.diag(gram))
    upper = np.linalg.cholesky(np.linalg.inv(h)).T
    codes = np.zeros_like(w)
    closest = 1.0
    for j in range(columns):
        block = order[j] // BLOCK
        exact = w[:, j] / scales[:, block]
        closest = min(closest, np.abs(exact - np.floor(exact) - 0.5).min())
        codes[:, j] = np.clip(np.round(exact) + zeros[:, block], low, high)
        error = (w[:, j] - (codes[:, j] - zeros[:, block]) * scales[:, block]) / upper[j, j]
        w[:, j:] -= np.outer(error, upper[j, j:])
    assert closest > 1e-4, "a code depends on the last bits"
    found = np.zeros_like(codes)
    found[:, order] = codes
    return found


def layer(seed, outputs, columns, bits, symmetric):
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(columns, columns)) / np.sqrt(columns)
    x = (rng.normal(size=(4 * columns, columns)) @ mix * rng.uniform(0.2, 3, columns)).astype(np.float32)
    weights = np.round(rng.normal(size=(outputs, columns)), 3).astype(np.float32)
    blocks = weights.reshape(outputs, -1, BLOCK)
    highest = 2**bits - 1
    if symmetric:
        zeros = np.full(blocks.shape[:2], 2.0 ** (bits - 1))
        scales = (np.abs(blocks).max(2) / (highest - 2 ** (bits - 1))).astype(np.float32)
    else:
        lows, highs = np.minimum(blocks.min(2), 0), np.maximum(blocks.max(2), 0)
        scales = ((highs - lows) / highest).astype(np.float32)
        zeros = np.round(-lows / scales)
    gram = np.round(x.T.astype(np.float64) @ x.astype(np.float64), 2)
    natural = np.arange(columns)
    active = np.argsort(-np.diag(gram), kind="stable")
    wide = [weights.astype(np.float64), gram, scales.astype(np.float64), zeros, 0, highest]
    return {"bits": bits, "gram": gram.tolist(), "weights": np.round(weights.astype(np.float64), 3).tolist(), "scales": scales.tolist(), "zero_points": zeros.tolist(),
            "natural": gptq(*wide, natural).astype(int).tolist(), "activity": gptq(*wide, active).astype(int).tolist()}


layers = [layer(2, 5, 32, 4, True), layer(8, 3, 48, 4, False), layer(3, 6, 32, 2, False)]
GOLDEN.write_text(json.dumps({"block": BLOCK, "layers": layers}, separators=(",", ":")) + "\n")
