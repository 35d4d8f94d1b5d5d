#!/usr/bin/env python3
"""Golden data for tests/method/quantizers_test.cpp: what onnxruntime's own quantizers make of small networks.

./dev oracle quantizers writes tests/golden/method: the networks, and codes.json with the arrays of each quantized one.
"""
import json
import pathlib
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

OUT = pathlib.Path(__file__).parents[1] / "golden/method"


def numbers(index, shape):
    """The test makes the same inputs: a multiplicative hash of the index, as float32 without rounding."""
    i = np.arange(int(np.prod(shape)), dtype=np.uint64) + np.uint64(index * 1000003)
    u = (i * np.uint64(2654435761) & np.uint64(0xFFFFFFFF)) >> np.uint64(8)
    return (u.astype(np.float32) * np.float32(2**-24) - np.float32(0.5)).reshape(shape)


def network(name, nodes, inputs, outputs, constants):
    graph = helper.make_graph([helper.make_node(op, i, o, name=o[0], **attributes) for op, i, o, attributes in nodes], name,
                              [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs],
                              [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs],
                              [numpy_helper.from_array(a, n) for n, a in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, OUT / f"{name}.onnx")


def networks():
    pads = {"pads": [1, 1, 1, 1]}
    network("cnn", [("Conv", ["x", "w1", "b1"], ["c1"], pads), ("Relu", ["c1"], ["r1"], {}), ("Conv", ["r1", "w2", "b2"], ["c2"], pads),
                    ("Add", ["c2", "r1"], ["s"], {}), ("GlobalAveragePool", ["s"], ["p"], {}), ("Flatten", ["p"], ["f"], {}),
                    ("Gemm", ["f", "w3", "b3"], ["y"], {"transB": 1})],
            [("x", ["N", 4, 6, 6])], [("y", ["N", 5])],
            {"w1": numbers(1, (8, 4, 3, 3)), "b1": numbers(2, (8,)), "w2": numbers(3, (8, 8, 3, 3)) * np.float32(0.5),
             "b2": numbers(4, (8,)), "w3": numbers(5, (5, 8)), "b3": numbers(6, (5,))})
    # Of three biases one is in the way of int32, two are not.
    network("bias", [("Gemm", ["x", "w", "b"], ["y"], {"transB": 1})], [("x", ["N", 8])], [("y", ["N", 3])],
            {"w": numbers(7, (3, 8)) * np.array([[1], [1e-4], [1e-4]], np.float32), "b": np.array([9, -1e6, 0.5], np.float32)})
    network("products", [("MatMul", ["x", "w"], ["m"], {}), ("Tanh", ["m"], ["t"], {}), ("Gemm", ["t", "v", "b"], ["y"], {"transB": 1})],
            [("x", ["N", 40])], [("y", ["N", 6])],
            {"w": numbers(8, (40, 33)), "v": numbers(9, (6, 33)), "b": numbers(10, (6,))})
    network("lstm", [("LSTM", ["x", "w", "r", "b"], ["y"], {"hidden_size": 3, "direction": "bidirectional"})],
            [("x", ["S", 1, 5])], [("y", ["S", 2, 1, 3])],
            {"w": numbers(11, (2, 12, 5)), "r": numbers(12, (2, 12, 3)), "b": numbers(13, (2, 24))})


class Feeds(CalibrationDataReader):
    def __init__(self, shape):
        self.feeds = iter([{"x": numbers(100 + k, shape) * np.float32(4)} for k in range(2)])

    def get_next(self):
        return next(self.feeds, None)


def listed(array):
    """Floats in the fewest digits that give the same float32."""
    if not np.issubdtype(array.dtype, np.floating):
        return array.ravel().astype(np.int64).tolist()
    short = [float(str(x)) for x in array.ravel()]
    assert np.array_equal(np.array(short, np.float32), array.ravel())
    return short


def arrays_of(model):
    """By name; what the kernels of one operator read, by operator and position."""
    arrays = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    of_kernels = {f"{node.op_type}[{k}]": listed(arrays[name]) for node in model.graph.node
                  if node.op_type in ("DynamicQuantizeLSTM", "MatMulNBits")
                  for k, name in enumerate(node.input) if name in arrays and name != "b"}
    return of_kernels or {name: listed(a) for name, a in arrays.items() if a.dtype != np.float32 or name.endswith("scale")}


def static(name, shape, **options):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "q.onnx"
        quantize_static(OUT / f"{name}.onnx", out, Feeds(shape), quant_format=QuantFormat.QDQ, **options)
        return arrays_of(onnx.load(out))


def dynamic(name, **options):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "q.onnx"
        quantize_dynamic(OUT / f"{name}.onnx", out, weight_type=QuantType.QInt8, **options)
        return arrays_of(onnx.load(out))


def blocks(bits, symmetric):
    quantizer = MatMulNBitsQuantizer(str(OUT / "products.onnx"), bits=bits, block_size=16, is_symmetric=symmetric)
    quantizer.process()
    return arrays_of(quantizer.model.model)


def main():
    networks()
    s8, u8, image, row = QuantType.QInt8, QuantType.QUInt8, (2, 4, 6, 6), (4, 8)
    rows = []

    def add(network_name, recipe, arrays):
        rows.append({"network": network_name, "recipe": recipe, "arrays": arrays})

    def add_static(recipe, **options):
        add("cnn", recipe, static("cnn", image, **options))

    add_static("int8-static", per_channel=True, activation_type=u8, weight_type=s8)
    add_static("int8-static(per_channel=no)", per_channel=False, activation_type=u8, weight_type=s8)
    add_static("int8-static(activations=s8)", per_channel=True, activation_type=s8, weight_type=s8)
    add_static("int8-static(activations=s8,symmetric=yes)", per_channel=True, activation_type=s8, weight_type=s8,
               extra_options={"ActivationSymmetric": True})
    add_static("int8-static(symmetric=yes)", per_channel=True, activation_type=u8, weight_type=s8,
               extra_options={"ActivationSymmetric": True})
    add_static("int8-static(per_channel=no,weights=u8)", per_channel=False, activation_type=u8, weight_type=u8)
    add_static("int8-static(reduced_range=yes)", per_channel=True, activation_type=u8, weight_type=s8, reduce_range=True)
    for per_channel, recipe in ((True, "int8-static"), (False, "int8-static(per_channel=no)")):
        add("bias", recipe, static("bias", row, per_channel=per_channel, activation_type=u8, weight_type=s8))
    for options, recipe in (({"per_channel": True}, "int8-dynamic"), ({"per_channel": False}, "int8-dynamic(per_channel=no)"),
                            ({"per_channel": True, "reduce_range": True}, "int8-dynamic(reduced_range=yes)")):
        for name in ("products", "lstm"):
            add(name, recipe, dynamic(name, **options))
    for bits in (4, 8):
        for symmetric in (True, False):
            add("products", f"weight-only(bits={bits},block=16,symmetric={'yes' if symmetric else 'no'},keep_float=y)", blocks(bits, symmetric))
    text = ",\n".join(json.dumps(r) for r in rows)
    (OUT / "codes.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
