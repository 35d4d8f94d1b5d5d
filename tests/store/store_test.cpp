#include "store/store.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "folder.h"
#include "store/database.h"

using namespace bw;

namespace {

Json sample() {
  const fs::path path = fs::path(BW_SOURCE) / "web/sample/report.json";
  return parse_json(read_file(path), path.string());
}

Json numbered(int number) {
  Json report = sample();
  report["command"] = "run " + std::to_string(number);
  return report;
}

template <class Body>
std::string refusal(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return std::to_string(exit_code(error.kind())) + " " + error.what();
  }
  return "accepted";
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

const RunDifference& named(const std::vector<RunDifference>& differences, std::string_view model,
                           std::string_view candidate) {
  for (const RunDifference& difference : differences)
    if (difference.model == model && difference.candidate == candidate) return difference;
  throw std::runtime_error("no such row");
}

int exit_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a run comes back as it was saved") {
  const test::Folder folder;
  const fs::path path = folder.path() / "a/b/runs.db";
  {
    Store store(path);
    CHECK(store.size() == 0);
    CHECK(store.list(10).empty());
    CHECK(store.save(sample()) == 1);
    CHECK(store.save(numbered(2)) == 2);
  }
  const Store store(path);
  CHECK(store.report(1) == sample());
  CHECK(store.size() == 2);
  const auto runs = store.list(10);
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].id == 2);
  CHECK(runs[0].command == "run 2");
  CHECK(runs[1].created == sample()["created"]);
  REQUIRE(runs[1].models.size() == sample()["models"].size());
  CHECK(runs[1].models[0] == "resnet20");
  CHECK(runs[1].recommended[0] == sample()["models"][0]["recommended"]["candidate"]);
  CHECK(store.list(1).size() == 1);
  CHECK(contains(refusal([&] { store.report(3); }), "2 there is no run 3"));
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("two runs are compared by their key figures") {
  const test::Folder folder;
  Store store(folder.path() / "runs.db");
  Json second = sample();
  Json& candidates = second["models"][0]["candidates"];
  candidates[0]["latency"]["ratio"]["value"] = 0.4;
  candidates[0]["quantized_metrics"]["accuracy"]["value"] = nullptr;
  candidates[1]["name"] = "new";
  const std::string gone = sample()["models"][0]["candidates"][1]["name"];
  store.save(sample());
  store.save(second);

  const auto differences = store.compare(1, 2);
  CHECK(differences.front().candidate == "float");
  const RunDifference& changed = named(differences, "resnet20", "int8-static-mse");
  CHECK(changed.first->latency_ratio == 0.442);
  CHECK(changed.first->latency_low == 0.434);
  CHECK(changed.first->accuracy == 0.9204);
  CHECK(changed.first->status == "ok");
  CHECK(changed.second->latency_ratio == 0.4);
  CHECK(!changed.second->accuracy);
  CHECK(changed.second->model_size == 301220);
  CHECK(!named(differences, "resnet20", gone).second);
  CHECK(!named(differences, "resnet20", "new").first);
  CHECK(named(differences, "resnet20", "new").second);
  CHECK(contains(refusal([&] { store.compare(1, 7); }), "2 there is no run 7"));
}

TEST_CASE("each figure of a candidate stands in the column of its name") {
  const std::map<std::string, std::string> places{{"accuracy", "/quantized_metrics/accuracy/value"},
                                                  {"accuracy_retention", "/accuracy_retention/value"},
                                                  {"inference_time", "/quantized_metrics/inference_time/value"},
                                                  {"latency_ratio", "/latency/ratio/value"},
                                                  {"latency_low", "/latency/ratio/low"},
                                                  {"latency_high", "/latency/ratio/high"},
                                                  {"model_size", "/quantized_metrics/model_size/value"},
                                                  {"compression_ratio", "/quantized_metrics/compression_ratio/value"},
                                                  {"memory_usage", "/quantized_metrics/memory_usage/value"}};
  const test::Folder folder;
  const fs::path path = folder.path() / "runs.db";
  Store store(path);
  const Json report = sample(), &candidate = report["models"][0]["candidates"][0];
  const std::int64_t run = store.save(report);
  const std::string name = candidate["name"];
  Json expected{{"status", candidate["status"]}, {"runtime", candidate["runtime"]}};
  for (const auto& [column, place] : places) expected[column] = candidate.at(Json::json_pointer(place));
  bool found = false;
  for (const StoredCandidate& row : store.candidates(run))
    if (row.model == report["models"][0]["model"]["name"] && row.candidate == name) {
      found = true;
      const Json figures = to_json(row.figures);
      CHECK(figures.size() == expected.size());
      for (const auto& [column, value] : expected.items()) {
        INFO(column);
        CHECK(figures.at(column) == value);
      }
    }
  CHECK(found);
  const Database database(path);
  Statement row = database.prepare("SELECT recipe, target FROM candidates WHERE model = 0 AND name = ?");
  REQUIRE(row.bind(std::string_view(name)).step());
  CHECK(row.text(0) == candidate["recipe"]);
  CHECK(row.text(1) == candidate["target"]);
}

