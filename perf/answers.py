"""answers.py SAMPLES.npz ANSWERS.npz FILE...: onnxruntime's class scores of every sample, by number of the file; a process of its
own, so that it can run on another processor. Sentences at their own lengths."""
import sys

import numpy as np
import onnxruntime


def rows(arrays):
    for i in range(len(next(iter(arrays.values())))):
        length = int(arrays["attention_mask"][i].sum()) if "attention_mask" in arrays else None
        yield {name: array[i:i + 1] if length is None else array[i:i + 1, :length] for name, array in arrays.items()}


def answers(file, arrays):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, row)[0] for row in rows(arrays)])


def main():
    with np.load(sys.argv[1]) as file:
        arrays = dict(file)
    np.savez(sys.argv[2], **{str(k): answers(file, arrays) for k, file in enumerate(sys.argv[3:])})


main()
