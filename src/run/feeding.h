// How samples become the inputs of a model.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "data/dataset.h"
#include "run/runtime.h"

namespace bw {

// Whether the first axis counts the samples in every input that has such an axis.
bool batch_comes_first(const Sample& sample);

// How many samples one run takes: what the model's inputs fix along their batch axes, else 1. `first` is any sample of
// those to come. Error(unsupported): inputs that want different numbers, or an output of which nothing tells which axis
// counts the samples.
std::size_t batch_of(const Runner& runner, const Sample& first);

// The inputs of one run, each with the batch axis where the samples say; an input without one is fed as it is. Several
// samples must have equal shapes. Error(data) names the sample when it does not have the model's number of inputs, or
// when its input without a batch axis is not that of the others.
std::vector<Tensor> inputs_of(std::span<const Sample> samples, const Runner& runner);

// The part that samples[index] has in a value of their run: along the first axis where that counts the samples and is
// as long; the whole where it is not. With samples along another axis: along the only axis that is as long as there are
// samples; the whole where there is none, or several.
Tensor part_of(const Tensor& value, std::size_t index, std::span<const Sample> samples);

}  // namespace bw
