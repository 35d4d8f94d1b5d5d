#!/usr/bin/python3
"""Golden data for tests/observe/statistics/reservoir_test.cpp: which rows a reservoir keeps, by numpy.

    ./dev oracle reservoir

Lines: number of samples, rows of each, number of rows kept, then sample and row of each of those by rank."""
import pathlib

import numpy as np

KEPT, SEED = 128, 0


def split_mix(state):
    """splitmix64 (Steele, Lea and Flood, 2014), on arrays of uint64."""
    z = state + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def kept(samples, rows):
    sample, row = (axis.ravel() for axis in np.meshgrid(np.arange(samples, dtype=np.uint64), np.arange(rows, dtype=np.uint64), indexing="ij"))
    rank = split_mix(split_mix(split_mix(np.array([SEED], np.uint64)) ^ sample) ^ row)
    lowest = np.argsort(rank, kind="stable")[:KEPT]
    return np.stack([sample[lowest], row[lowest]], axis=1)


with open(pathlib.Path(__file__).parent.parent / "golden/observe/reservoir.txt", "w") as out:
    for samples, rows in ((1, 3), (4, 128), (50, 20), (3, 3000)):
        chosen = kept(samples, rows)
        print(samples, rows, len(chosen), *chosen.ravel(), file=out)
