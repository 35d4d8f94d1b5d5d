// The test program is its own worker: started as "explain_test worker" it serves the jobs of measure/.
#include <catch2/catch_session.hpp>

#include <string_view>

#include "measure/jobs.h"

int main(int count, char** arguments) {
  if (count == 2 && std::string_view(arguments[1]) == "worker") return bw::serve(bw::measure_jobs());
  return Catch::Session().run(count, arguments);
}
