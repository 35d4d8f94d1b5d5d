#include "base/names.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>

namespace bw::test {

TEST_CASE("the name that was meant is the nearest, and none when all are far", "[names]") {
  const std::vector<std::string_view> known{"bench",        "quantize", "inspect", "int8-static",
                                            "int8-dynamic", "u8",       "s8",      "x"};
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
                                     {"X", "x"},
                                     {"z", ""},
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
  CHECK(did_you_mean("bnech", {"bench"}) == "Did you mean 'bench'? ");
  CHECK(did_you_mean("toaster", {"bench"}) == "");
}

TEST_CASE("an entry of a catalog by its name", "[names]") {
  struct Tool {
    std::string_view name;
    int use;
  };
  const std::vector<Tool> tools{{"saw", 1}, {"hammer", 2}};
  CHECK(entry_named("tool", "hammer", tools).use == 2);
  CHECK_THROWS_WITH(entry_named("tool", "hamer", tools),
                    "there is no tool 'hamer'. Did you mean 'hammer'? There are: saw, hammer");
}

}  // namespace bw::test
