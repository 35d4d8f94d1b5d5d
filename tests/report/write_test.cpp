// A report's folder: what is in it, and that a fault leaves the old files or the new ones.
#include "report/write.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "folder.h"
#include "report/html.h"
#include "report/json.h"
#include "report/manifest.h"
#include "report/sample_findings.h"

using namespace bw;

namespace {

Json json_of(const fs::path& path) {
  return parse_json(read_file(path), path.string());
}

std::vector<std::string> listed(const Json& manifest) {
  std::vector<std::string> paths;
  for (const Json& file : manifest["files"]) paths.push_back(file["path"]);
  return paths;
}

Findings findings_of(std::uint64_t seed) {
  Findings findings = test::sample_findings();
  findings.environment.seed = seed;
  return findings;
}

}  // namespace

TEST_CASE("a report's folder holds the four files, and a manifest that fits them") {
  const test::Folder folder;
  const fs::path out = folder.path() / "new" / "out";
  fs::create_directories(out / "candidates/int8");
  write_file(out / "candidates/int8/model.onnx", "model");
  write_file(out / "candidates/int8/.bitwright-1-0.tmp", "left over");
  write_file(out / "mine.txt", "not ours");
  fs::create_symlink("/etc/hostname", out / "candidates/int8/link");
  write_report(test::sample_findings(), out);

  CHECK(json_of(out / "report.json") == to_json(test::sample_findings()));
  const Json manifest = json_of(out / "manifest.json");
  CHECK(listed(manifest) ==
        std::vector<std::string>{"candidates/int8/model.onnx", "report.csv", "report.html", "report.json"});
  for (const Json& file : manifest["files"]) {
    const std::string bytes = read_file(out / file["path"].get<std::string>());
    CHECK(file["bytes"] == bytes.size());
    CHECK(file["sha256"] == sha256(as_bytes(bytes)));
  }
}

TEST_CASE("a folder that cannot be made or written is named") {
  const test::Folder folder;
  write_file(folder.path() / "file", "x");
  try {
    write_report(test::sample_findings(), folder.path() / "file" / "out");
    FAIL("written");
  } catch (const Error& error) {
    CHECK(exit_code(error.kind()) == 3);
    CHECK(std::string(error.what()).find("file/out: cannot make the folder") != std::string::npos);
  }
  fs::create_directories(folder.path() / "out" / "report.csv");
  CHECK_THROWS_AS(write_report(test::sample_findings(), folder.path() / "out"), Error);
  CHECK(!fs::exists(folder.path() / "out" / "manifest.json"));
}

TEST_CASE("a full disk leaves the old report") {
  const test::Folder folder;
  write_report(findings_of(1), folder.path());
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{200, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  CHECK_THROWS_AS(write_report(findings_of(2), folder.path()), Error);
  ::setrlimit(RLIMIT_FSIZE, &before);
  CHECK(json_of(folder.path() / "report.json")["environment"]["seed"] == 1);
  CHECK(json_of(folder.path() / "manifest.json") == manifest(folder.path()));
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 4);
}

TEST_CASE("kill -9 at any moment leaves each file whole, old or new") {
  const test::Folder folder;
  write_report(findings_of(0), folder.path());
  const auto whole_forms = [](std::uint64_t seed) { return report_html(to_json(findings_of(seed))); };
  const std::string pages[] = {whole_forms(0), whole_forms(1)};
  for (int round = 0; round < 25; ++round) {
    const pid_t child = ::fork();
    if (child == 0)
      for (std::uint64_t seed = 1;; seed ^= 1) write_report(findings_of(seed), folder.path());
    std::this_thread::sleep_for(std::chrono::microseconds(500 + round * 731));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));

    CHECK(json_of(folder.path() / "report.json")["environment"]["seed"].get<std::uint64_t>() <= 1);
    const std::string page = read_file(folder.path() / "report.html");
    CHECK((page == pages[0] || page == pages[1]));
    CHECK(read_file(folder.path() / "report.csv").ends_with("\r\n"));
    CHECK(listed(json_of(folder.path() / "manifest.json")).size() == 3);
  }
}
