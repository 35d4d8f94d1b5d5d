"""onnxruntime's side, each call in a process of its own: peers.py WHAT '{"model": ...}' prints one JSON object.

static   {model, data, out, observer, per_channel, stride, threads, ...}: quantize_static over the samples of an npz
dynamic  {model, out, per_channel}: quantize_dynamic
infer    {model, data, threads}: the model itself over the samples, one a run
weights  {model, out, method, block, data}: 4-bit weights by MatMulNBitsQuantizer: rtn, hqq (wants PyTorch), k-quant (blocks of 32) or gptq
         over the samples of an npz
nbits    {weights, rows, columns, bits, block, symmetric, repeats, out}: the kernel behind MatMulNBitsQuantizer

"seconds" is the time of the call alone; Python's start and its imports are not in it."""
import contextlib
import importlib.util
import json
import logging
import os
import sys
import tempfile
import time
import types

import numpy as np
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

import zoo

OBSERVERS = {"min-max": CalibrationMethod.MinMax, "entropy": CalibrationMethod.Entropy, "percentile": CalibrationMethod.Percentile}
CODES = {"u8": QuantType.QUInt8, "s8": QuantType.QInt8}


class Samples(CalibrationDataReader):
    """Rows of arrays, one a step, sentences at their own lengths; in strides if asked for."""

    def __init__(self, arrays):
        self.arrays = arrays
        self.count = len(next(iter(arrays.values())))
        self.set_range(0, self.count)

    def set_range(self, start_index, end_index):
        self.steps = iter(range(start_index, end_index))

    def __len__(self):
        return self.count

    def row(self, i):
        feed = {name: array[i:i + 1] for name, array in self.arrays.items()}
        length = (feed["attention_mask"].sum() if "attention_mask" in feed else feed["lengths"][0] if "lengths" in feed else None)
        return feed if length is None else {name: array[:, :int(length)] if array.ndim > 1 else array for name, array in feed.items()}

    def get_next(self):
        i = next(self.steps, None)
        return None if i is None else self.row(i)


@contextlib.contextmanager
def prepared(model):
    """Their own advice: infer shapes and fold before quantizing."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "prepared.onnx")
        quant_pre_process(model, path, skip_symbolic_shape=True)
        yield path


def static(model, data, out, observer="min-max", per_channel=True, activations="u8", symmetric=False, reduced_range=False,
           prepare=False, stride=None, threads=2):
    sessions_with(threads)
    samples = Samples(zoo.mapped_npz(data))
    begin = time.perf_counter()
    extra = {"ActivationSymmetric": symmetric, **({"CalibStridedMinMax": stride} if stride else {})}
    with prepared(model) if prepare else contextlib.nullcontext(model) as source:
        quantize_static(source, out, samples, quant_format=QuantFormat.QDQ, per_channel=per_channel, reduce_range=reduced_range,
                        weight_type=QuantType.QInt8, activation_type=CODES[activations], calibrate_method=OBSERVERS[observer],
                        extra_options=extra)
    return {"seconds": time.perf_counter() - begin}


def dynamic(model, out, per_channel=True, reduced_range=False):
    begin = time.perf_counter()
    with prepared(model) as source:
        quantize_dynamic(source, out, per_channel=per_channel, reduce_range=reduced_range, weight_type=QuantType.QInt8)
    return {"seconds": time.perf_counter() - begin}


def infer(model, data, threads=2):
    session = session_of(model, threads)
    samples = Samples(zoo.mapped_npz(data))
    for i in range(min(8, len(samples))):
        session.run(None, samples.row(i))
    begin = time.perf_counter()
    for i in range(len(samples)):
        session.run(None, samples.row(i))
    return {"seconds": time.perf_counter() - begin}


def weights(model, out, method, block, data=None):
    import onnx
    from onnxruntime.quantization import matmul_nbits_quantizer as quantizer
    if method == "gptq" and importlib.util.find_spec("torch") is None:  # asks only whether inputs are tensors of PyTorch's
        sys.modules["torch"] = types.ModuleType("torch")
        sys.modules["torch"].Tensor = ()
    config = {"rtn": lambda: None, "hqq": lambda: quantizer.HQQWeightOnlyQuantConfig(block_size=block, bits=4),
              "k-quant": lambda: quantizer.KQuantWeightOnlyQuantConfig(),
              "gptq": lambda: quantizer.GPTQWeightOnlyQuantConfig(Samples(zoo.mapped_npz(data)))}[method]()
    begin = time.perf_counter()
    with contextlib.redirect_stdout(sys.stderr):
        made = quantizer.MatMulNBitsQuantizer(onnx.load(model), bits=4, block_size=block, is_symmetric=True, algo_config=config)
        made.process()
        if all(opset.domain != "com.microsoft" for opset in made.model.model.opset_import):  # left out by k-quant
            made.model.model.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
        made.model.save_model_to_file(out, False)
    return {"seconds": time.perf_counter() - begin}


def nbits(weights, rows, columns, bits, block, symmetric, repeats, out):
    from onnxruntime.capi import _pybind_state as kernels
    matrix = np.fromfile(weights, np.float32).reshape(rows, columns)
    blocks = -(-rows // block)
    codes = np.zeros((columns, blocks, block * bits // 8), np.uint8)
    scales = np.zeros((columns, blocks), np.float32)
    zero_points = np.zeros((columns, -(-blocks * bits // 8)), np.uint8)
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        getattr(kernels, f"quantize_matmul_{bits}bits")(codes, matrix, scales, zero_points, block, columns, rows, symmetric)
        seconds.append(time.perf_counter() - begin)
    with open(out, "wb") as file:
        file.write(codes.tobytes() + scales.tobytes() + (b"" if symmetric else zero_points.tobytes()))
    return {"seconds": seconds}


def session_of(model, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def sessions_with(threads):
    """The calibrator makes its session itself and has no setting for threads: its default is all cores it may use."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    print(json.dumps({"static": static, "dynamic": dynamic, "infer": infer, "nbits": nbits, "weights": weights}[sys.argv[1]](**json.loads(sys.argv[2]))))
