#!/usr/bin/env python3
"""Cross-layer equalization and bias correction in numpy, as the paper has them (Nagel et al. 2019, sections 4.1 and 4.2), for
tests/method. Makes a small network with random weights, tests/golden/method/equalize.onnx, and what must come out of it.

Pairs are found by walking the ONNX graph; perf/equalization uses the same functions on the zoo's resnet20."""
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden/method"
SWEEPS, SETTLED, ROOM = 20, 0.01, np.float32(1.25)
PASSING = {"Relu", "LeakyRelu", "MaxPool", "GlobalAveragePool", "Flatten"}


class Network:
    def __init__(self, model):
        self.model, self.graph = model, model.graph
        self.weights = {t.name: numpy_helper.to_array(t).astype(np.float64) for t in model.graph.initializer}
        self.readers = {}
        for node in model.graph.node:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)

    def layers(self):
        return [n for n in self.graph.node if n.op_type in ("Conv", "Gemm") and n.input[1] in self.weights]

    def pairs(self):
        """(first, second, Clips between) for layers that follow each other alone."""
        outputs = {o.name for o in self.graph.output}
        for first in self.layers():
            clips, value = [], first.output[0]
            while value not in outputs and len(self.readers.get(value, [])) == 1:
                node = self.readers[value][0]
                if node.op_type in ("Conv", "Gemm"):
                    if group(node) in (1, self.weights[node.input[1]].shape[0]):
                        yield first, node, clips
                    break
                if node.op_type == "Clip":
                    clips.append(node)
                elif node.op_type not in PASSING:
                    break
                value = node.output[0]


def attribute(node, name, otherwise):
    return next((helper.get_attribute_value(a) for a in node.attribute if a.name == name), otherwise)


def group(node):
    return attribute(node, "group", 1)


def by_made(node, weight):
    """[output channels, all else]"""
    rows = weight if node.op_type == "Conv" or attribute(node, "transB", 0) else weight.T
    return rows.reshape(rows.shape[0], -1)


def by_read(node, weight):
    """[input channels, all else]"""
    if node.op_type == "Conv":
        return by_made(node, weight) if group(node) > 1 else weight.swapaxes(0, 1).reshape(weight.shape[1], -1)
    columns = weight.T if attribute(node, "transB", 0) else weight
    return columns.reshape(columns.shape[0], -1)


def times(rows, factors):
    rows *= factors[:, None]


def equalized(network, seen):
    """The factors 1 / s of each pair by the first layer's name. `seen`: the largest number of each channel of what a Clip reads."""
    weights = {n.name: network.weights[n.input[1]].copy() for n in network.layers()}
    pairs = list(network.pairs())
    factors = {first.name: np.ones(by_made(first, weights[first.name]).shape[0]) for first, _, _ in pairs}
    for _ in range(SWEEPS):
        furthest = 0
        for first, second, clips in pairs:
            made, read = by_made(first, weights[first.name]), by_read(second, weights[second.name])
            r1, r2 = np.abs(made).max(1), np.abs(read).max(1)
            s = np.ones_like(r1)
            alive = (r1 > 0) & (r2 > 0)
            s[alive] = np.sqrt(r1[alive] / r2[alive])
            for clip in clips:
                bound = np.float32(network.weights[clip.input[2]].item())
                most = ROOM * np.maximum(seen[clip.input[0]].astype(np.float32), 0)
                s = np.where(most >= bound, 1, np.maximum(s, (most / bound).astype(np.float64) * factors[first.name]))
            scale_rows(first, weights, by_made, 1 / s)
            scale_rows(second, weights, by_read, s)
            factors[first.name] /= s
            furthest = max(furthest, np.abs(s - 1).max())
        if furthest <= SETTLED:
            break
    return factors


def scale_rows(node, weights, rows_of, factors):
    weight = weights[node.name]
    shape = [1] * weight.ndim
    conv_read = rows_of is by_read and node.op_type == "Conv" and group(node) == 1
    if node.op_type == "Conv":
        axis = 1 if conv_read else 0
    else:
        axis = (1 if attribute(node, "transB", 0) else 0) if rows_of is by_read else (0 if attribute(node, "transB", 0) else 1)
    shape[axis] = -1
    weights[node.name] = weight * factors.reshape(shape)


def shifts(network, weights, means):
    """What per-tensor int8 rounding of each float32 weight adds to each output channel on average. `means`: of each layer's input."""
    found = {}
    for node in network.layers():
        weight = weights[node.name].astype(np.float32)
        scale = np.float32(2 * np.float64(np.abs(weight).max()) / 254)
        error = np.clip(np.rint(weight / scale), -127, 127).astype(np.float32) * scale - weight
        error = error.astype(np.float64)
        mean = means[node.input[0]]
        if node.op_type == "Gemm":
            found[node.name] = (error if attribute(node, "transB", 0) else error.T) @ mean
        else:
            of_group = mean.reshape(group(node), -1)
            rows = error.reshape(group(node), -1, error.shape[1], int(np.prod(error.shape[2:])))
            found[node.name] = np.einsum("goik,gi->go", rows, of_group).ravel()
    return found


