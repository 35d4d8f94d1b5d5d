#include "plan/recipe.h"

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"

using namespace bw;

TEST_CASE("a recipe is read and written back") {
  for (const char* text : {"fp16", "int8-static(observer=mse)",
                           "cle+int8-static(keep_float=Conv|/head/Gemm_0,observer=mse)+bias-correction"})
    CHECK(to_string(parse_recipe(text)) == text);
  CHECK(to_string(parse_recipe("fp16()")) == "fp16");
}

TEST_CASE("a bad recipe is refused with the place of the fault") {
  for (const char* text : {"", "+", "fp16+", "fp16(", "fp16(a)", "fp16(a=1", "fp16(a=1,a=2)", "fp16)", "a b"}) {
    INFO(text);
    try {
      parse_recipe(text);
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::Usage);
      CHECK(error.message().find("position") != std::string::npos);
    }
  }
}

TEST_CASE("values in double quotes hold anything, and come back") {
  const Recipe recipe = parse_recipe(R"r(int8-static(keep_float="a,b)|say ""x"" =+",observer=mse))r");
  CHECK(recipe.steps[0].parameters.at("keep_float") == R"(a,b)|say "x" =+)");
  CHECK(recipe.steps[0].parameters.at("observer") == "mse");
  CHECK(parse_recipe(to_string(recipe)) == recipe);
  CHECK_THROWS_AS(parse_recipe("fp16(keep_float=\"open)"), Error);
}
