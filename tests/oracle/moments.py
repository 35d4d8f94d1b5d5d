#!/usr/bin/env python3
"""Mean and variance of normal variables that are cut off at both ends, by adding up over a fine grid of quantiles, for
tests/method/channel_moments_test.cpp: tests/golden/method/moments.json. Rows: mean, variance, low, high, then the two."""
import json
import math
import pathlib

import numpy as np

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden/method"
MEANS, DEVIATIONS = (-3.0, -0.5, 0.0, 0.7, 4.0), (0.1, 1.0, 2.5)
ENDS = ((0.0, math.inf), (0.0, 6.0), (-1.0, 1.0), (-math.inf, 0.5), (-math.inf, math.inf))
STEPS = 200001


def main():
    grid = np.linspace(-12, 12, STEPS)
    weights = np.exp(-grid**2 / 2)
    weights /= weights.sum()
    rows = []
    for mean in MEANS:
        for deviation in DEVIATIONS:
            for low, high in ENDS:
                x = np.clip(mean + deviation * grid, low, high)
                first = (weights * x).sum()
                rows.append([mean, deviation**2, max(low, -1e300), min(high, 1e300), first, (weights * (x - first) ** 2).sum()])
    (GOLDEN / "moments.json").write_text(json.dumps(rows) + "\n")


if __name__ == "__main__":
    main()
