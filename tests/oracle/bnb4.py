#!/usr/bin/python3
"""Golden data for tests/method/bnb4_test.cpp: hashes of what bitsandbytes' own code makes of matrices on a CPU.

./dev oracle bnb4 writes tests/golden/method/bnb4.txt. Debian's PyTorch is older than what bitsandbytes asks for, so its modules are
loaded without the parts that register operators with PyTorch; the functions that compute are its own.
"""
import ctypes
import hashlib
import importlib
import pathlib
import subprocess
import sys
import types

import numpy as np
import torch

TREE = pathlib.Path(__file__).resolve().parents[2]


def roots():
    lines = subprocess.run([TREE / "deps/fetch", "--roots"], check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines)


def load(folder):
    """Its kernels by name, and its tables."""
    def package(name, path):
        module = types.ModuleType(name)
        module.__path__ = [str(path)]
        sys.modules[name] = module

    def stub(name, **content):
        module = types.ModuleType(name)
        module.__dict__.update(content)
        sys.modules[name] = module

    kernels = {}

    def register_kernel(name, device):
        return lambda function: kernels.setdefault(name.split("::")[1], function)

    for name in ("", ".backends", ".backends.default"):
        package("bitsandbytes" + name, folder / name.replace(".", "/").lstrip("/"))
    library = ctypes.CDLL(str(folder / "libbitsandbytes_cpu.so"))
    stub("bitsandbytes._ops", register_kernel=register_kernel)
    stub("bitsandbytes.cextension", lib=library)
    stub("bitsandbytes.utils", pack_dict_to_tensor=None, unpack_tensor_to_dict=None)
    stub("packaging", version=None)
    stub("typing_extensions", deprecated=lambda *a, **k: lambda function: function)
    functional = importlib.import_module("bitsandbytes.functional")
    stub("bitsandbytes.backends.utils", _get_4bit_code=lambda kind, device: functional.get_4bit_type(kind, device=device))
    importlib.import_module("bitsandbytes.backends.default.ops")
    return kernels, functional, library


def pointer(tensor):
    return ctypes.c_void_p(tensor.data_ptr())


def in_eight_bits(library, table, values):
    codes, scales = torch.empty(values.shape, dtype=torch.uint8), torch.empty(-(-len(values) // 256))
    library.cquantize_blockwise_cpu_fp32(pointer(table), pointer(values), pointer(scales), pointer(codes), ctypes.c_longlong(256),
                                         ctypes.c_longlong(len(values)))
    return codes, scales


def weights(rows, columns, kind):
    """The test makes the same ones: a multiplicative hash of the index, as float32 without rounding."""
    u = np.arange(rows * columns, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(kind * 40503)
    x = ((u & np.uint64(0xFFFFFFFF)) >> np.uint64(8)).astype(np.float32) * np.float32(2**-24) - np.float32(0.5)
    if kind == 1:  # sixteenths: values that are equal, and zeros
        x = np.floor(x * np.float32(16)) * np.float32(1 / 16)
    if kind == 2:  # blocks of zeros
        x = np.where(np.arange(x.size) // columns % 48 < 32, np.copysign(np.float32(0), x), x)
    if kind == 3:  # of all magnitudes
        x = x * np.float32(2) ** (np.arange(x.size) % 37 - 18).astype(np.float32)
    return x.reshape(rows, columns).astype(np.float32)


def short(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


kernels, functional, library = load(pathlib.Path(roots()["bitsandbytes"]) / "bitsandbytes")
bucketize = torch.bucketize
torch.bucketize = lambda values, bounds, out_int32=False: bucketize(values, bounds)  # older PyTorch indexes with int64 alone
table = functional.create_dynamic_map()
with open(TREE / "tests/golden/method/bnb4.txt", "w") as out:
    print("# dynamic map:", short(table.numpy()), file=out)
    print("# type block outputs inputs kind sha256(packed) sha256(absmax) mean(absmax) sha256(codes of absmax) sha256(their scales)", file=out)
    for kind in ("nf4", "fp4"):
        for block in (32, 64, 256):
            for outputs, inputs, seed in ((1, block, 0), (3, 2 * block, 0), (70, 3 * block, 1), (33, 4 * block, 2), (130, 8 * block, 3)):
                matrix = torch.from_numpy(weights(outputs, inputs, seed))
                packed, absmax = kernels["quantize_4bit"](matrix, block, kind, torch.uint8)
                mean = torch.tensor(np.float32(absmax.double().mean().item()))  # rounded once; PyTorch's own depends on the CPU
                codes, scales = in_eight_bits(library, table, absmax - mean)
                print(kind, block, outputs, inputs, seed, short(packed.numpy()), short(absmax.numpy()), float(mean).hex(), short(codes.numpy()),
                      short(scales.numpy()), file=out)