TEST_CASE("the float model is named where it is recommended") {
  const test::Folder folder;
  Store store(folder.path() / "runs.db");
  Json report = sample();
  report["models"][0]["recommended"]["candidate"] = nullptr;
  store.save(report);
  CHECK(store.list(1).at(0).recommended.at(0) == "float");
}

TEST_CASE("what is no report is refused, and leaves nothing") {
  const test::Folder folder;
  Store store(folder.path() / "runs.db");
  Json report = sample();
  report["models"][1]["candidates"][0].erase("status");
  CHECK(contains(refusal([&] { store.save(report); }), "3 this is not a report.json of version 1"));
  CHECK(store.size() == 0);
  CHECK(store.save(sample()) >= 1);
}

TEST_CASE("text of a report is data, not SQL") {
  const test::Folder folder;
  Store store(folder.path() / "runs.db");
  Json report = sample();
  report["models"][0]["model"]["name"] = "x'); DROP TABLE runs; --";
  CHECK(store.report(store.save(report)) == report);
  CHECK(store.list(1)[0].models[0] == "x'); DROP TABLE runs; --");
}

TEST_CASE("a damaged store is named, and exit code is 1") {
  const test::Folder folder;
  const fs::path path = folder.path() / "runs.db";
  SECTION("not a database") {
    write_file(path, std::string(5000, 'x'));
    CHECK(contains(refusal([&] { Store store(path); }), "1 " + path.string() + ": the store is damaged"));
  }
  SECTION("pages overwritten") {
    {
      Store store(path);
      for (int i = 0; i < 5; ++i) store.save(sample());
    }
    const std::uint64_t size = fs::file_size(path);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    for (std::uint64_t at = 4096; at + 4096 <= size; at += 4096)
      file.seekp(static_cast<std::streamoff>(at)) << std::string(64, '\x55');
    file.close();
    CHECK(contains(refusal([&] { Store store(path); }), "the store is damaged"));
  }
  SECTION("cut short") {
    {
      Store store(path);
      for (int i = 0; i < 5; ++i) store.save(sample());
    }
    fs::resize_file(path, fs::file_size(path) / 2);
    CHECK(refusal([&] { Store store(path); }).starts_with("1 "));
  }
}

TEST_CASE("a newer store and one of another program are refused and left alone") {
  const test::Folder folder;
  const fs::path path = folder.path() / "runs.db";
  SECTION("newer") {
    {
      Store store(path);
    }
    Database(path).run("PRAGMA user_version = 99");
    CHECK(contains(refusal([&] { Store store(path); }), "3 " + path.string() + ": a newer bitwright made this store"));
    CHECK(Database(path).integer("PRAGMA user_version") == 99);
  }
  SECTION("newer by one") {
    {
      Store store(path);
    }
    const std::int64_t next = Database(path).integer("PRAGMA user_version") + 1;
    Database(path).run("PRAGMA user_version = " + std::to_string(next));
    CHECK(contains(refusal([&] { Store store(path); }), "a newer bitwright made this store"));
    CHECK(Database(path).integer("PRAGMA user_version") == next);
  }
  SECTION("another program's") {
    Database(path).run("CREATE TABLE bookmarks (url TEXT)");
    CHECK(contains(refusal([&] { Store store(path); }), "database of another program"));
    CHECK(Database(path).integer("SELECT count(*) FROM sqlite_schema") == 1);
  }
}

TEST_CASE("a place that cannot be used is named") {
  const test::Folder folder;
  write_file(folder.path() / "file", "x");
  CHECK(contains(refusal([&] { Store store(folder.path() / "file/runs.db"); }), "3 "));
  CHECK(contains(refusal([&] { Store store(folder.path()); }), "3 "));
  CHECK(contains(refusal([&] { Store store("/proc/runs.db"); }), "3 /proc/runs.db: cannot make the store"));
}

TEST_CASE("the usual place") {
  ::setenv("HOME", "/home/u", 1);
  ::unsetenv("XDG_DATA_HOME");
  ::unsetenv("BITWRIGHT_STORE");
  CHECK(Store::usual_path() == "/home/u/.local/share/bitwright/runs.db");
  ::setenv("XDG_DATA_HOME", "/data", 1);
  CHECK(Store::usual_path() == "/data/bitwright/runs.db");
  ::setenv("XDG_DATA_HOME", "relative", 1);  // to be ignored, says the XDG specification
  CHECK(Store::usual_path() == "/home/u/.local/share/bitwright/runs.db");
  ::setenv("BITWRIGHT_STORE", "here.db", 1);
  CHECK(Store::usual_path() == "here.db");
  ::unsetenv("BITWRIGHT_STORE");
  ::unsetenv("XDG_DATA_HOME");
  ::unsetenv("HOME");
  CHECK_THROWS_AS(Store::usual_path(), Error);
}

