"""The zoo's networks as the benchmarks use them: the file, its dataset, and the tensors a peer is fed with."""
import dataclasses
import os
import pathlib
import zipfile

import numpy as np

ROOT = pathlib.Path(os.environ.get("BITWRIGHT_ZOO", "zoo"))
DATASETS = pathlib.Path(__file__).resolve().parent / "datasets"


def scaled(mean, std):
    """Pictures [N,H,W,3] of bytes to floats [N,3,H,W]."""
    def feed(arrays):
        pixels = (arrays["x"].astype(np.float32) - np.float32(mean)) / np.float32(std)
        return {"input": np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))}
    return feed


def named(**names):
    return lambda arrays: {name: arrays[array] for name, array in names.items()}


@dataclasses.dataclass(frozen=True)
class Network:
    name: str
    dataset: str   # of perf/datasets
    files: str     # the data, by split
    feed: object   # arrays of a file -> inputs of the model, by name

    @property
    def model(self):
        return ROOT / "models" / f"{self.name}.onnx"

    @property
    def description(self):
        return DATASETS / f"{self.dataset}.yaml"

    def inputs(self, split, count=None):
        with np.load(ROOT / "data" / self.files.format(split)) as file:
            return self.feed({name: file[name][:count] for name in file.files})


CIFAR = scaled([255 * m for m in (0.485, 0.456, 0.406)], [255 * s for s in (0.229, 0.224, 0.225)])
PIECES = named(input_ids="input_ids", attention_mask="attention_mask", token_type_ids="token_type_ids")
NETWORKS = {network.name: network for network in (
    Network("resnet20", "cifar10", "cifar10/{}.npz", CIFAR),
    Network("resnet20-raw", "cifar10", "cifar10/{}.npz", CIFAR),
    Network("efficientnet-lite0", "imagenet-sample", "imagenet-sample/{}.npz", scaled(127, 128)),
    Network("minilm-sst2", "sst2-minilm", "sst2/minilm-{}.npz", PIECES),
    Network("gpt-ptb", "ptb", "ptb/{}.npz", named(input_ids="x")),
    Network("lstm-sst2", "sst2-lstm", "sst2/lstm-{}.npz", named(input_ids="input_ids", lengths="lengths")),
)}


# --- tensors in the page cache: what both sides read ------------------------------------------------------------------

def write_npz(path, inputs, count):
    """An npz that is not compressed, of `count` samples: the inputs', over and over."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in inputs.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                header = {"descr": np.lib.format.dtype_to_descr(array.dtype), "fortran_order": False,
                          "shape": (count, *array.shape[1:])}
                np.lib.format.write_array_header_1_0(file, header)
                for begin in range(0, count, len(array)):
                    file.write(np.ascontiguousarray(array[:count - begin]).data)


def mapped_npz(path):
    """The arrays of such a file without a copy."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            with archive.open(entry) as file:
                np.lib.format.read_magic(file)
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
                header = file.tell()
            with open(path, "rb") as file:
                file.seek(entry.header_offset + 26)
                lengths = np.frombuffer(file.read(4), "<u2")
            offset = entry.header_offset + 30 + int(lengths.sum()) + header
            arrays[entry.filename.removesuffix(".npy")] = np.memmap(path, dtype, "r", offset, shape)
    return arrays
