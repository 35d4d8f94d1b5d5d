// A model's outputs on a few samples, whole: for proofs that a file works, not for measuring.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "run/deployment.h"
#include "run/job.h"
#include "run/samples.h"
#include "run/worker.h"

namespace bw {

struct ModelOutputs {
  std::vector<std::string> names;            // of the model's outputs
  std::vector<std::vector<Tensor>> samples;  // by sample, by output, with a batch axis of 1; undefined: not a tensor
  double seconds = 0;                        // of the last sample's run
};
// Each sample at its own length, one a run (a model with a fixed batch is filled with copies of it). Stops early, but
// not before the first sample, when the outputs have more than 64 MB. Errors: the runtime's when it refuses the model
// or a sample (`where` begins with the model's path), Error(Worker) when the worker dies.
ModelOutputs outputs_of_model(Worker& worker, const Deployment& model, SampleFeed feed);
Job outputs_job();

// The first of `values` (names of float values of the model, in the order of its nodes) in which a sample gives NaN;
// where none does, the first with an infinity; nullopt when all are finite. Errors as above.
std::optional<std::string> first_not_finite(Worker& worker, const Deployment& model,
                                            const std::vector<std::string>& values, SampleFeed feed);
Job not_finite_job();

// What one output of a model is beside the float model's.
struct OutputChange {
  std::string name;
  std::uint64_t elements = 0;
  std::uint64_t not_finite = 0;  // elements that are not, where the float model's are
  double sqnr = 0;               // of the other elements, decibels; infinite when all are equal
};
// Outputs of floats only. Error(Quantization): another number of outputs, or of elements of one.
std::vector<OutputChange> compare_outputs(const ModelOutputs& original, const ModelOutputs& other);

}  // namespace bw
