#!/usr/bin/env python3
"""Writes into the folder named: one good message of each kind that fuzz/worker.cpp reads, from the layouts that src/run/frame.cpp,
src/run/samples.cpp and src/observe say. Good input lets the fuzzer start behind the first checks."""
import json
import struct
import sys
from pathlib import Path


def text(words: bytes) -> bytes:
    return struct.pack("<Q", len(words)) + words


def frame(kind: int, words: bytes, blob: bytes) -> bytes:
    return b"BWf1" + struct.pack("<IQQQ", kind, 0, len(words), len(blob)) + words + blob


def statistic(kind: int, *parts: bytes) -> bytes:
    return struct.pack("<Bi", kind, 0) + b"".join(parts)


def array(code: str, numbers: list) -> bytes:
    return struct.pack(f"<Q{len(numbers)}{code}", len(numbers), *numbers)


def evidence() -> bytes:
    floats_sum, squares_sum = array("Q", [1] + [0] * 5), array("Q", [1] + [0] * 9)
    ends = struct.pack("<ff", -1, 2)
    statistics = [
        statistic(0, ends, struct.pack("<Q", 3)),                                         # Range
        statistic(1, struct.pack("<i", 0), array("f", [-1, 0]), array("f", [2, 0])),      # ChannelRange
        statistic(2, struct.pack("<i", 0), array("Q", []), struct.pack("<QQ", 3, 3), ends),  # Histogram of zeros
        statistic(3, struct.pack("<QQff", 1, 0, -1, 2)),                                  # SampleRanges
        statistic(4, struct.pack("<Q", 1), array("f", []), ends),                         # TorchHistogram
        statistic(5, struct.pack("<Q", 3), floats_sum, squares_sum),                      # Moments
        statistic(6, struct.pack("<iQQ", 0, 3, 1), floats_sum),                           # ChannelMean
    ]
    value = text(b"x") + struct.pack("<QQ", 3, len(statistics)) + b"".join(statistics)
    return text(b"bw-evidence-1") + struct.pack("<Q", 1) + value


def main() -> None:
    folder = Path(sys.argv[1])
    error = {"kind": "InputError", "class": "data", "what": "a", "where": "b", "hint": "c"}
    index = [[0, "one", [[0, 1, [2], 0], [1, 7, [1], 8], [3, 9, [1], 0]]]]
    seeds = {"frame": b"\0" + frame(6, b"{}", b"blob") + frame(5, b"load", b""),
             "error": b"\1" + json.dumps(error).encode(),
             "index": b"\2" + json.dumps(index).encode(),
             "evidence": b"\3" + evidence()}
    for name, content in seeds.items():
        (folder / name).write_bytes(content)


main()
