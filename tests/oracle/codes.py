#!/usr/bin/env python3
"""The program's codes against onnxruntime's own quantizers on the zoo's networks: weights, scales, zero points, biases.

./dev oracle codes compares; nothing is written. Needs the built program (BITWRIGHT) and the zoo (BITWRIGHT_ZOO)."""
import fnmatch
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
ZOO = pathlib.Path(os.environ["BITWRIGHT_ZOO"])
PROGRAM = os.environ.get("BITWRIGHT", str(ROOT / "build/release/bitwright"))


def ours(model, recipe, folder, *more):
    file = folder / "ours.onnx"
    subprocess.run([PROGRAM, "quantize", ZOO / f"models/{model}.onnx", "--recipe", recipe, "-o", file, "--quiet", *more],
                   check=True, stdout=subprocess.DEVNULL)
    return onnx.load(file)


def constants(model):
    """By the names that onnxruntime's tool gives them."""
    arrays = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    for name in list(arrays):
        if name.endswith("_quantized_transposed"):
            arrays[name.removesuffix("_transposed")] = arrays[name]
        for part in ("_scale", "_zero_point"):
            if name.endswith(".bias" + part):
                arrays[name.removesuffix(part) + "_quantized" + part] = arrays[name]
    return arrays


def equal(name, a, b):
    """Bit for bit. Only scales of activations may differ in their last digits, since the two calibrate with differently
    fused graphs, and with them a code of a bias by one."""
    if a.size != b.size:
        return False
    if a.size == 1 and name.endswith("_scale"):
        return bool(np.allclose(a.ravel(), b.ravel(), rtol=1e-6, atol=0))
    if name.endswith("bias_quantized"):
        return bool(np.abs(a.ravel().astype(np.int64) - b.ravel()).max() <= 1)
    return bool(np.array_equal(a.ravel(), b.ravel())) or (name.endswith("bias_quantized_scale") and np.allclose(a, b, rtol=1e-6, atol=0))


def compare(what, mine, theirs, theirs_alone=()):
    """Every array of theirs but those whose name fits a pattern of `theirs_alone`: what ours has not, on purpose."""
    wanted = sorted(n for n in theirs if not any(fnmatch.fnmatch(n, p) for p in theirs_alone))
    wrong = [n for n in wanted if n not in mine or not equal(n, mine[n], theirs[n])]
    print(f"{what}: {len(wanted)} arrays compared, {len(wrong)} differ or are missing", *wrong[:5])
    return bool(wanted) and not wrong


class Rows(CalibrationDataReader):
    def __init__(self, feeds):
        self.feeds = iter(feeds)

    def get_next(self):
        return next(self.feeds, None)


def static(folder):
    """resnet20, min-max, per channel: the same 64 images."""
    with np.load(ZOO / "data/cifar10/calib.npz") as z:
        x, y = z["x"][:64], z["y"][:64]
    np.savez(folder / "calib.npz", x=x, y=y)
    np.savez(folder / "test.npz", x=x[:1], y=y[:1])
    (folder / "data.yaml").write_text((ROOT / "perf/datasets/cifar10.yaml").read_text()
                                      .replace("root: ${BITWRIGHT_ZOO}/data/cifar10", f"root: {folder}")
                                      .replace("  train: {path: train.npz}\n", ""))
    mine = constants(ours("resnet20", "int8-static", folder, "--data", str(folder / "data.yaml"), "--calibration-samples", "64"))
    mean, std = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
    feeds = [{"input": ((i.astype(np.float32) / np.float32(255) - mean) / std).transpose(2, 0, 1)[None].copy()} for i in x]
    quantize_static(ZOO / "models/resnet20.onnx", folder / "theirs.onnx", Rows(feeds), quant_format=QuantFormat.QDQ, per_channel=True,
                    weight_type=QuantType.QInt8, activation_type=QuantType.QUInt8)
    # In float stay the first convolution, which has three channels, what Pad fills in, and the result of the last product.
    return compare("int8-static of resnet20", mine, constants(onnx.load(folder / "theirs.onnx")),
                   ("conv1.*", "input_*", "zero_*", "logits_*"))


def dynamic(folder):
    mine = constants(ours("minilm-sst2", "int8-dynamic(embeddings=no)", folder))
    quantize_dynamic(ZOO / "models/minilm-sst2.onnx", folder / "theirs.onnx", per_channel=True, weight_type=QuantType.QInt8)
    # Embeddings were not asked for; zero points that are all zero stand in the file once.
    return compare("int8-dynamic of minilm-sst2", mine, constants(onnx.load(folder / "theirs.onnx")),
                   ("embeddings.*", "encoder.layer.[1-5].*_zero_point"))


def blocks(model):
    """MatMulNBits operands by the node's output."""
    arrays = constants(model)
    return {f"{n.output[0].removesuffix('_nbits')}[{k}]": arrays[name]
            for n in model.graph.node if n.op_type == "MatMulNBits" for k, name in enumerate(n.input[1:4]) if name}


def weight_only(folder, bits, block, symmetric):
    recipe = f"weight-only(bits={bits},block={block},symmetric={'yes' if symmetric else 'no'})"
    quantizer = MatMulNBitsQuantizer(str(ZOO / "models/gpt-ptb.onnx"), bits=bits, block_size=block, is_symmetric=symmetric)
    quantizer.process()
    return compare(f"{recipe} of gpt-ptb", blocks(ours("gpt-ptb", recipe, folder)), blocks(quantizer.model.model))


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        good = [static(folder), dynamic(folder)]
        good += [weight_only(folder, bits, block, symmetric)
                 for bits in (4, 8) for block, symmetric in ((16, True), (32, False), (128, True), (256, False))]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
