// bitwright worker: the other end of run/worker.h. People have no use for it.
#include "cli/catalog.h"
#include "measure/jobs.h"
#include "run/job.h"

namespace bw {
namespace {

int run(const Invocation&) {
  return serve(measure_jobs());
}

}  // namespace

Command worker_command() {
  return {.name = "worker",
          .says = "runs jobs for another bitwright process",
          .positionals = {},
          .flags = {},
          .run = run,
          .hidden = true};
}

}  // namespace bw
