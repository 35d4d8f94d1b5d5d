// The rules of couplings by family; the rows of the operator table (graph/ops) name them.
#pragma once

#include "graph/couple/operands.h"

namespace bw::couple {

// --- elementwise.cpp ---

void same(Operands& at);            // each axis of input 0 is that of output 0
void all_same(Operands& at);        // ... of every output
void broadcast(Operands& at);       // every input, by NumPy's rule
void qlinear_binary(Operands& at);  // inputs 0 and 3
void qlinear_where(Operands& at);
void quantize(Operands& at);  // x, with a scale and a zero point along an axis

// --- linear.cpp ---

void matmul(Operands& at);
void matmul_integer(Operands& at);  // zero points at 2 and 3
void qlinear_matmul(Operands& at);
void dynamic_quantize_matmul(Operands& at);
void matmul_integer_to_float(Operands& at);
void fused_matmul(Operands& at);
void gemm(Operands& at);
void matmul_nbits(Operands& at);
void conv(Operands& at);
void fused_conv(Operands& at);
void conv_integer(Operands& at);
void qlinear_conv(Operands& at);
void conv_transpose(Operands& at);

// --- reduce.cpp ---

void pool(Operands& at);              // batch and channels, the axes 0 and 1
void qlinear_pool(Operands& at);      // or 0 and the last
void reduce(Operands& at);            // the axes that are left
void along_axis(Operands& at);        // all axes but that of the attribute
void mixed_along_axis(Operands& at);  // Softmax: mixed along it; before opset 13, along all from it on

// --- normalization.cpp ---

void batch_normalization(Operands& at);
void instance_normalization(Operands& at);
void group_normalization(Operands& at);
void layer_normalization(Operands& at);
void skip_layer_normalization(Operands& at);
void channels_mixed(Operands& at);  // LRN: mixed along axis 1

// --- move.cpp ---

void transpose(Operands& at);
void reshape(Operands& at);  // Reshape, Flatten, Squeeze, Unsqueeze: axes that are kept, merged or split
void concat(Operands& at);
void qlinear_concat(Operands& at);
void split(Operands& at);
void resize(Operands& at);
void unchanged(Operands& at);  // Slice, Pad: the axes that `axes` does not name
void tile(Operands& at);
void gather(Operands& at);
void depth_to_space(Operands& at);
void space_to_depth(Operands& at);

// --- recurrent.cpp ---

void recurrent(Operands& at);

// --- attention.cpp ---

void attention(Operands& at);
void multi_head_attention(Operands& at);
void packed_attention(Operands& at);

}  // namespace bw::couple
