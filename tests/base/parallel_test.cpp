#include "base/parallel.h"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"

using namespace bw;

namespace {

// How many threads worked at a job whose chunks wait for each other as long as others may come.
std::size_t threads_seen() {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  parallel_for(8, 1, [&](std::size_t, std::size_t) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const std::lock_guard lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  return seen.size();
}

std::set<std::pair<std::size_t, std::size_t>> chunks_of(std::size_t count, std::size_t grain) {
  std::mutex mutex;
  std::set<std::pair<std::size_t, std::size_t>> chunks;
  parallel_for(count, grain, [&](std::size_t begin, std::size_t end) {
    const std::lock_guard lock(mutex);
    chunks.emplace(begin, end);
  });
  return chunks;
}

}  // namespace

TEST_CASE("chunks do not depend on the number of threads") {
  for (const int count : {1, 2, 3, 8}) {
    const ThreadLimit limit(count);
    CHECK(chunks_of(0, 4).empty());
    CHECK(chunks_of(4, 4) == std::set<std::pair<std::size_t, std::size_t>>{{0, 4}});
    CHECK(chunks_of(10, 4) == std::set<std::pair<std::size_t, std::size_t>>{{0, 4}, {4, 8}, {8, 10}});
  }
  CHECK_THROWS_AS(ThreadLimit(0), Error);
}

TEST_CASE("a limit is of its thread and its scope") {
  const ThreadLimit three(3);
  CHECK(threads_seen() == 3);
  {
    const ThreadLimit one(1);
    CHECK(threads_seen() == 1);
    std::size_t elsewhere = 0;
    std::jthread([&] {
      const ThreadLimit two(2);
      elsewhere = threads_seen();
    }).join();
    CHECK(elsewhere == 2);  // although there are threads for three by now
    CHECK(threads_seen() == 1);
  }
  CHECK(threads_seen() == 3);
}

TEST_CASE("everything is done once, also in nested calls and from several threads at a time") {
  std::vector<std::atomic<int>> done(1000);
  std::vector<std::jthread> callers;
  for (int caller = 0; caller < 3; ++caller)
    callers.emplace_back([&] {
      const ThreadLimit limit(3);
      parallel_for(10, 1, [&](std::size_t outer, std::size_t) {
        parallel_for(100, 7, [&](std::size_t begin, std::size_t end) {
          for (std::size_t i = begin; i < end; ++i) ++done[outer * 100 + i];
        });
      });
    });
  callers.clear();
  for (const auto& times : done) CHECK(times == 3);
}

TEST_CASE("the exception of the lowest chunk is seen when another comes after it") {
  const ThreadLimit limit(2);
  std::atomic<bool> second_runs = false;
  std::string seen;
  try {
    parallel_for(2, 1, [&](std::size_t begin, std::size_t) {
      if (begin == 0) second_runs.wait(false);
      if (begin == 1) {
        second_runs = true;
        second_runs.notify_all();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));  // so that the first one throws before
      }
      throw std::runtime_error(std::to_string(begin));
    });
  } catch (const std::runtime_error& error) {
    seen = error.what();
  }
  CHECK(seen == "0");
}

TEST_CASE("the exception of the lowest chunk is the one that is seen, and the pool goes on") {
  for (const int count : {1, 2, 4}) {
    const ThreadLimit limit(count);
    for (int round = 0; round < 50; ++round) {
      std::string seen;
      try {
        parallel_for(64, 1, [&](std::size_t begin, std::size_t) {
          if (begin >= 5 && begin % 2 == 1) throw std::runtime_error(std::to_string(begin));
        });
      } catch (const std::runtime_error& error) {
        seen = error.what();
      }
      REQUIRE(seen == "5");
    }
    CHECK(chunks_of(10, 4).size() == 3);
  }
}
