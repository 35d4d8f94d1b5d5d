// Fills in what a dataset's description leaves out, from the source's columns and the model's inputs.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/sources/source.h"

namespace bw {

// `spec` with everything said: one InputSpec for each of `inputs` in their order, task, label, trim, metrics. The batch
// axes of `inputs` become what the description says, or what the rows' shapes leave. `sources`: all that samples are
// taken from, alike; the first is looked at. `classes`: how many the model tells apart, when known. Each guess is added
// to `guesses` as a sentence. InputError(semantic) when nothing in the data fits an input, naming what is there, or
// when it cannot be told which axis counts the samples.
DatasetSpec resolve(DatasetSpec spec, std::span<const Source* const> sources, const TextEncoder* encoder,
                    std::span<InputSignature> inputs, std::optional<std::int64_t> classes,
                    std::vector<std::string>& guesses);

// For samples without a model: the inputs that the description names, with the dtype and rank of what they are made
// from and free dimensions. InputError(semantic) when it names none.
std::vector<InputSignature> described_inputs(const DatasetSpec& spec, const Source& source);

}  // namespace bw
