#include <catch2/catch_test_macros.hpp>

#include "method/method.h"

using namespace bw;

TEST_CASE("a list of recipes is cut at commas outside parentheses and quotes") {
  const std::vector<Recipe> recipes =
      recipes_named(R"(fp16(keep_float="a),b"),int8-dynamic(per_channel=no,embeddings=no),fp16)");
  REQUIRE(recipes.size() == 3);
  CHECK(recipes[0].steps[0].parameters.at("keep_float") == "a),b");
  CHECK(recipes[1].steps[0].parameters.size() == 2);
}
