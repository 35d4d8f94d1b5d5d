// A metric of the user's own: what a command says last, and what it may not say.
#include "bench/own_metric.h"

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"

using namespace bw;

namespace {

// The model's path is a word behind what the command says.
OwnScore said(const std::string& words) {
  return own_score("printf '%s\\n' '" + words + "' #", "model.onnx");
}

std::string refusal(const std::string& words) {
  try {
    said(words);
  } catch (const Error& error) {
    CHECK(error.input_class() == InputClass::Data);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("the last line is a number, or a name with a number and its better way") {
  const OwnScore number = said("first line\nsecond line\n0.75");
  CHECK(number.value == 0.75);
  CHECK(number.name == "score");
  CHECK(number.direction == Direction::Higher);
  const OwnScore named = said(R"(reading 5
{"name": "wer", "value": 12.5, "direction": "lower"})");
  CHECK(named.value == 12.5);
  CHECK(named.name == "wer");
  CHECK(named.direction == Direction::Lower);
  CHECK(said(R"({"value": 1})").direction == Direction::Higher);
  CHECK(said("3\n\n").value == 3);
}

TEST_CASE("the command gets the model's path as its argument") {
  CHECK(own_score("basename", "/some/where/7").value == 7);
}

TEST_CASE("what is no number is refused with what was said") {
  CHECK(refusal("no idea").find("'no idea'") != std::string::npos);
  CHECK(refusal(R"({"name": "wer"})").find("its last line is") != std::string::npos);
  CHECK(refusal("NaN").find("NaN") != std::string::npos);
  CHECK(refusal("1e999").find("1e999") != std::string::npos);
}
