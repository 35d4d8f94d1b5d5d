// Lines of progress, as whoever listens gets them.
#include "base/progress.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace bw;
using Catch::Matchers::Matches;

namespace {

class Heard final : public Console {
 public:
  explicit Heard(bool redraws) : redraws_(redraws) {}
  void say(std::string_view) const override {}
  void warn(std::string_view) const override {}
  void progress(std::string_view line, bool last) const override { lines.emplace_back(line, last); }
  bool redraws() const override { return redraws_; }

  mutable std::vector<std::pair<std::string, bool>> lines;

 private:
  bool redraws_;
};

}  // namespace

TEST_CASE("progress says how many of how many, at what rate, and its time at the end") {
  const Heard console(true);
  {
    Progress progress(console, "measuring", 4);
    progress.advance();
    CHECK(console.lines.empty());  // a tenth of a second has not gone by
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
    progress.advance();
  }
  REQUIRE(console.lines.size() == 2);
  CHECK_THAT(console.lines[0].first, Matches("measuring 2/4, 1?[0-9](\\.[0-9]+)? a second, 0 s left"));
  CHECK_FALSE(console.lines[0].second);
  CHECK_THAT(console.lines[1].first, Matches("measuring 2/4, [0-9.]+ a second, 0 s"));
  CHECK(console.lines[1].second);
}

TEST_CASE("a log gets a line of progress every ten seconds, and the last one") {
  const Heard console(false);
  {
    Progress progress(console, "measuring", 100);
    for (int i = 0; i < 100; ++i) progress.advance();
    Countdown countdown(console, "trying", 3, 30);
    countdown.next("one", 10);
    countdown.next("two", 10);
  }
  REQUIRE(console.lines.size() == 3);
  CHECK(console.lines[0] == std::pair<std::string, bool>("trying: one (1 of 3), about 30 s left", false));
  CHECK(console.lines[1] == std::pair<std::string, bool>("trying: 2 done in 0 s", true));
  CHECK(console.lines[2].second);
}

TEST_CASE("where lines replace each other each step of a countdown is one") {
  const Heard console(true);
  {
    const Countdown nothing_begun(console, "trying", 3, 30);
  }
  CHECK(console.lines.empty());
  Countdown countdown(console, "trying", 3, 30);
  countdown.next("one", 10);
  countdown.next("two", 10);
  CHECK(console.lines.size() == 2);
}
