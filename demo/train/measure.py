#!/usr/bin/env python3
"""Prints the table of ../models/README.md: what ONNX Runtime makes of the three files on all 10,000 test images.

Needs the wheels onnx, onnxruntime and numpy. Latency: batch 1, one thread, median of 500 after 50 to warm up.
"""
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

from idx import DEBIAN_FOLDER, MEAN, SCALE, STD, read_split

MODELS = Path(__file__).resolve().parent.parent / "models"


def parameters(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    return sum(int(np.prod(t.dims)) for t in model.graph.initializer if t.data_type == onnx.TensorProto.FLOAT)


def latency(session, image):
    times = []
    for _ in range(550):
        start = time.perf_counter()
        session.run(None, {"image": image})
        times.append(time.perf_counter() - start)
    return float(np.median(times[50:]))


def main(folder):
    images, labels = read_split(folder, "t10k")
    images = (images.astype(np.float32) * np.float32(SCALE) - np.float32(MEAN)) / np.float32(STD)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    print("| model | parameters | file | test top-1 | batch 1 |\n|---|---|---|---|---|")
    for path in (MODELS / f"{name}.onnx" for name in ("cnn", "transformer", "lstm")):
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        right = sum(int((session.run(None, {"image": x})[0].argmax(1) == y).sum())
                    for x, y in zip(np.split(images, 100), np.split(labels, 100)))
        print(f"| `{path.name}` | {parameters(path):,} | {path.stat().st_size:,} bytes | {100 * right / len(labels):.2f} % "
              f"| {1e3 * latency(session, images[:1]):.2f} ms |")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else DEBIAN_FOLDER)
