// Candidates whose files are known to work: each is loaded and run on a few samples beside the float model before its
// file takes its name, and a node that the runtime refuses goes back to float.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bench/candidate.h"
#include "measure/outputs.h"
#include "run/worker.h"

namespace bw {

// How a model did beside the float model.
struct Tried {
  std::size_t samples = 0;            // that both ran
  std::vector<OutputChange> outputs;  // of floats
  std::string not_run;                // why the models were only loaded; empty when they ran
};

// Tries the files of one model's candidates, all on the same samples.
class Trial {
 public:
  // Without samples, or where the float model does not run on them, files are only loaded. All in its runtime.
  Trial(Deployment original, std::vector<Sample> samples, const WorkerOptions& worker);

  // Errors: Error(Quantization) for outputs that are not finite where the float model's are, with how many and which
  // node of `graph` (what the file holds) gives them first; the runtime's when it refuses the file.
  Tried operator()(const std::filesystem::path& file, const Graph& graph, const Ports& ports = {});
  // Seconds of one run of the float model, roughly; 0 where it did not run.
  double sample_seconds();

 private:
  SampleFeed feed() const;
  const ModelOutputs* original_outputs();
  void require_finite(const std::vector<OutputChange>& changes, const Deployment& model, const Graph& graph);

  Deployment original_;
  std::vector<Sample> samples_;
  Worker worker_;
  std::optional<ModelOutputs> outputs_;  // of the float model
  std::string not_run_;
};

// Names the node of `graph` (what the file holds, with types) whose values are the first that are not finite, as the
// end of a sentence; empty when none are.
std::string first_not_finite_node(Worker& worker, const Deployment& model, const Graph& graph, SampleFeed feed);

struct Written {
  Tried tried;
  std::vector<std::filesystem::path> files;  // all that must be shipped, the model's own first
};

// Writes the artifact to `file` once `trial` is content with it. Errors: Trial's, which speak of `file`; those of
// writing. Then there is no new file.
Written write_proven(const Artifact& artifact, const std::filesystem::path& file, Trial& trial);

struct Proven {
  Candidate candidate;
  Written written;
};

// Makes the candidate and writes its model to `file`. A node that the runtime refuses stays in float, which is noted in
// the plan, and the candidate is made again. Errors: make_candidate's and Trial's; Error(Quantization) when the runtime
// refuses the file and no node can be named for it. Then there is no new file.
Proven make_proven(Task task, const Recipe& recipe, const std::filesystem::path& file, Trial& trial);

// The first few of a split, to try files with.
std::vector<Sample> first_samples(const Split& split);
// Samples made up from what a model says of its inputs, for models without data: numbers from 0 to 1, ones for
// integers. None when an input has a type or rank that nothing can be made up for.
std::vector<Sample> made_up_samples(const std::vector<InputSignature>& inputs);
std::vector<Sample> made_up_samples(const Graph& model);  // none also where its inputs are not tensors

}  // namespace bw
