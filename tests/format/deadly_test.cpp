// What kills runtimes is refused before any of them sees it, fast, and reads as a graph when the verifier is told to
// stand aside (so that workers can be tested with it).
#include <catch2/catch_test_macros.hpp>
#include <ctime>

#include "badinput/onnx_models.h"
#include "base/error.h"

namespace bw {

#ifdef BW_SANITIZED
constexpr int kMostSeconds = 10;
#else
constexpr int kMostSeconds = 2;
#endif

TEST_CASE("deadly models are refused") {
  for (const test::DeadlyModel& model : test::deadly_models()) {
    INFO(model.name << ", " << model.bytes.size() << " bytes");
    const std::clock_t start = std::clock();
    try {
      onnx::parse(as_bytes(model.bytes), ".");
      FAIL_CHECK("it was not refused");
    } catch (const Error& error) {
      INFO(error.what());
      CHECK(error.kind() == ErrorKind::Input);
      CHECK(error.input_class() == model.refused_as);
      CHECK(!error.where().empty());
    }
    CHECK(std::clock() - start < kMostSeconds * CLOCKS_PER_SEC);
    CHECK_NOTHROW(onnx::parse(as_bytes(model.bytes), ".", {.verify = false}));
  }
}

}  // namespace bw
