"""NNCF's side of perf/int8-auto: nncf_file.py '{"model": ..., "data": ..., "out": ..., "preset": ...}' writes one quantized file. For an interpreter
that has nncf 3.4 and onnxruntime."""
import json
import sys

import nncf
import onnx

import zoo
from peers import Samples


def main(model, data, out, preset="MIXED", transformer=False, fast_bias_correction=True):
    samples = Samples(zoo.mapped_npz(data))
    kind = {"model_type": nncf.ModelType.TRANSFORMER} if transformer else {}
    quantized = nncf.quantize(onnx.load(model), nncf.Dataset([samples.row(i) for i in range(len(samples))]), subset_size=len(samples),
                              preset=getattr(nncf.QuantizationPreset, preset), fast_bias_correction=fast_bias_correction, **kind)
    onnx.save(quantized, out)


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
