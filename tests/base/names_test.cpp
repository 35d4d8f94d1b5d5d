#include "base/names.h"

#include <catch2/catch_test_macros.hpp>

namespace bw::test {

TEST_CASE("the name that was meant is the nearest, and none when all are far", "[names]") {
  const std::vector<std::string_view> known{"bench", "quantize", "inspect", "int8-static", "int8-dynamic", "u8", "s8"};
  struct Row {
    std::string_view typed, meant;
  };
  for (const auto& [typed, meant] : {Row{"bnech", "bench"},
                                     {"benhc", "bench"},
                                     {"bech", "bench"},
                                     {"benchh", "bench"},
                                     {"quant", "quantize"},
                                     {"Inspect", "inspect"},
                                     {"int8_static", "int8-static"},
                                     {"int9-static", "int8-static"},
                                     {"int8", "int8-static"},
                                     {"u4", "u8"},
                                     {"toaster", ""},
                                     {"ben", "bench"},
                                     {"be", ""},
                                     {"", ""},
                                     {"q", ""}}) {
    INFO(typed);
    CHECK(nearest(typed, known) == meant);
  }
  CHECK(nearest(std::string(100000, 'b'), known).empty());
  CHECK(nearest("bench", {}).empty());
}

TEST_CASE("an error about a name says what was meant and what there is", "[names]") {
  const Error error = no_such("command", "bnech", {"bench", "quantize"});
  CHECK(error.kind() == ErrorKind::Usage);
  CHECK(std::string(error.what()) == "there is no command 'bnech'. Did you mean 'bench'? There are: bench, quantize");
  CHECK(known_names("toaster", {"bench"}) == "There are: bench");
  CHECK(known_names("toaster", {}) == "There are none");
}

}  // namespace bw::test
