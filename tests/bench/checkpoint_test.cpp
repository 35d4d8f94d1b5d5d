#include "bench/checkpoint.h"

#include <catch2/catch_test_macros.hpp>

#include "base/file.h"
#include "folder.h"

namespace bw::test {
namespace {

Part part(const std::string& of, const std::string& what, const std::string& seed, const std::string& data = "d") {
  return {
      .model = "cnn", .of = of, .what = what, .from = {{"the data", std::string(64, data.front())}, {"--seed", seed}}};
}

// What the checkpoint gives, where computing gives `value`.
double given(Checkpoint& checkpoint, const Part& part, double value) {
  return *checkpoint.figure(part, [&] { return exact_figure(value, Unit::Bytes); }).value;
}

}  // namespace

TEST_CASE("a part that was finished is used again only when all that it came from is the same", "[checkpoint]") {
  const Folder folder;
  const fs::path place = folder.path() / "out/.resume";
  Checkpoint first(place, false);
  CHECK(given(first, part("fp16", "memory", "1"), 1) == 1);
  CHECK(given(first, part("fp16", "memory", "1"), 2) == 1);
  CHECK(given(first, part("bf16", "memory", "1"), 3) == 1);  // what it is of does not decide, but what it came from
  Checkpoint second(place, true);
  CHECK(given(second, part("fp16", "memory", "1"), 4) == 1);
  CHECK(given(second, part("fp16", "memory", "2"), 5) == 5);
  CHECK(given(second, part("fp16", "memory", "1", "e"), 6) == 6);
  Checkpoint third(place, false);
  CHECK(given(third, part("fp16", "memory", "1"), 7) == 7);
  Checkpoint nothing_kept;
  CHECK(given(nothing_kept, part("fp16", "memory", "1"), 8) == 8);
}

TEST_CASE("a resumed run says what it takes from the earlier one, and why it takes no more", "[checkpoint]") {
  const Folder folder;
  const fs::path place = folder.path() / "out/.resume";
  const std::string out = (folder.path() / "out").string();
  CHECK(Checkpoint(place, true).left() ==
        "nothing is left of an unfinished run in " + out + ": all is done from the start");
  Checkpoint first(place, false);
  for (const char* what : {"memory", "speed"}) given(first, part("fp16", what, std::string("1") + what), 1);
  given(first, part("bf16", "memory", "2"), 1);
  given(first, part("int8", "memory", "3"), 1);
  CHECK(first.used() == "nothing came from the unfinished run");

  Checkpoint second(place, true);
  CHECK(second.left() == "4 parts of an unfinished run are left in " + out);
  for (const char* what : {"memory", "speed"}) given(second, part("fp16", what, std::string("1") + what), 1);
  given(second, part("bf16", "memory", "5"), 1);       // the seed is another
  given(second, part("bf16", "memory", "5"), 1);       // its own
  given(second, part("int8", "memory", "3", "e"), 1);  // the data is another
  given(second, part("new", "memory", "3", "f"), 1);   // was not there
  CHECK(second.used() ==
        "2 parts came from the unfinished run: fp16 (memory, speed). 1 part done again, since --seed is 5, and was 2: "
        "bf16 (memory). 1 part done again, since the data is another one: int8 (memory)");
  CHECK(second.used() == "nothing came from the unfinished run");  // since then
}

TEST_CASE("what is no part in the folder is no part", "[checkpoint]") {
  const Folder folder;
  write_file(folder.path() / "figure-0123", "half");
  CHECK(Checkpoint(folder.path(), true).left().starts_with("nothing is left"));
}

}  // namespace bw::test
