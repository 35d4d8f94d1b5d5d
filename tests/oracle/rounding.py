#!/usr/bin/env python3
"""AdaRound in PyTorch (Nagel et al. 2020), for tests/method: gradients by autograd, steps by torch.optim.Adam. Writes
tests/golden/method/rounding.json: small layers, and the codes that are learned for them.

An output's loss is the mean over a batch's rows of its squared error behind the activation function, over scale^2 mean(x^2), plus
lambda times the sum over its weights of 1 - |2h - 1|^beta; beta falls from 20 to 2 by a half cosine behind a fifth of the steps, in
which the sum does not count. Every eighth row is held back: the last ones."""
import json
import math
import pathlib

import numpy as np
import torch

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden/method/rounding.json"
TOP, BOTTOM = 1.1, -0.1
RATE, DECISION, BATCH = 0.02, 1.0, 16


def up(v):
    return torch.clamp(torch.sigmoid(v) * (TOP - BOTTOM) + BOTTOM, 0, 1)


def exponent(step, steps):
    done = (step / steps - 0.2) / 0.8
    return 2 + 9 * (1 + math.cos(max(done, 0) * math.pi))


def learn(layer, steps):
    x, wanted, weights = (torch.tensor(layer[key], dtype=torch.float64) for key in ("x", "wanted", "weights"))
    bias, scales, zeros = (torch.tensor(layer[key], dtype=torch.float64) for key in ("bias", "scales", "zero_points"))
    (low, high), (least, most) = layer["codes_range"], layer["passes"]
    least, most = -math.inf if least is None else least, math.inf if most is None else most
    code = weights / scales + zeros
    floors = torch.floor(code)
    share = (code - floors - BOTTOM) / (TOP - BOTTOM)
    v = torch.nn.Parameter(-torch.log(1 / share - 1))
    adam = torch.optim.Adam([v], lr=RATE)
    learning = len(x) - len(x) // 8
    unit = scales ** 2 * (x ** 2).mean()
    target = torch.clamp(wanted, least, most)

    def outputs(codes, rows):
        return torch.clamp(rows @ ((torch.clamp(codes, low, high) - zeros) * scales) + bias, least, most)

    for step in range(steps):
        first = step % (learning // BATCH) * BATCH
        h = up(v)
        error = outputs(floors + h, x[first:first + BATCH]) - target[first:first + BATCH]
        loss = ((error ** 2).mean(0) / unit).sum()
        if step / steps >= 0.2:
            loss = loss + DECISION * (1 - torch.abs(2 * h - 1) ** exponent(step, steps)).sum()
        adam.zero_grad()
        loss.backward()
        adam.step()
    learned = torch.clamp(floors + (v.detach() >= 0), low, high)
    assert v.detach().abs().min() > 1e-4, "a rounding that is neither up nor down depends on the last bits"
    nearest = torch.clamp(torch.round(weights.float() / scales.float()).double() + zeros, low, high)  # ties as float32 has them

    def error_of(codes):
        return ((outputs(codes, x[learning:]) - target[learning:]) ** 2).sum(1).mean().item()

    return {"codes": learned.tolist(), "error": error_of(learned), "nearest_error": error_of(nearest),
            "changed": int((learned != nearest).sum())}


def layer(seed, rows, inner, outputs, codes, symmetric, passes):
    rng = np.random.default_rng(seed)
    mixed = rng.normal(0, 1, (inner, inner)) * 0.4 + np.eye(inner)  # errors of neighbours add up
    x = (np.abs(rng.normal(0, 1, (rows, inner))) @ mixed).astype(np.float32)
    weights = rng.normal(0, 0.5, (inner, outputs)).astype(np.float32)
    bias = rng.normal(0, 0.5, outputs).astype(np.float32)
    low, high = codes
    if symmetric:
        scales = (2 * np.abs(weights).max(0) / (high - low)).astype(np.float32)
        zeros = np.zeros(outputs, np.float32)
    else:
        scales = np.full(outputs, (weights.max() - weights.min()) / (high - low), np.float32)
        zeros = np.full(outputs, np.rint(low - weights.min() / scales[0]), np.float32)
    coded = np.rint(x * 16).astype(np.float32) / 16  # what the layer reads once its activation is coded
    return {"x": coded.tolist(), "wanted": (x @ weights + bias).tolist(), "weights": weights.tolist(), "bias": bias.tolist(),
            "scales": scales.tolist(), "zero_points": zeros.tolist(), "codes_range": codes, "passes": passes}


def main():
    cases = []
    for case, steps in ((layer(1, 128, 12, 5, [-8, 7], True, [None, None]), 400), (layer(2, 96, 9, 18, [-8, 7], True, [0, None]), 400),
                        (layer(3, 128, 10, 4, [0, 15], False, [-1, 2]), 400), (layer(6, 96, 16, 17, [-8, 7], True, [0, 0.5]), 400),
                        (layer(5, 96, 16, 17, [-8, 7], True, [None, None]), 25)):
        cases.append({"layer": case, "steps": steps, "learned": learn(case, steps)})
        print(cases[-1]["learned"]["changed"], cases[-1]["learned"]["nearest_error"], cases[-1]["learned"]["error"])
    GOLDEN.write_text(json.dumps(cases))


if __name__ == "__main__":
    main()
