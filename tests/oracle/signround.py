#!/usr/bin/python3
"""SignRound with PyTorch's gradients (Cheng et al. 2023, section 3), for tests/method. Writes tests/golden/method/signround.json: small
layers, the Gram matrix of what they read, and the codes and factors of the scales of the least loss of each output."""
import json
import pathlib

import numpy as np
import torch

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden/method/signround.json"
BLOCK, STEPS, SURE = 16, 12, 2e-5


class Unsure(Exception):
    """Something depends on the last bits of numbers."""


def require_sure(distances):
    if float(torch.as_tensor(distances).abs().min()) < SURE:
        raise Unsure


def rounded(x):
    require_sure((x - x.floor() - 0.5).detach())
    return x + (x.round() - x).detach()


def signround(weights, gram, scales, zeros, low, high, learns_scales):
    w, g = torch.tensor(weights, dtype=torch.float64), torch.tensor(gram, dtype=torch.float64)
    each = lambda numbers: numbers.repeat_interleave(BLOCK, 1)
    s0, zero = torch.tensor(scales, dtype=torch.float64), each(torch.tensor(zeros, dtype=torch.float64))
    v = torch.zeros_like(w, requires_grad=True)
    a = torch.ones_like(s0, requires_grad=True)
    least, best = torch.full((len(w),), torch.inf, dtype=torch.float64), [None] * len(w)
    for step in range(STEPS + 1):
        scale = each(s0 * a)
        codes = torch.clamp(rounded(w / scale + zero + v), low, high)
        off = (codes - zero) * scale - w
        losses = ((off @ g) * off).sum(1)
        require_sure((losses.detach() / least - 1)[torch.isfinite(least)] if step else torch.ones(1))
        for o, loss in enumerate(losses.detach()):
            if loss < least[o]:
                least[o], best[o] = loss, (codes[o].detach().int().tolist(), a[o].detach().tolist())
        v.grad = a.grad = None
        losses.sum().backward()
        size = (1 - step / STEPS) / STEPS
        with torch.no_grad():
            moved = v.grad != 0  # not those that are clamped
            require_sure(v.grad[moved] / v.grad.abs().mean())
            require_sure(a.grad / a.grad.abs().mean())
            v -= size * v.grad.sign()
            v.clamp_(-0.5, 0.5)
            if learns_scales:
                a -= size * a.grad.sign()
                a.clamp_(0, 1)
    return {"codes": [codes for codes, _ in best], "factors": [factors for _, factors in best]}


def layer(seed, outputs, columns, bits, symmetric):
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(columns, columns)) / np.sqrt(columns)
    x = rng.normal(size=(4 * columns, columns)) @ mix * rng.uniform(0.2, 3, columns)
    weights = np.round(rng.normal(size=(outputs, columns)), 3).astype(np.float32)
    blocks = weights.reshape(outputs, -1, BLOCK)
    highest = 2**bits - 1
    if symmetric:  # of both signs, as onnxruntime has them
        at = np.abs(blocks).argmax(2)
        most = np.take_along_axis(blocks, at[:, :, None], 2)[:, :, 0]
        zeros = np.full(blocks.shape[:2], 2.0 ** (bits - 1))
        scales = (-most / 2 ** (bits - 1)).astype(np.float32)
    else:
        lows, highs = np.minimum(blocks.min(2), 0), np.maximum(blocks.max(2), 0)
        scales = ((highs - lows) / highest).astype(np.float32)
        zeros = np.round(-lows / scales)
    gram = np.round(x.T @ x, 2)
    wide = [weights.astype(np.float64), gram, scales.astype(np.float64), zeros, 0, highest]
    return {"bits": bits, "gram": gram.tolist(), "weights": np.round(weights.astype(np.float64), 3).tolist(), "scales": scales.tolist(),
            "zero_points": zeros.tolist(), "learned": signround(*wide, True), "kept": signround(*wide, False)}


def first_sure(start, *shape):
    for seed in range(start, start + 10000):
        try:
            return layer(seed, *shape)
        except Unsure:
            pass
    raise SystemExit("no seed gives numbers that do not depend on their last bits")


layers = [first_sure(0, 3, 32, 4, True), first_sure(20000, 2, 48, 4, False), first_sure(40000, 3, 32, 2, False)]
GOLDEN.write_text(json.dumps({"block": BLOCK, "steps": STEPS, "layers": layers}, separators=(",", ":")) + "\n")
