#include "base/nearest.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace bw;

TEST_CASE("a mistyped word is led to the nearest one, and only when it is near") {
  const std::string_view known[] = {"source", "splits", "inputs", "label", "crop"};
  CHECK(nearest("sorce", known) == "source");
  CHECK(nearest("sourrce", known) == "source");
  CHECK(nearest("soucre", known) == "source");  // two swapped: one change
  CHECK(nearest("lable", known) == "label");
  CHECK(nearest("input", known) == "inputs");
  CHECK(nearest("grop", known) == "crop");
  CHECK(nearest("crxx", known).empty());
  CHECK(nearest("metrics", known).empty());
  CHECK(nearest("", known).empty());
  CHECK(nearest(std::string(1'000'000, 's'), known).empty());
}
