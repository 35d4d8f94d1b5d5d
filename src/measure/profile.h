// Where a model's time goes, node by node.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"
#include "run/deployment.h"
#include "run/job.h"
#include "run/samples.h"
#include "run/worker.h"

namespace bw {

struct ProfileOptions {
  int threads = 1;
  double seconds = 1;  // of runs; at least 3 runs, at most 1000
};

struct Profile {
  std::uint64_t runs = 0;       // behind the first, which is left out
  double seconds = 0;           // of these, as seen from outside: with what the runtime does between nodes
  std::vector<NodeTime> nodes;  // of these, the slowest first
};

// Runs the model on the first samples (up to 8) while its runtime measures itself, which makes it a little slower.
// `graph` is what the file holds, for the nodes' operators. Errors: the runtime's; Error(Worker) when the worker dies.
Profile profile_model(Worker& worker, const Deployment& model, const Graph& graph, SampleFeed feed,
                      const ProfileOptions& options = {});

Job profile_job();

}  // namespace bw
