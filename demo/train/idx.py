"""Reads Fashion-MNIST's idx files, and says how its pixels are normalised. Needs numpy only."""
import gzip
import sys
from pathlib import Path

import numpy as np

DEBIAN_FOLDER = "/usr/share/datasets/fashion-mnist"
SCALE, MEAN, STD = 0.00392157, 0.2860, 0.3530  # (pixel * SCALE - MEAN) / STD; ../dataset.yaml says the same


def read_idx(stem):
    """The array in STEM or STEM.gz."""
    packed = Path(f"{stem}.gz")
    path = packed if packed.exists() else Path(stem)
    if not path.exists():
        sys.exit(f"neither {path} nor {packed} exists: name the folder with the idx files")
    raw = gzip.decompress(path.read_bytes()) if path is packed else path.read_bytes()
    rank = raw[3]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(np.frombuffer(raw, ">i4", rank, 4))


def read_split(folder, name):
    """(images uint8 [N,1,28,28], labels int64 [N]) of `train` or `t10k`."""
    images = read_idx(f"{folder}/{name}-images-idx3-ubyte")
    return images[:, None], read_idx(f"{folder}/{name}-labels-idx1-ubyte").astype(np.int64)
