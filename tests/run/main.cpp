// The test program is its own worker: started as "run_test worker" it serves the jobs below.
#include <catch2/catch_session.hpp>

#include <string_view>

#include "run/job.h"
#include "run/worker_jobs.h"

int main(int count, char** arguments) {
  if (count == 2 && std::string_view(arguments[1]) == "worker") return bw::serve(bw::test_jobs());
  return Catch::Session().run(count, arguments);
}
