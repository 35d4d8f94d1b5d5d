#!/usr/bin/python3
"""Golden data for tests/method/quantizers_test.cpp: what PyTorch's observers and quantizers make of the convolutional network of
quantizers.py, rebuilt in PyTorch from the same numbers.

./dev oracle torch_quantizers writes tests/golden/method/torch.json, rows like those of codes.json. Weights are symmetric between -127
and 127, the range that PyTorch's own export quantizers choose."""
import json
import pathlib

import numpy as np
import torch
from torch.ao.quantization import observer
from torch.nn import functional

OUT = pathlib.Path(__file__).parents[1] / "golden/method"


def numbers(index, shape):
    """As quantizers.py makes them."""
    i = np.arange(int(np.prod(shape)), dtype=np.uint64) + np.uint64(index * 1000003)
    u = (i * np.uint64(2654435761) & np.uint64(0xFFFFFFFF)) >> np.uint64(8)
    return torch.from_numpy((u.astype(np.float32) * np.float32(2**-24) - np.float32(0.5)).reshape(shape))


WEIGHTS = {"w1": numbers(1, (8, 4, 3, 3)), "w2": numbers(3, (8, 8, 3, 3)) * 0.5, "w3": numbers(5, (5, 8))}
BIASES = {"b1": numbers(2, (8,)), "b2": numbers(4, (8,)), "b3": numbers(6, (5,))}


def activations(x):
    r1 = functional.relu(functional.conv2d(x, WEIGHTS["w1"], BIASES["b1"], padding=1))
    c2 = functional.conv2d(r1, WEIGHTS["w2"], BIASES["b2"], padding=1)
    s = c2 + r1
    return {"x": x, "r1": r1, "c2": c2, "s": s, "p": s.mean((2, 3), keepdim=True)}


def listed(values):
    """Floats in the fewest digits that give the same float32."""
    return [float(str(x)) for x in values.detach().to(torch.float32).numpy().ravel()]


def weights(per_channel):
    arrays = {}
    for name, weight in WEIGHTS.items():
        if per_channel:
            seen = observer.PerChannelMinMaxObserver(0, torch.qint8, torch.per_channel_symmetric, quant_min=-127, quant_max=127)
        else:
            seen = observer.MinMaxObserver(torch.qint8, torch.per_tensor_symmetric, quant_min=-127, quant_max=127)
        seen(weight)
        scale, zero = seen.calculate_qparams()
        coded = (torch.quantize_per_channel(weight, scale, zero, 0, torch.qint8) if per_channel else
                 torch.quantize_per_tensor(weight, float(scale), int(zero), torch.qint8))
        arrays |= {f"{name}_scale": listed(scale), f"{name}_zero_point": [0] * scale.numel(),
                   f"{name}_quantized": coded.int_repr().flatten().tolist()}
    return arrays


def ranges(dtype):
    seen = {}
    for k in range(2):
        for name, value in activations(numbers(100 + k, (2, 4, 6, 6)) * 4).items():
            seen.setdefault(name, observer.MinMaxObserver(dtype, torch.per_tensor_affine))(value)
    arrays = {}
    for name, one in seen.items():
        scale, zero = one.calculate_qparams()
        arrays |= {f"{name}_scale": listed(scale), f"{name}_zero_point": [int(zero)]}
    return arrays


def main():
    rows = [{"network": "cnn", "recipe": recipe, "arrays": weights(per_channel) | ranges(dtype)}
            for recipe, per_channel, dtype in (("int8-static", True, torch.quint8), ("int8-static(per_channel=no)", False, torch.quint8),
                                               ("int8-static(activations=s8)", True, torch.qint8))]
    text = ",\n".join(json.dumps(row) for row in rows)
    (OUT / "torch.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
