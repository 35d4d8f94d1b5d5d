#!/usr/bin/python3
"""Golden data for tests/observe/observers_test.cpp, by independent implementations.

    ./dev oracle observers      three files: torch (Debian's python3-torch 1.13), onnxruntime (1.31.1) and octav (numpy)

Lines: name, kind of data, number of samples, elements of each, parameters, then the expected numbers (C99 hexadecimal).
"""
import subprocess
import sys

import numpy as np


def sample(kind, index, count):
    """The test makes the same ones: a multiplicative hash of the index, as float32 without rounding."""
    i = np.arange(count, dtype=np.uint64) + np.uint64(index * 1000003)
    u = (i * np.uint64(2654435761) & np.uint64(0xFFFFFFFF)) >> np.uint64(8)
    x = u.astype(np.float32) * np.float32(2**-24) - np.float32(0.5)  # uniform in [-1/2, 1/2)
    if kind == "uniform":
        return x * np.float32(2 + index)
    if kind == "peaked":  # many small, few large
        return x * x * x * np.float32(64)
    if kind == "relu":
        return np.maximum(x * x * x * np.float32(64 + 8 * index), np.float32(0))
    if kind == "outlier":
        x = x * np.float32(4)
        x[0] = np.float32(50)
        return x
    if kind == "shifted":
        return x + np.float32(3 + index)
    if kind == "tiny":
        return x * np.float32(2**-20)
    raise ValueError(kind)


KINDS = ("uniform", "peaked", "relu", "outlier", "shifted", "tiny")
SIZES = ((1, 1000), (5, 3000), (12, 20000))


def show(*fields):
    print(*[f if isinstance(f, str) else str(f) if isinstance(f, int) else float(f).hex() for f in fields])


def torch_cases():
    import torch
    from torch.ao.quantization import observer as o

    for kind in KINDS:
        for samples, count in SIZES:
            data = [torch.from_numpy(sample(kind, i, count)) for i in range(samples)]
            makers = {
                "min-max": lambda: o.MinMaxObserver(),
                "moving-average": lambda: o.MovingAverageMinMaxObserver(averaging_constant=0.01),
                "histogram": lambda: o.HistogramObserver(),
            }
            for name, make in makers.items():
                observer = make()
                for x in data:
                    observer(x)
                if name == "histogram":
                    low, high = observer._non_linear_param_search()
                    counts = observer.histogram.numpy()
                    digest = int(np.frombuffer(counts.tobytes(), np.uint32).astype(np.uint64).sum()) % 2**32
                    show(name, kind, samples, count, observer.min_val.item(), observer.max_val.item(), digest, low.item(), high.item())
                else:
                    show(name, kind, samples, count, observer.min_val.item(), observer.max_val.item())


def power_of_two_histogram(values, bins):
    """Counts by magnitude and sign in bins of 2^k, as few a side as hold the largest one of `bins`; zeros apart."""
    largest = float(np.abs(values).max())
    exponent = np.frexp(largest)[1] - int(np.log2(bins))
    index = np.floor(np.ldexp(np.abs(values.astype(np.float64)), -exponent)).astype(np.int64)
    side = int(index.max()) + 1
    positive = np.bincount(index[values > 0], minlength=side)
    negative = np.bincount(index[values < 0], minlength=side)
    return positive, negative, int((values == 0).sum()), float(2.0**exponent)


def in_double(calibrate):
    """onnxruntime's search with its two formulas in float64: in float32 rounding noise picks among near ties."""

    def smooth(p, eps=1e-4):
        zeros = p == 0
        if zeros.all():
            return None
        return p + eps * zeros - eps * zeros.sum() / (~zeros).sum() * ~zeros

    def entropy(p, q):
        p, q = p / p.sum(), q / q.sum()
        return (p * np.log(p / q)).sum()

    calibrate.smooth_distribution, calibrate.entropy = smooth, entropy


def onnxruntime_cases():
    from onnxruntime.quantization import calibrate
    from onnxruntime.quantization.calibrate import HistogramCollector

    in_double(calibrate)
    for kind in KINDS:
        for samples, count in SIZES[:2]:
            values = np.concatenate([sample(kind, i, count) for i in range(samples)])
            low, high = values.min(), values.max()
            positive, negative, zeros, width = power_of_two_histogram(values, 4096)
            positive[0] += zeros
            pad = 4096 - len(positive)
            both = np.concatenate([np.pad(negative, (0, pad))[::-1], np.pad(positive, (0, pad))])
            edges = (np.arange(-4096, 4097) * width).astype(np.float32)
            for percentile in (99.999, 99.9, 99.0, 100.0):
                for symmetric in (0, 1):
                    collector = HistogramCollector("percentile", bool(symmetric), 2048, 128, percentile, "same")
                    hist = np.pad(positive + negative, (0, pad)) if symmetric else both
                    these = edges[4096:] if symmetric else edges
                    collector.histogram_dict = {"x": (hist, these, low, high)}
                    found = quietly(collector.compute_percentile)["x"]
                    show("percentile", kind, samples, count, percentile, symmetric, found[0], found[1])
            for bins, merged in ((512, 128), (1024, 128), (512, 64)):
                positive, negative, zeros, width = power_of_two_histogram(values, bins)
                hist = np.concatenate([negative[::-1], positive])
                side = len(positive)
                edges = np.arange(-side, side + 1) * width
                collector = HistogramCollector("entropy", False, 2048, merged, 99.999, "same")
                found = collector.get_entropy_threshold((hist, edges, low, high), merged)
                show("entropy", kind, samples, count, bins, merged, found[0], found[1])


def octav(values, bits, symmetric):
    """The fixed point of Sakr et al. 2022, section 3, on the values themselves; what the step's square grows with is taken by a
    difference of the range's width."""
    low, high = min(values.min(), 0), max(values.max(), 0)
    magnitudes = np.abs(values[values != 0]).astype(np.float64)

    def squared_width(c):
        return (2 * c if symmetric else min(c, -low) + min(c, high)) ** 2

    c = magnitudes.mean()
    for _ in range(1000):
        growth = (squared_width(c) - squared_width(c * (1 - 1e-7))) / (2e-7 * c * c)
        outside = magnitudes[magnitudes > c]
        c = outside.sum() / (4.0**-bits / 12 * growth * (len(magnitudes) - len(outside)) + len(outside))
    return max(low, -c), min(high, c)


def octav_cases():
    for kind in ("peaked", "relu", "outlier", "shifted"):
        for bits, symmetric in ((4, 0), (4, 1), (8, 0), (8, 1)):
            values = np.concatenate([sample(kind, i, 20000) for i in range(2)])
            show("octav", kind, 2, 20000, bits, symmetric, *octav(values, bits, symmetric))


def quietly(call):
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()):
        return call()


def remake(name, python):
    """One golden file, by the Python that has what it needs."""
    with open(f"tests/golden/observe/{name}.txt", "w") as file:
        subprocess.run([python, __file__, name], stdout=file, check=True)


if len(sys.argv) > 1:
    {"torch": torch_cases, "onnxruntime": onnxruntime_cases, "octav": octav_cases}[sys.argv[1]]()
else:
    remake("torch", "/usr/bin/python3")  # Debian's python3-torch
    remake("onnxruntime", "python3")     # the benchmarks' environment, first in PATH
    remake("octav", "python3")
