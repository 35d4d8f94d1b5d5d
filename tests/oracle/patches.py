#!/usr/bin/env python3
"""Patches that convolutions read, cut out by numpy, for tests/method/patches_test.cpp: tests/golden/method/patches.json.

Of each case: the Conv's attributes as our graphs' text has them, shapes, and the rows of patches [N * places, C * window], the window
of one channel behind that of another. Inputs count from 1, so that a padding zero is none of them."""
import itertools
import json
import pathlib

import numpy as np

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden/method"

CASES = [  # input, weight, strides, pads (all begins, then all ends), dilations, group
    ((2, 3, 5, 6), (4, 3, 3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1),
    ((1, 2, 7, 8), (2, 2, 3, 2), (2, 3), (1, 0, 2, 1), (1, 1), 1),
    ((1, 2, 9, 9), (2, 2, 3, 3), (1, 2), (0, 2, 1, 0), (2, 3), 1),
    ((1, 4, 5, 5), (8, 1, 3, 3), (2, 2), (1, 1, 1, 1), (1, 1), 4),
    ((1, 6, 4, 4), (4, 3, 2, 2), (1, 1), (0, 0, 0, 0), (1, 1), 2),
    ((2, 3, 4, 4), (5, 3, 1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 1),
    ((1, 3, 5, 5), (5, 3, 1, 1), (2, 2), (0, 0, 0, 0), (1, 1), 1),
    ((1, 3, 2, 2), (5, 3, 1, 1), (1, 1), (1, 0, 0, 1), (1, 1), 1),
    ((2, 3, 9), (4, 3, 4), (2,), (3, 1), (1,), 1),
    ((1, 2, 3, 4, 3), (2, 2, 2, 2, 2), (1, 2, 1), (0, 1, 0, 1, 0, 0), (1, 1, 1), 1),
]


def patches(x, window, strides, pads, dilations):
    n = len(window)
    padded = np.pad(x, [(0, 0), (0, 0)] + list(zip(pads[:n], pads[n:])))
    places = [range(0, padded.shape[2 + a] - (window[a] - 1) * dilations[a], strides[a]) for a in range(n)]
    rows = []
    for sample in padded:
        for place in itertools.product(*places):
            cut = tuple(slice(p, p + (w - 1) * d + 1, d) for p, w, d in zip(place, window, dilations))
            rows.append(sample[(slice(None),) + cut].ravel())
    return np.array(rows)


def spelled(strides, pads, dilations, group):
    lists = "".join(f"{name} = ints [{', '.join(map(str, numbers))}], " for name, numbers in
                    (("strides", strides), ("pads", pads), ("dilations", dilations)))
    return f"{{{lists}group = {group}}}"


def main():
    golden = []
    for shape, weight, strides, pads, dilations, group in CASES:
        x = np.arange(1, 1 + np.prod(shape)).reshape(shape)
        golden.append({"attributes": spelled(strides, pads, dilations, group), "x": shape, "weight": weight,
                       "rows": patches(x, weight[2:], strides, pads, dilations).tolist()})
    (GOLDEN / "patches.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
