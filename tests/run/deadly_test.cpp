// Models that kill, hang or exhaust the runtime, sent past the verifier: each costs its worker only, and is an Error.
#include <signal.h>

#include <catch2/catch_test_macros.hpp>

#include "badinput/onnx_models.h"
#include "base/file.h"
#include "run/worker.h"

namespace bw {
namespace {

TEST_CASE("a deadly model is Error(Worker) or a limit, and the next job works", "[slow]") {
  WorkerOptions options{.silence = 3};
#ifndef BW_SANITIZED
  options.address_space = std::uint64_t{2} << 30;
#endif
  Worker worker(options);
  for (const test::DeadlyModel& model : test::deadly_models()) {
    INFO(model.name);
    const JobRequest request{"run model", "{}", {SharedBytes(as_bytes(model.bytes))}, {}};
    try {
      worker.run(request);
      CHECK(model.harm == test::Harm::Error);  // what a newer runtime survives is no fault of ours, but we want to know
    } catch (const Error& error) {
      INFO(error.what());
      const bool contained = error.kind() == ErrorKind::Worker || error.kind() == ErrorKind::Timeout ||
                             error.input_class() == InputClass::Limit;
      CHECK((contained || model.harm == test::Harm::Error));
    }
    const int pid = worker.pid();
    CHECK(worker.run({"echo", "{}", {}, {}}).text == "{}");
    CHECK((pid == 0 || pid == worker.pid()));
  }
}

}  // namespace
}  // namespace bw
