// The rules of shape inference by family; the rows of the operator table (graph/ops) name them. A rule tells what it
// knows of its node's outputs, and fails where the inputs cannot be right.
#pragma once

#include "graph/infer/inference.h"

namespace bw::rule {

// --- elementwise.cpp ---

void same(Inference& at);        // output 0 has the type of input 0, whatever that is
void unary(Inference& at);       // ... of a tensor
void broadcast(Inference& at);   // element type of input 0, shapes by NumPy's rule
void arithmetic(Inference& at);  // broadcast, and the numbers of small integer tensors
void where(Inference& at);
void compare(Inference& at);  // broadcast, boolean
void test(Inference& at);     // same shape, boolean
void cast(Inference& at);
void cast_like(Inference& at);
void dropout(Inference& at);
void random_like(Inference& at);   // attribute dtype, or the input's
void random_shape(Inference& at);  // attributes dtype and shape
void multinomial(Inference& at);

// --- linear.cpp ---

void matmul(Inference& at);
void matmul_integer(Inference& at);
void qlinear_matmul(Inference& at);
void matmul_integer_to_float(Inference& at);
void fused_matmul(Inference& at);
void gemm(Inference& at);
void qgemm(Inference& at);
void matmul_nbits(Inference& at);
void einsum(Inference& at);

// --- windows.cpp ---

void conv(Inference& at);
void conv_integer(Inference& at);
void qlinear_conv(Inference& at);
void conv_transpose(Inference& at);
void causal_conv(Inference& at);
void pool(Inference& at);  // AveragePool, LpPool, MaxPool
void qlinear_pool(Inference& at);
void global_pool(Inference& at);
void qlinear_global_pool(Inference& at);

// --- image.cpp ---

void max_roi_pool(Inference& at);
void roi_align(Inference& at);
void max_unpool(Inference& at);
void col2im(Inference& at);
void resize(Inference& at);
void grid_sample(Inference& at);
void affine_grid(Inference& at);
void depth_to_space(Inference& at);
void space_to_depth(Inference& at);
void center_crop_pad(Inference& at);

// --- reduce.cpp ---

void reduce(Inference& at);
void qlinear_reduce(Inference& at);
void arg_reduce(Inference& at);
void top_k(Inference& at);
void determinant(Inference& at);
void loss(Inference& at);  // NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss
void non_max_suppression(Inference& at);
void non_zero(Inference& at);
void unique(Inference& at);

// --- normalization.cpp ---

void batch_normalization(Inference& at);
void layer_normalization(Inference& at);
void simplified_layer_normalization(Inference& at);
void skip_layer_normalization(Inference& at);
void embed_layer_normalization(Inference& at);

// --- reshape.cpp ---

void constant(Inference& at);
void constant_of_shape(Inference& at);
void shape(Inference& at);
void size(Inference& at);
void range(Inference& at);
void reshape(Inference& at);
void flatten(Inference& at);
void squeeze(Inference& at);
void unsqueeze(Inference& at);
void expand(Inference& at);

// --- move.cpp ---

void transpose(Inference& at);
void concat(Inference& at);
void qlinear_concat(Inference& at);
void split(Inference& at);
void slice(Inference& at);
void tile(Inference& at);
void pad(Inference& at);

// --- gather.cpp ---

void gather(Inference& at);
void gather_elements(Inference& at);
void gather_nd(Inference& at);
void gather_block_quantized(Inference& at);
void array_feature_extractor(Inference& at);
void compress(Inference& at);
void one_hot(Inference& at);

// --- recurrent.cpp ---

void recurrent(Inference& at);  // RNN, GRU, LSTM

// --- attention.cpp ---

void attention(Inference& at);
void flex_attention(Inference& at);
void linear_attention(Inference& at);
void packed_attention(Inference& at);  // com.microsoft: one weight for query, key and value
void multi_head_attention(Inference& at);

// --- quantization.cpp ---

void quantize_linear(Inference& at);
void dequantize_linear(Inference& at);
void dynamic_quantize_linear(Inference& at);
void qlinear_binary(Inference& at);
void qlinear_where(Inference& at);

// --- signal.cpp ---

void window(Inference& at);
void dft(Inference& at);
void stft(Inference& at);
void mel_weight_matrix(Inference& at);
void image_decoder(Inference& at);
void string_split(Inference& at);
void string_normalizer(Inference& at);
void tf_idf_vectorizer(Inference& at);
void label_encoder(Inference& at);
void tree_ensemble(Inference& at);
void optimizer(Inference& at);  // Adagrad, Adam, Momentum

// --- container.cpp ---

void if_else(Inference& at);
void loop(Inference& at);
void scan(Inference& at);
void sequence_at(Inference& at);
void sequence_construct(Inference& at);
void sequence_empty(Inference& at);
void sequence_insert(Inference& at);
void sequence_length(Inference& at);
void sequence_map(Inference& at);
void split_to_sequence(Inference& at);
void concat_from_sequence(Inference& at);
void optional(Inference& at);
void optional_get_element(Inference& at);
void optional_has_element(Inference& at);

}  // namespace bw::rule