TEST_CASE("processes that make and fill one store at once lose nothing") {
  const test::Folder folder;
  const fs::path path = folder.path() / "runs.db";
  constexpr int kProcesses = 4, kRuns = 5;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = ::fork();
    if (child == 0) {
      const std::string said = refusal([&] {
        for (int run = 0; run < kRuns; ++run) Store(path).save(numbered(process * 100 + run));
      });
      if (said != "accepted") std::fprintf(stderr, "%s\n", said.c_str());
      ::_exit(said == "accepted" ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) CHECK(exit_of(child) == 0);
  std::set<std::string> commands;
  for (const RunSummary& run : Store(path).list(100)) commands.insert(run.command);
  CHECK(commands.size() == kProcesses * kRuns);
}

TEST_CASE("kill -9: what was acknowledged is there, whole, and the store opens") {
  const test::Folder folder;
  const fs::path path = folder.path() / "runs.db", acknowledged = folder.path() / "acknowledged";
  {
    Store store(path);
  }
  write_file(acknowledged, "");
  const Json report = sample();
  for (int round = 0; round < 8; ++round) {
    const auto before = fs::file_size(acknowledged);
    const pid_t child = ::fork();
    if (child == 0) {
      const int log = ::open(acknowledged.c_str(), O_WRONLY | O_APPEND);
      for (Store store(path);;) {
        const std::string line = std::to_string(store.save(report)) + "\n";
        if (::write(log, line.data(), line.size()) < 0) ::_exit(1);
      }
    }
    while (fs::file_size(acknowledged) == before) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::microseconds(round * 777));
    ::kill(child, SIGKILL);
    CHECK(exit_of(child) == -1);
    for (const RunSummary& run : Store(path).list(1000)) CHECK(run.models.size() == report["models"].size());
  }
  const Store store(path);
  std::ifstream ids(acknowledged);
  for (std::int64_t id = 0; ids >> id;) CHECK(store.report(id) == report);
}

TEST_CASE("a full disk leaves the store as it was") {
  const test::Folder folder;
  const fs::path path = folder.path() / "runs.db";
  {
    Store(path).save(numbered(1));
  }
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{fs::file_size(path) + 20000, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &small);
    const std::string said = refusal([&] {
      for (int i = 0; i < 100; ++i) Store(path).save(numbered(2));
    });
    ::_exit(said.starts_with("3 " + path.string()) ? 0 : 1);
  }
  CHECK(exit_of(child) == 0);
  Store store(path);
  CHECK(store.report(1) == numbered(1));
  CHECK(store.save(numbered(3)) > 1);
}

namespace {

// The tables of docs/store.md: by heading, what its rows say but for the meaning in the last column.
std::map<std::string, std::set<std::string>> tables_of_page() {
  std::map<std::string, std::set<std::string>> tables;
  std::istringstream lines(read_file(fs::path(BW_SOURCE) / "docs/store.md"));
  std::string heading;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) heading = line.substr(0, line.find(':'));
    if (!line.starts_with("| `")) continue;
    const std::size_t second = line.find(" | ", line.find(" | ") + 1);
    CHECK(tables[heading].insert(line.substr(0, second)).second);
  }
  return tables;
}

}  // namespace

TEST_CASE("docs/store.md has the pragmas, tables and columns of a store, and no others") {
  const test::Folder folder;
  {
    Store store(folder.path() / "runs.db");
  }
  const Database database(folder.path() / "runs.db");
  std::map<std::string, std::set<std::string>> expected;
  expected["# The store"] = {"| `journal_mode` | wal", "| `foreign_keys` | 1"};
  for (const char* name : {"application_id", "user_version"})
    expected["# The store"].insert("| `" + std::string(name) + "` | " +
                                   std::to_string(database.integer("PRAGMA " + std::string(name))));
  Statement columns = database.prepare(
      "SELECT s.name, c.name, c.type, c.\"notnull\" OR c.pk FROM sqlite_schema s, pragma_table_info(s.name) c "
      "WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite_%'");
  while (columns.step())
    expected["## `" + columns.text(0) + "`"].insert("| `" + columns.text(1) + "` | " + columns.text(2) +
                                                    (columns.integer(3) ? "" : ", NULL"));
  CHECK(expected.size() == 4);
  CHECK(tables_of_page() == expected);
}
