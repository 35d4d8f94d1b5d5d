// How samples become the inputs of a model.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "data/dataset.h"
#include "run/runtime.h"

namespace bw {

// How many samples one run takes: 1, or what the model's first dimension is fixed to.
std::size_t batch_of(const Runner& runner);

// The inputs of one run, with the batch axis. Several samples must have equal shapes. Error(data) names the sample when
// it does not have the model's number of inputs.
std::vector<Tensor> inputs_of(std::span<const Sample> samples, const Runner& runner);

// One sample's part of an output (or of any value) whose first axis is the batch; the whole when it is not.
Tensor part_of(const Tensor& value, std::size_t sample, std::size_t batch);

}  // namespace bw