def values_of(model, names, feeds):
    """Each value over all feeds, along the first axis."""
    seen = onnx.ModelProto()
    seen.CopyFrom(model)
    known = {o.name for o in seen.graph.output}
    seen.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in known)
    session = onnxruntime.InferenceSession(seen.SerializeToString(), providers=["CPUExecutionProvider"])
    inputs = {i.name for i in session.get_inputs()}
    computed = [name for name in names if name not in inputs]
    all_of = {name: [] for name in names}
    for feed in feeds:
        for name, value in zip(computed, session.run(computed, feed)):
            all_of[name].append(value)
        for name in names:
            if name in inputs:
                all_of[name].append(feed[name])
    return {name: np.concatenate(values) for name, values in all_of.items()}


def by_channel(value, reduce):
    return reduce(value.astype(np.float64), tuple(a for a in range(value.ndim) if a != 1))


def small():
    rng = np.random.default_rng(7)
    nodes, weights = [], []

    def constant(name, *shape, spread=1.0):
        # Channels of very different magnitudes, which is what equalization is about.
        wide = np.exp(rng.normal(0, spread, (shape[0],) + (1,) * (len(shape) - 1)))
        weights.append(numpy_helper.from_array((rng.normal(0, 0.3, shape) * wide).astype(np.float32), name))
        return name

    def layer(op, name, x, *shape, bias, **attributes):
        nodes.append(helper.make_node(op, [x, constant(name + ".w", *shape), constant(name + ".b", bias, spread=0)], [name], name=name, **attributes))
        return name

    def simple(op, name, *inputs, **attributes):
        nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    weights += [numpy_helper.from_array(np.float32(0), "zero"), numpy_helper.from_array(np.float32(2), "two")]
    x = simple("Relu", "r1", layer("Conv", "c1", "x", 8, 3, 3, 3, bias=8))
    x = simple("Clip", "r2", layer("Conv", "c2", x, 8, 1, 3, 3, bias=8, group=8), "zero", "two")
    x = simple("LeakyRelu", "r3", layer("Conv", "c3", x, 12, 8, 1, 1, bias=12), alpha=0.1)
    x = simple("MaxPool", "p3", x, kernel_shape=[2, 2], strides=[2, 2])
    x = simple("Relu", "r4", layer("Conv", "c4", x, 10, 12, 1, 1, bias=10))
    x = simple("Flatten", "f4", simple("GlobalAveragePool", "g4", x))
    x = simple("Relu", "r5", layer("Gemm", "c5", x, 6, 10, bias=6, transB=1))
    layer("Gemm", "y", x, 6, 4, bias=4)
    graph = helper.make_graph(nodes, "equalize", [helper.make_tensor_value_info("x", 1, [1, 3, 10, 10])],
                              [helper.make_tensor_value_info("y", 1, [1, 4])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model, rng.normal(0, 1, (1, 3, 10, 10)).astype(np.float32)


def rescaled(network, factors):
    """The layers' weights and biases after equalization, in the order and the precision in which edits are carried out."""
    weights = {n.name: network.weights[n.input[1]].astype(np.float32) for n in network.layers()}
    biases = {n.name: network.weights[n.input[2]].astype(np.float32) for n in network.layers()}
    for first, second, _ in network.pairs():
        made, read = factors[first.name].astype(np.float32), (1 / factors[first.name]).astype(np.float32)
        biases[first.name] = biases[first.name] * made
        scale_rows(first, weights, by_made, made)
        scale_rows(second, weights, by_read, read)
    return weights, biases


def main():
    model, x = small()
    onnx.save(model, GOLDEN / "equalize.onnx")
    network = Network(model)
    clips = [n.input[0] for n in model.graph.node if n.op_type == "Clip"]
    seen = {name: by_channel(value, np.max) for name, value in values_of(model, clips, [{"x": x}]).items()}
    factors = equalized(network, seen)
    weights, biases = rescaled(network, factors)
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    for tensor in changed.graph.initializer:
        for node in network.layers():
            for position, arrays in ((1, weights), (2, biases)):
                if tensor.name == node.input[position]:
                    tensor.CopyFrom(numpy_helper.from_array(arrays[node.name], tensor.name))
    inputs = [n.input[0] for n in network.layers()]
    means = {name: by_channel(value, np.mean) for name, value in values_of(changed, inputs, [{"x": x}]).items()}
    found = shifts(network, weights, means)
    golden = {"input": x.ravel().tolist(),
              "output": values_of(model, ["y"], [{"x": x}])["y"].ravel().tolist(),
              "factors": {name: list(f) for name, f in factors.items()},
              "biases": {name: list(biases[name] - found[name]) for name in found}}
    (GOLDEN / "equalization.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
