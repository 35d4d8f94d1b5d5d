#!/usr/bin/env python3
"""Golden values for tests/measure/metrics_test.cpp: numpy, on whole arrays at once.

./dev oracle metrics writes tests/golden/measure/metrics.json.
"""
import json
import pathlib

import numpy as np

SAMPLES, POSITIONS = 6, 5


def plain(array):
    return [None if not np.isfinite(v) else float(v) for v in np.asarray(array, np.float32).ravel()]


def variance(part):
    """Of all elements about the mean of their channel; part is [samples, channels, positions]."""
    about = np.var(part, axis=(0, 2), dtype=np.float64).mean()
    return max(about, 1e-4 * np.mean(np.square(part, dtype=np.float64)))


def fidelity(before, after, parts):
    shares, first = [], 0
    for width in parts:
        old, new = (np.asarray(side[:, first:first + width], np.float64) for side in (before, after))
        shares.append(np.mean((new - old) ** 2) / variance(old))
        first += width
    return max(0.0, 1 - np.sqrt(np.mean(shares)))


def numbers(name, before, after, parts):
    old, new = np.asarray(before, np.float64), np.asarray(after, np.float64)
    return {"name": name, "shape": list(before.shape), "parts": parts, "before": plain(before), "after": plain(after),
            "fidelity": float(fidelity(before, after, parts)),
            "sqnr": float(10 * np.log10(np.sum(old ** 2) / np.sum((old - new) ** 2)))}


def detector(rng):
    """Four coordinates of hundreds beside three scores of hundredths."""
    boxes = rng.normal(300, 80, (SAMPLES, 4, POSITIONS))
    scores = rng.random((SAMPLES, 3, POSITIONS)) * 0.02
    return np.concatenate([boxes, scores], 1).astype(np.float32)


def classes(rng):
    logits = rng.normal(size=(40, 7)).astype(np.float32)
    other = (logits + rng.normal(0, 0.5, logits.shape)).astype(np.float32)
    labels = rng.integers(0, 7, 40)
    order = np.argsort(-other.astype(np.float64), axis=1)
    rows = other.astype(np.float64)
    surprise = np.log(np.exp(rows).sum(1)) - rows[np.arange(40), labels]
    return {"shape": [40, 7], "before": plain(logits), "after": plain(other), "labels": labels.tolist(),
            "top1": float((order[:, 0] == labels).mean()), "top5": float((order[:, :5] == labels[:, None]).any(1).mean()),
            "perplexity": float(np.exp(surprise.mean())), "agreement": float((logits.argmax(1) == other.argmax(1)).mean())}


def regression(rng):
    outputs, labels = (rng.normal(size=(12, 3)).astype(np.float32) for _ in range(2))
    return {"shape": [12, 3], "outputs": plain(outputs), "labels": plain(labels),
            "mae": float(np.abs(outputs.astype(np.float64) - labels).mean())}


def main():
    rng = np.random.default_rng(11)
    before = detector(rng)
    noisy = (before * (1 + rng.normal(0, 0.01, before.shape))).astype(np.float32)
    coarse = (np.round(before / 2.5) * 2.5).astype(np.float32)  # one scale for all: the scores are gone
    constant = np.full_like(before, 5)
    golden = {
        "numbers": [numbers("noise, one part", before, noisy, [7]), numbers("noise, two parts", before, noisy, [4, 3]),
                    numbers("scores gone, one part", before, coarse, [7]),
                    numbers("scores gone, two parts", before, coarse, [4, 3]),
                    numbers("hardly moving", constant, (constant + rng.normal(0, 0.01, before.shape)).astype(np.float32), [7])],
        "classes": classes(rng),
        "regression": regression(rng),
    }
    (pathlib.Path(__file__).parents[1] / "golden/measure/metrics.json").write_text(json.dumps(golden) + "\n")


main()
