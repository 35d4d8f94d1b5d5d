#!/usr/bin/env python3
"""Golden data for tests/explain: networks that onnxruntime quantized in its forms, and what each of their layers loses.

./dev oracle explain writes tests/golden/explain. SQNRs come from numpy and onnxruntime's float kernels, by the definition: a layer alone
is computed from the float network's values with the weights that the codes mean, its own rounding, and that of what no layer makes.
"""
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

OUT = pathlib.Path(__file__).parents[1] / "golden/explain"
COUNT, CALIBRATION = 8, 2


def numbers(seed, shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def save(name, nodes, inputs, outputs, constants):
    graph = helper.make_graph([helper.make_node(op, i, o, name=f"{op}_{o[0]}", **a) for op, i, o, a in nodes], name,
                              [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs],
                              [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs],
                              [numpy_helper.from_array(a, n) for n, a in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, OUT / f"{name}.onnx")


def networks():
    pads = {"pads": [1, 1, 1, 1]}
    save("cnn", [("Conv", ["x", "w1", "b1"], ["c1"], pads), ("Relu", ["c1"], ["r1"], {}), ("Conv", ["r1", "w2", "b2"], ["c2"], pads),
                 ("Add", ["c2", "r1"], ["s"], {}), ("GlobalAveragePool", ["s"], ["p"], {}), ("Flatten", ["p"], ["f"], {}),
                 ("Gemm", ["f", "w3", "b3"], ["y"], {"transB": 1})],
         [("x", ["N", 4, 6, 6])], [("y", ["N", 5])],
         {"w1": numbers(1, (8, 4, 3, 3)), "b1": numbers(2, (8,)), "w2": numbers(3, (8, 8, 3, 3)) * np.float32(0.2), "b2": numbers(4, (8,)),
          "w3": numbers(5, (5, 8)), "b3": numbers(6, (5,))})
    save("products", [("MatMul", ["x", "w"], ["m"], {}), ("Tanh", ["m"], ["t"], {}), ("Gemm", ["t", "v", "b"], ["y"], {"transB": 1})],
         [("x", ["N", 40])], [("y", ["N", 6])], {"w": numbers(8, (40, 33)) * np.float32(0.2), "v": numbers(9, (6, 33)), "b": numbers(10, (6,))})


class Feeds(CalibrationDataReader):
    def __init__(self, x):
        self.feeds = iter([{"x": x[k:k + 1]} for k in range(CALIBRATION)])

    def get_next(self):
        return next(self.feeds, None)


def values_of(model, names, x):
    """Values of a file as its nodes stand there, by name, each sample alone."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    have = {o.name for o in model.graph.output}
    model.graph.output.extend(helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in names if n not in have)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    rows = [session.run(names, {"x": x[k:k + 1]}) for k in range(len(x))]
    return {name: np.concatenate([row[i] for row in rows]) for i, name in enumerate(names)}


def conv(x, w, b):
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], pads=[1, 1, 1, 1])
    graph = helper.make_graph([node], "conv", [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in "xwb"],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x, "w": w, "b": b})[0]


def likeness(x, y):
    x, y = x.astype(np.float64).ravel(), y.astype(np.float64).ravel()
    return {"sqnr": float(10 * np.log10((x * x).sum() / ((x - y) ** 2).sum())),
            "cosine": float((x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum()))}


class File:
    """A quantized file's parameters, by the name of the float value."""
    def __init__(self, name):
        self.model = onnx.load(OUT / f"{name}.onnx")
        self.arrays = {i.name: numpy_helper.to_array(i) for i in self.model.graph.initializer}
        for part in ("scale", "zero_point"):  # QOperator names the codes that take a Relu over after what is before it
            self.arrays.setdefault(f"r1_{part}", self.arrays.get(f"c1_{part}"))

    def rounded(self, value, x):
        scale, zero = self.arrays[f"{value}_scale"], self.arrays[f"{value}_zero_point"]
        codes = np.clip(np.rint(x / scale) + float(zero), 0, 255)
        return ((codes - float(zero)) * scale).astype(np.float32)

    def weight(self, name, axis=0):
        codes = self.arrays[f"{name}_quantized"].astype(np.float32)
        scale, zero = (np.atleast_1d(self.arrays[f"{name}_{part}"]).astype(np.float32) for part in ("scale", "zero_point"))
        shape = [1] * codes.ndim
        shape[axis] = -1
        return (codes - zero.reshape(shape)) * scale.reshape(shape)

    def bias(self, name, value, weight):
        return self.arrays[f"{name}_quantized"].astype(np.float32) * self.arrays[f"{value}_scale"] * self.arrays[f"{weight}_scale"]


def layers_of_cnn(file, seen, x):
    """What each layer makes alone, by the float node's name."""
    c1 = conv(file.rounded("x", x), file.weight("w1"), file.bias("b1", "x", "w1"))
    c2 = conv(seen["r1"], file.weight("w2"), file.bias("b2", "r1", "w2"))
    y = seen["f"] @ file.weight("w3").T + file.bias("b3", "p", "w3")
    return {"Conv_c1": ("r1", file.rounded("r1", np.maximum(c1, 0))), "Conv_c2": ("c2", file.rounded("c2", c2)),
            "Add_s": ("s", file.rounded("s", seen["c2"] + seen["r1"])), "Gemm_y": ("y", file.rounded("y", y))}


def dynamically(row):
    low, high = min(row.min(), 0), max(row.max(), 0)
    scale = np.float32((high - low) / 255)
    zero = np.clip(np.rint(-low / scale), 0, 255)
    return ((np.clip(np.rint(row / scale) + zero, 0, 255) - zero) * scale).astype(np.float32)


def layers_of_products(file, seen, x):
    rows = np.stack([dynamically(row) for row in x])
    hidden = np.stack([dynamically(row) for row in seen["t"]])
    v = file.weight("v") if file.arrays["v_quantized"].shape == (6, 33) else file.weight("v").T
    return {"MatMul_m": ("m", rows @ file.weight("w", 1)), "Gemm_y": ("y", hidden @ v.T + file.arrays["b"])}


def row_of(network, name, values, layers_of, x):
    float_values = values_of(onnx.load(OUT / f"{network}.onnx"), values, x)
    file = File(name)
    alone = {layer: likeness(float_values[value], made) for layer, (value, made) in layers_of(file, float_values, x).items()}
    outputs = {"y": likeness(float_values["y"], values_of(file.model, ["y"], x)["y"])}
    decoded = {n for node in file.model.graph.node if node.op_type == "DequantizeLinear" for n in node.output}
    inner = {f"{v}_DequantizeLinear_Output": v for v in values if f"{v}_DequantizeLinear_Output" in decoded}
    seen = values_of(file.model, list(inner), x) if inner else {}
    return {"float": network, "quantized": name, "alone": alone, "outputs": outputs,
            "accumulated": {v: likeness(float_values[v], seen[n]) for n, v in inner.items()}}


def main():
    networks()
    image, row = numbers(20, (COUNT, 4, 6, 6)), numbers(21, (COUNT, 40))
    labels = np.arange(COUNT, dtype=np.int64) % 5
    np.savez(OUT / "cnn.npz", x=image, y=labels)
    np.savez(OUT / "products.npz", x=row, y=labels)
    types = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8}
    quantize_static(OUT / "cnn.onnx", OUT / "cnn-qdq.onnx", Feeds(image), quant_format=QuantFormat.QDQ, per_channel=True, **types)
    quantize_static(OUT / "cnn.onnx", OUT / "cnn-qoperator.onnx", Feeds(image), quant_format=QuantFormat.QOperator, **types)
    quantize_dynamic(OUT / "products.onnx", OUT / "products-dynamic.onnx", weight_type=QuantType.QInt8)
    cnn = ["r1", "c2", "s", "f", "y"]
    rows = [row_of("cnn", "cnn-qdq", cnn, layers_of_cnn, image), row_of("cnn", "cnn-qoperator", cnn, layers_of_cnn, image),
            row_of("products", "products-dynamic", ["m", "t", "y"], layers_of_products, row)]
    (OUT / "likeness.json").write_text(json.dumps(rows, indent=1) + "\n")


main()
