#!/usr/bin/env python3
"""Golden data for tests/method/mlx_test.cpp: hashes of what mlx.core.quantize makes of matrices on a CPU.

./dev oracle mlx_weights writes tests/golden/method/mlx.txt. Codes are hashed one a byte, row by row; scales (and biases) as float32.
"""
import hashlib
import pathlib
import subprocess
import sys

import numpy as np

TREE = pathlib.Path(__file__).resolve().parents[2]
ROOTS = subprocess.run([TREE / "deps/fetch", "--roots"], check=True, capture_output=True, text=True).stdout.splitlines()
sys.path.insert(0, dict(line.split("=", 1) for line in ROOTS)["mlx"])
import mlx.core as mx  # noqa: E402


def weights(rows, columns, kind):
    """The test makes the same ones: a multiplicative hash of the index, as float32 without rounding."""
    u = np.arange(rows * columns, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(kind * 40503)
    x = ((u & np.uint64(0xFFFFFFFF)) >> np.uint64(8)).astype(np.float32) * np.float32(2**-24) - np.float32(0.5)
    if kind == 1:  # sixteenths: ties, and values that are equal
        x = np.floor(x * np.float32(16)) * np.float32(1 / 16)
    if kind == 2:  # blocks of zeros
        x = np.where(np.arange(x.size) // columns % 48 < 32, np.float32(0), x)
    if kind == 3:
        x = np.abs(x) + np.float32(0.25)
    if kind == 4:  # of several magnitudes
        x = x * np.float32(2) ** (np.arange(x.size) // 40 % 17 - 8).astype(np.float32)
    return x.reshape(rows, columns).astype(np.float32)


def unpacked(words, bits, columns):
    """A row is one stream of bits, the lowest first."""
    stream = np.unpackbits(np.asarray(words).view(np.uint8).reshape(words.shape[0], -1), axis=1, bitorder="little")
    return (stream[:, :columns * bits].reshape(-1, columns, bits) << np.arange(bits, dtype=np.uint8)).sum(2).astype(np.uint8)


def short(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def power(bytes_):
    return np.float32(2) ** (np.asarray(bytes_).astype(np.float32) - 127)


def e4m3(bytes_):
    return np.asarray(mx.from_fp8(bytes_, mx.float32))


mx.set_default_device(mx.cpu)
with open(TREE / "tests/golden/method/mlx.txt", "w") as out:
    print("# recipe rows columns kind sha256(codes) sha256(scales) sha256(biases)", file=out)
    for rows, columns, kind in ((1, 128, 0), (5, 256, 0), (33, 128, 1), (7, 384, 2), (9, 256, 3), (6, 256, 4)):
        matrix = mx.array(weights(rows, columns, kind))
        for bits in (2, 3, 4, 5, 6, 8):
            for group in (32, 64, 128):
                words, scales, biases = mx.quantize(matrix, group_size=group, bits=bits)
                print(f"mlx(bits={bits},group={group})", rows, columns, kind, short(unpacked(words, bits, columns)), short(np.asarray(scales)),
                      short(np.asarray(biases)), file=out)
        for mode, decoded in (("mxfp4", power), ("nvfp4", e4m3)):
            words, scales = mx.quantize(matrix, mode=mode)
            print(f"float4(type={mode},rule=mlx)", rows, columns, kind, short(unpacked(words, 4, columns)), short(decoded(scales)), "-", file=out)
