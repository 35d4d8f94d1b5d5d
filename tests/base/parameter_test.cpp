#include "base/parameter.h"

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "base/number.h"

namespace bw::test {
namespace {

constexpr Parameter kParameters[] = {
    {.name = "size", .type = Parameter::Type::Bytes, .standard = "0", .says = "", .low = 0, .high = 1e15},
    {.name = "time", .type = Parameter::Type::Seconds, .standard = "3", .says = "", .low = 0.05, .high = 3600},
    {.name = "share", .type = Parameter::Type::Ratio, .standard = "0.95", .says = "", .low = 0, .high = 2},
    {.name = "count", .type = Parameter::Type::Integer, .standard = "1", .says = "", .low = 1, .high = 10},
    {.name = "kind", .type = Parameter::Type::Choice, .standard = "min-max", .says = "", .choices = "min-max|mse"},
    {.name = "whole", .type = Parameter::Type::Flag, .standard = "no", .says = ""}};

std::string refusal(const std::string& name, const std::string& text) {
  try {
    Arguments("thing", kParameters, {{name, text}});
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Usage);
    return error.what();
  }
  return "";
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("sizes are bytes, with or without a unit", "[parameter]") {
  struct Row {
    const char* text;
    std::int64_t bytes;
  };
  for (const auto& [text, bytes] : {Row{"0", 0},
                                    {"5000000", 5000000},
                                    {"500k", 500000},
                                    {"500KB", 500000},
                                    {"5MB", 5000000},
                                    {"5 MB", 5000000},
                                    {"1.5GiB", 1610612736},
                                    {"1Ki", 1024},
                                    {"2mib", 2097152},
                                    {"3 KiB", 3072},
                                    {"0.5G", 500000000},
                                    {"1T", 1000000000000},
                                    {"1TiB", 1099511627776},
                                    {"12B", 12},
                                    {"1e6", 1000000},
                                    {"0.3k", 300}}) {
    INFO(text);
    CHECK(Arguments("thing", kParameters, {{"size", text}}).integer("size") == bytes);
  }
  for (const char* text : {"5X", "MB", "5MBs", "-5MB", "-1", "5,000", "", "nan", "inf", "9999999TB", "1.5.5k", "5 "}) {
    INFO(text);
    CHECK(has(refusal("size", text), "must be a size from 0 to 1e+15 bytes, like 500k, 5MB or 1.5GiB"));
  }
  std::uint64_t bytes = 0;
  CHECK_FALSE(parse_bytes("-1", bytes));
}

TEST_CASE("times are seconds, with or without a unit", "[parameter]") {
  struct Row {
    const char* text;
    double seconds;
  };
  for (const auto& [text, seconds] : {Row{"3", 3},
                                      {"0.5", 0.5},
                                      {"500ms", 0.5},
                                      {"30s", 30},
                                      {"2m", 120},
                                      {"2 min", 120},
                                      {"1h", 3600},
                                      {"1m30s", 90},
                                      {"60000us", 0.06},
                                      {"1.5m", 90}}) {
    INFO(text);
    CHECK(Arguments("thing", kParameters, {{"time", text}}).number("time") == seconds);
  }
  for (const char* text : {"fast", "30x", "1m30", "s", "", "0", "10ms", "2h", "-3s", "1d", "3s s"}) {
    INFO(text);
    CHECK(has(refusal("time", text), "must be a time from 0.05 to 3600 seconds, like 500ms, 30s or 2m"));
  }
}

TEST_CASE("shares are numbers or percentages, and both give the same double", "[parameter]") {
  for (const auto& [text, plain] :
       {std::pair{"95%", 0.95}, {"0.95", 0.95}, {"99.9%", 0.999}, {"100%", 1.0}, {"2", 2.0}}) {
    INFO(text);
    CHECK(Arguments("thing", kParameters, {{"share", text}}).number("share") == plain);
  }
  for (const char* text : {"%", "95", "201%", "1e2%", "-5%", "95%%"})
    CHECK(has(refusal("share", text), "must be a share from 0 to 2, like 0.95 or 95%"));
}

TEST_CASE("a wrong value or name says what is allowed and what was meant", "[parameter]") {
  CHECK(refusal("count", "11") == "parameter 'count' of 'thing' is '11', but must be a whole number from 1 to 10");
  CHECK(refusal("count", "2k") == "parameter 'count' of 'thing' is '2k', but must be a whole number from 1 to 10");
  CHECK(refusal("kind", "mes") ==
        "parameter 'kind' of 'thing' is 'mes', but must be one of min-max, mse. Did you mean 'mse'?");
  CHECK(refusal("siez", "1") ==
        "thing: there is no parameter 'siez'. Did you mean 'size'? There are: size, time, share, count, kind, whole");
  CHECK(refusal("whole", "true") == "parameter 'whole' of 'thing' is 'true', but must be yes or no");
  CHECK(Arguments("thing", kParameters, {{"whole", "yes"}}).flag("whole"));
}

}  // namespace bw::test
