#include "base/json.h"

#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"

using namespace bw;

namespace {

// The error that `text` gives, as "class where: what".
std::string refusal(std::string_view text) {
  try {
    parse_json(text, "a.json");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Input);
    return std::string(name_of(error.input_class())) + " " + error.what();
  }
  return "accepted";
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("what is read is what stands there, in its order") {
  const Json json =
      parse_json("\xEF\xBB\xBF{\"b\": [1, -2, 3.5, true, null, \"\\u00e9\\ud83d\\ude00\"], \"a\": {}}", "a.json");
  CHECK(to_line(json) == "{\"b\":[1,-2,3.5,true,null,\"\xC3\xA9\xF0\x9F\x98\x80\"],\"a\":{}}");
  CHECK(parse_json("18446744073709551615", "a.json").get<std::uint64_t>() == 18446744073709551615U);
  CHECK(parse_json("-9223372036854775808", "a.json").get<std::int64_t>() == std::numeric_limits<std::int64_t>::min());
  CHECK(parse_json("{\"a\": {\"x\": 1}, \"b\": {\"x\": 2}}", "a.json")["b"]["x"] == 2);
}

TEST_CASE("hostile JSON is refused with its class and place") {
  CHECK(refusal("{\"a\": 1,\n \"b\": 2,\n \"a\": 3}").starts_with("format a.json:3:4: key \"a\" stands twice"));
  CHECK(refusal("[1,\n  2,\n  x]").starts_with("format a.json:3:3: syntax error"));
  CHECK(refusal(nested(64)) == "accepted");
  CHECK(refusal(nested(65)).starts_with("limit a.json:1:65: nested deeper than 64"));
  CHECK(refusal(nested(100000)).starts_with("limit"));
  CHECK(refusal("{\"a\":" + nested(64) + "}").starts_with("limit"));
  CHECK(refusal("[18446744073709551616]").starts_with("limit a.json:1:"));
  CHECK(refusal("[-9223372036854775809]").starts_with("limit"));
  CHECK(refusal("1e999").starts_with("format"));
  for (const char* text : {"",
                           " ",
                           "NaN",
                           "Infinity",
                           "-Infinity",
                           "[1] 2",
                           "[1,]",
                           "{\"a\":1,}",
                           "{a:1}",
                           "'a'",
                           "[1",
                           "01",
                           "+1",
                           "\"\\ud800\"",
                           "\"\\udc00x\"",
                           "\"\\ud800\\u0041\"",
                           "\"\xC0\xAF\"",
                           "\"\xED\xA0\x80\"",
                           "\"\xFF\"",
                           "\"tab\there\"",
                           "// note\n1",
                           ("\xEF\xBB\xBF\xEF\xBB\xBF"
                            "1"),
                           "\xFF\xFE[\0]\0"})
    CHECK(refusal(text).starts_with("format"));
  CHECK(refusal(std::string_view("{}\0x", 4)).starts_with("format a.json:1:3: NUL"));
  CHECK(refusal(std::string_view("\"a\0b\"", 5)).starts_with("format"));
}

TEST_CASE("written JSON is stable and reads back") {
  const Json json = parse_json("{\"z\": 0.1, \"a\": [1e300, 5e-324, 1.0], \"s\": \"\\n\\u0001\"}", "a.json");
  CHECK(to_text(json) ==
        "{\n  \"z\": 0.1,\n  \"a\": [\n    1e+300,\n    5e-324,\n    1.0\n  ],\n  \"s\": \"\\n\\u0001\"\n}\n");
  CHECK(parse_json(to_text(json), "a.json") == json);
}

TEST_CASE("numbers that are not finite are never written") {
  for (const double value : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    Json json;
    json["deep"]["list"] = {1, 2, value};
    CHECK_THROWS_AS(to_text(json), Error);
    CHECK_THROWS_AS(to_line(json), Error);
  }
  CHECK_THROWS_AS(to_text(Json("\xFF")), Error);
}
