#!/usr/bin/env python3
"""Golden data for tests/tensor/kernels/nbits_test.cpp: hashes of what onnxruntime's own MatMulNBits quantizer gives.

./dev oracle nbits writes tests/golden/tensor/nbits.txt.
"""
import hashlib
import pathlib

import numpy as np
from onnxruntime.capi._pybind_state import quantize_matmul_2bits, quantize_matmul_4bits, quantize_matmul_8bits


def weights(rows, columns, kind):
    """The test makes the same ones: a multiplicative hash of the index, as float32 without rounding."""
    u = np.arange(rows * columns, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(kind * 40503)
    x = ((u & np.uint64(0xFFFFFFFF)) >> np.uint64(8)).astype(np.float32) * np.float32(2**-24) - np.float32(0.5)
    if kind == 1:  # sixteenths: ties and zeros
        x = np.floor(x * np.float32(16)) * np.float32(1 / 16)
    if kind == 2:  # zeros of both signs, and rows in between
        x = np.where(np.arange(x.size) // columns % 48 < 32, np.copysign(np.float32(0), x), x)
    if kind == 3:
        x = np.abs(x)
    if kind == 4:
        x = -np.abs(x) - np.float32(0.25)
    return x.reshape(rows, columns).astype(np.float32)


def quantize(w, bits, block, symmetric):
    rows, columns = w.shape
    blocks, per_byte = -(-rows // block), 8 // bits
    padded = np.pad(w, ((0, blocks * block - rows), (0, 0)))
    codes = np.zeros((columns, blocks, block // per_byte), np.uint8)
    scales = np.zeros((columns, blocks), np.float32)
    zeros = np.zeros((columns, -(-blocks // per_byte)), np.uint8)
    run = {2: quantize_matmul_2bits, 4: quantize_matmul_4bits, 8: quantize_matmul_8bits}[bits]
    run(codes, padded, scales, zeros, block, columns, rows, symmetric)
    return codes, scales, zeros


with open(pathlib.Path(__file__).parents[1] / "golden/tensor/nbits.txt", "w") as out:
    print("# bits block symmetric rows columns kind sha256(codes) sha256(scales) sha256(zero points)", file=out)
    for bits in (4, 8, 2):
        for symmetric in (1, 0):
            for block in (16, 32, 64, 128, 256):
                for rows, columns, kind in ((1, 1, 0), (block, 3, 0), (2 * block + 1, 5, 0), (block + 1, 70, 1), (3 * block - 1, 65, 1),
                                            (5 * block, 64, 2), (100, 17, 3), (777, 130, 0), (300, 9, 4)):
                    codes, scales, zeros = quantize(weights(rows, columns, kind), bits, block, bool(symmetric))
                    hashes = [hashlib.sha256(a.tobytes()).hexdigest()[:16] for a in (codes, scales, zeros)]
                    print(bits, block, symmetric, rows, columns, kind, *hashes[: 2 if symmetric else 3], *(["-"] if symmetric else []), file=out)
