#!/usr/bin/env python3
"""Writes into the folder named: for each operator a graph that computes it from constants, for fuzz/prepare.cpp."""
import re
import sys
from pathlib import Path

GRAPH = """ir_version 8
opset "" {opset}
opset "com.microsoft" 1
producer "" ""
graph "g" {{
  input %x: float32[N,3,4,4]
  const %f = float32[1,1,2,2] {{1, -2, 3, 4}}
  const %t = float32[4] {{1, 1, 2, 2}}
  const %i = int64[2] {{2, -1}}
  const %k = int64[] {{3}}
  const %o = int64[] {{0}}
  const %b = uint8[2,2] {{1, 2, 3, 255}}
  const %u = float32[] {{0.5}}
  %y = {node}
  %z = Identity(%y)
  output %z
}}
"""

NODES = r"""
Gather(%t, %o) / Range(%o, %k, %k) / Concat(%i, %i) {axis = 0} / Unsqueeze(%k, %i) / ConstantOfShape(%i) / Reshape(%f, %i)
Expand(%f, %i) / Tile(%i, %i) / Slice(%t, %i, %i) / Size(%x) / Shape(%x) / Cast(%f) {to = 6} / Div(%i, %i) / Mod(%i, %k) / Pow(%f, %f)
Conv(%f, %f) {pads = ints [1, 1, 1, 1], strides = ints [2, 1]} / MaxPool(%f) {kernel_shape = ints [2, 2], ceil_mode = 1}
AveragePool(%f) {kernel_shape = ints [1, 2], pads = ints [0, 1, 0, 1]} / ConvTranspose(%f, %f) / GlobalAveragePool(%f)
Resize(%f, _, %t) {mode = "linear"} / Resize(%f, _, %t) {mode = "cubic", antialias = 1} / DepthToSpace(%f) {blocksize = 1}
ReduceMean(%f) {axes = ints [1, 2], keepdims = 0} / Softmax(%f) {axis = -1} / MatMul(%f, %f) / Gemm(%b, %b) / CumSum(%f, %o)
TopK(%i, %k) {axis = 0} / ArgMax(%f) {axis = 2} / BitShift(%b, %b) {direction = "LEFT"} / Einsum(%t, %t) {equation = "i,j->ij"}
LayerNormalization(%f, %t) {axis = -1} / InstanceNormalization(%f, %u, %u) / LRN(%f) {size = 3} / Clip(%f, %u, %u) / Sign(%f)
GatherElements(%t, %i) / GatherND(%f, %i) / ScatterND(%t, %i, %f) / ScatterElements(%t, %i, %f) {axis = 0} / Trilu(%f) / NonZero(%f)
Transpose(%f) {perm = ints [3, 2, 1, 0]} / Split(%t) {axis = 0} / Pad(%i, %i) {mode = "reflect"} / OneHot(%i, %k, %i) / Unique(%i)
Squeeze(%f) / Flatten(%f) {axis = 2} / Where(%b, %b, %b) / Compress(%t, %b) {axis = 0} / EyeLike(%b) / SpaceToDepth(%f) {blocksize = 2}
DynamicQuantizeLinear(%f) / MatMulInteger(%b, %b) / QLinearMatMul(%b, %u, %b, %b, %u, %b, %u, %b) / ConvInteger(%b, %b)
"com.microsoft":MatMulNBits(%f, %b, %t) {K = 16, N = 1, bits = 4, block_size = 16} / LSTM(%f, %f, %f) {hidden_size = 1}
GRU(%f, %f, %f) {hidden_size = 1} / RNN(%f, %f, %f) {hidden_size = 1} / HardSigmoid(%f) / Erf(%f) / IsNaN(%f) / Round(%f)
"""


def main() -> None:
    folder = Path(sys.argv[1])
    for number, node in enumerate(re.split(r" / |\n", NODES.strip())):
        for opset in (12, 21):
            (folder / f"{number}-{opset}").write_text(GRAPH.format(node=node, opset=opset))


main()
