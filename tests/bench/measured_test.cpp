#include "bench/measured.h"

#include <catch2/catch_test_macros.hpp>

using namespace bw;

TEST_CASE("what an error means for a candidate's row") {
  const auto status = [](const Error& error) {
    CandidateFindings row;
    note_failure(row, error);
    CHECK(row.reason == error.what());
    return row.status;
  };
  CHECK(status(Error(ErrorKind::Timeout, "silent")) == Status::Timeout);
  CHECK(status(Error(ErrorKind::Worker, "died just in time")) == Status::WorkerDied);  // words mean nothing
  CHECK(status(Error(ErrorKind::Quantization, "cannot be done")) == Status::Refused);
  CHECK(status(Error(InputClass::Limit, "no memory")) == Status::Refused);
  CandidateFindings row;
  CHECK_THROWS_AS(note_failure(row, Error(ErrorKind::Interrupted, "Ctrl-C")), Error);
  CHECK_THROWS_AS(note_failure(row, Error(ErrorKind::Internal, "our defect")), Error);
}
