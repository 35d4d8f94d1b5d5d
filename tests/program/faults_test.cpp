// What happens to a run from outside: kill -9, Ctrl-C, a full disk, a folder that cannot be.
#include <signal.h>
#include <sys/mount.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "base/hash.h"
#include "base/random.h"
#include "format/onnx/onnx.h"
#include "program/program.h"
#include "program/world.h"

namespace bw::test {
namespace {

std::vector<std::string> bench(const World& world, const std::string& output) {
  return {"bench",
          world.path("cnn.onnx"),
          "--data",
          world.path("data"),
          "-o",
          output,
          "--methods",
          "int8-static,int8-dynamic,fp16",
          "--latency-seconds",
          "0.05",
          "--evaluation-samples",
          "16"};
}

// Waits for a model that never comes back.
std::vector<std::string> endless(const World& world) {
  onnx::write(hangs(), world / "hangs.onnx");
  return {"compare", world.path("hangs.onnx"), world.path("cnn.onnx"), "--data", world.path("data"), "--unchecked"};
}

void sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

std::map<std::string, std::string> candidates_of(const fs::path& output) {
  std::map<std::string, std::string> hashes;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(output / "candidates"))
    if (entry.is_regular_file())
      hashes[entry.path().lexically_relative(output).string()] = sha256_of_file(entry.path());
  return hashes;
}

std::vector<std::string> temporary_files(const fs::path& folder) {
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".tmp") found.push_back(entry.path().string());
  return found;
}

// A file system of its own; says no where that is not allowed.
class SmallDisk {
 public:
  SmallDisk(fs::path folder, const char* size) : folder_(std::move(folder)) {
    fs::create_directory(folder_);
    mounted_ = ::mount("none", folder_.c_str(), "tmpfs", 0, size) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }

 private:
  fs::path folder_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("a run that is killed at any moment goes on with --resume and ends the same") {
  const World world;
  const Outcome whole = bitwright(bench(world, world.path("whole")));
  INFO(whole.err);
  REQUIRE(whole.code == 0);
  const auto expected = candidates_of(world / "whole");
  Random random(11);
  std::string left;
  std::vector<std::string> again = bench(world, world.path("out"));
  again.emplace_back("--resume");
  for (int round = 0; round < 6; ++round) {
    Running running(again);
    sleep_for(0.1 + 1.2 * random.uniform());
    std::vector<pid_t> workers = workers_of(running.pid());
    running.send(SIGKILL);
    running.wait();
    CHECK(all_gone(workers));
    if (fs::exists(world / "out/candidates"))
      for (const auto& [path, hash] : candidates_of(world / "out"))
        if (!path.ends_with(".tmp")) CHECK(expected.at(path) == hash);  // whole or not at all
    left = ".bitwright-" + std::to_string(running.pid()) + "-99.tmp";
  }
  for (const char* inner : {"out", "out/.resume", "out/candidates/cnn/fp16"}) {
    fs::create_directories(world / inner);
    world.write_text(inner + ("/" + left), "half");
  }
  const Outcome outcome = bitwright(again);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(has(outcome.err, "resume: cnn: "));
  CHECK(!fs::exists(world / "out/.resume"));
  CHECK(temporary_files(world.path()).empty());
  for (const auto& [path, hash] : expected) {
    INFO(path);
    CHECK(sha256_of_file(world / "out" / path) == hash);
  }
  const Json manifest = json_file(world / "out/manifest.json");
  for (const Json& file : manifest["files"])
    CHECK(file["sha256"] == sha256_of_file(world / "out" / file["path"].get<std::string>()));
  const Json a = json_file(world / "whole/report.json"), b = json_file(world / "out/report.json");
  for (std::size_t i = 0; i < a["models"][0]["candidates"].size(); ++i)
    CHECK(a["models"][0]["candidates"][i]["accuracy"] == b["models"][0]["candidates"][i]["accuracy"]);
}

TEST_CASE("--resume says what it takes from the unfinished run, and what it does again and why") {
  const World world;
  std::vector<std::string> words = bench(world, world.path("out"));
  words.emplace_back("--resume");
  const Outcome none = bitwright(words);
  REQUIRE(none.code == 0);
  CHECK(has(none.err,
            "resume: nothing is left of an unfinished run in " + world.path("out") + ": all is done from the start\n"));

  std::vector<std::string> with_pause = words;  // a metric of the user's own, which stops the run in its middle
  with_pause.insert(with_pause.end(), {"--eval-command", "touch '" + world.path("reached") + "'; sleep 1000 #"});
  const auto stopped = [&] {
    fs::remove(world / "reached");
    Running running(with_pause);
    REQUIRE(running.reached(world / "reached"));
    running.send(SIGINT);
    return running.wait();
  };
  REQUIRE(stopped().code == 130);
  const Outcome same = bitwright(words);
  INFO(same.err);
  CHECK(has(same.err, "resume: 2 parts of an unfinished run are left in "));
  CHECK(has(same.err,
            "resume: cnn: 2 parts came from the unfinished run: all recipes (calibration), float (quick memory)"));
  REQUIRE(stopped().code == 130);
  words.insert(words.end(), {"--seed", "7"});
  const Outcome other = bitwright(words);
  INFO(other.err);
  CHECK(has(other.err,
            "resume: cnn: nothing came from the unfinished run. 2 parts done again, since the data is another one; "
            "--seed is 7, and was 0: "
            "all recipes (calibration), float (quick memory)"));
}

TEST_CASE("Ctrl-C ends the run with 130, its workers, and what it was writing") {
  const World world;
  for (const auto& words : {bench(world, world.path("out")), endless(world)})
    for (const int signal : {SIGINT, SIGTERM})
      for (const double after : {0.05, 0.4, 1.0}) {
        Running running(words);
        sleep_for(after);
        const std::vector<pid_t> workers = workers_of(running.pid());
        const auto start = std::chrono::steady_clock::now();
        running.send(signal);
        const Outcome outcome = running.wait();
        INFO(words.front() << " after " << after << " s: " << outcome.err);
        CHECK(outcome.code == 130);
        CHECK(has(outcome.err, "bitwright: "));
        if (words.front() == "bench") {
          std::string line = "go on with: bitwright";
          for (const std::string& word : words) line += " " + word;
          CHECK(outcome.err.ends_with(line + " --resume\n"));
        }
        CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
        CHECK(all_gone(workers));
        CHECK(temporary_files(world.path()).empty());
        CHECK(!fs::exists(world / "out/report.json"));
      }
}

TEST_CASE("Ctrl-C ends a metric of the user's own, with all that it started") {
  const World world;
  std::vector<std::string> words = bench(world, world.path("out"));
  words.insert(words.end(), {"--eval-command", "sleep 1000 & echo $! > '" + world.path("pid") + "'; wait #"});
  Running running(words);
  REQUIRE(running.reached(world / "pid"));
  sleep_for(0.1);
  const pid_t started = std::stoi(read_file(world / "pid"));
  running.send(SIGINT);
  const auto start = std::chrono::steady_clock::now();
  CHECK(running.wait().code == 130);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
  CHECK(all_gone({started}));
}

TEST_CASE("a killed program leaves no worker, also in the middle of a run") {
  const World world;
  Running running(endless(world));
  sleep_for(1);
  const std::vector<pid_t> workers = workers_of(running.pid());
  REQUIRE(!workers.empty());
  for (const pid_t worker : workers)  // out of memory, the kernel takes them first
    CHECK(read_file("/proc/" + std::to_string(worker) + "/oom_score_adj") == "1000\n");
  running.send(SIGKILL);
  running.wait();
  CHECK(all_gone(workers));
}

TEST_CASE("an output folder that cannot be made is refused") {
  const World world;
  world.write_text("file", "");
  const Outcome outcome = bitwright(bench(world, world.path("file/out")));
  INFO(outcome.err);
  CHECK(outcome.code == 3);
  CHECK(has(outcome.err, "file/out"));
  CHECK(has(outcome.err, "file' is a file"));
  const Outcome quantize =
      bitwright({"quantize", world.path("cnn.onnx"), "--recipe", "fp16", "-o", world.path("nowhere/out.onnx")});
  CHECK(quantize.code == 3);
  CHECK(has(quantize.err, "nowhere/out.onnx"));
}

TEST_CASE("what cannot be written is said before any work") {
  const World world;
  world.write_text("file", "old");
  const std::string model = world.path("cnn.onnx"), nowhere = world.path("nowhere/x");
  struct Row {
    std::vector<std::string> words;
    std::string says;
  };
  for (const Row& row :
       {Row{{"bench", model, "--data", world.path("data"), "-o", world.path("file")}, "file' is a file. Give another"},
        Row{{"bench", model, "--data", world.path("data"), "-o", "/proc/none"}, "/proc/none: cannot create a file"},
        Row{{"quantize", model, "--data", world.path("data"), "-o", world.path("data")}, "data: is a folder where"},
        Row{{"quantize", model, "--data", world.path("data"), "-o", nowhere}, "there is no folder '"},
        Row{{"quantize", model, "--data", world.path("data"), "--dry-run", "--plan-out", nowhere},
            "there is no folder '"},
        Row{{"apply", model, world.path("file"), "-o", nowhere}, "there is no folder '"}}) {
    INFO(row.says);
    const Outcome outcome = bitwright(row.words);
    INFO(outcome.err);
    CHECK(outcome.code == 3);
    CHECK(outcome.err.starts_with("bitwright: "));
    CHECK(has(outcome.err, row.says));
  }
  CHECK(read_file(world / "file") == "old");
}

TEST_CASE("a second run into the same folder replaces the first one whole") {
  const World world;
  std::vector<std::string> words = bench(world, world.path("out"));
  REQUIRE(bitwright(words).code == 0);
  const auto first = candidates_of(world / "out");
  words[7] = "fp16";
  REQUIRE(bitwright(words).code == 0);
  const Json report = json_file(world / "out/report.json");
  CHECK(report["models"][0]["candidates"].size() == 1);
  CHECK(candidates_of(world / "out").size() <
        first.size());  // nothing is left of candidates that the report does not name
}

TEST_CASE("models of one name are called by their folders too, and the same one twice is refused") {
  const World world;
  fs::create_directory(world / "other");
  fs::copy_file(world / "cnn.onnx", world / "other/cnn.onnx");
  std::vector<std::string> words = bench(world, world.path("out"));
  words.insert(words.begin() + 2, world.path("other/cnn.onnx"));
  const Outcome outcome = bitwright(words);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const std::string first = world.path().filename().string() + "-cnn";
  const Json report = json_file(world / "out/report.json");
  CHECK(report["models"][0]["model"]["name"] == first);
  CHECK(report["models"][1]["model"]["name"] == "other-cnn");
  for (const std::string& name : {first, std::string("other-cnn")})
    CHECK(fs::exists(world / ("out/candidates/" + name + "/fp16/" + name + ".onnx")));
  CHECK(has(read_file(world / "out/report.csv"), "other-cnn"));
  words[2] = world.path("other/../cnn.onnx");
  const Outcome twice = bitwright(words);
  CHECK(twice.code == 2);
  CHECK(has(twice.err, "the model is given twice"));
}

TEST_CASE("a full disk leaves what was there") {
  const World world;
  const SmallDisk disk(world / "disk", "size=96k");
  if (!disk.mounted()) SKIP("file systems cannot be mounted here");
  const fs::path kept = world / "disk/cnn.onnx";
  REQUIRE(bitwright({"quantize", world.path("cnn.onnx"), "--recipe", "fp16", "-o", kept.string()}).code == 0);
  const std::string before = sha256_of_file(kept);
  const Outcome outcome = bitwright(bench(world, world.path("disk/out")));
  INFO(outcome.err);
  CHECK(outcome.code == 3);
  CHECK(has(outcome.err, "No space left on device"));
  CHECK(temporary_files(world / "disk").empty());
  CHECK(sha256_of_file(kept) == before);
  write_file(world / "disk/ballast", std::string(fs::space(world / "disk").available, 'x'));
  const Outcome quantize =
      bitwright({"quantize", world.path("cnn.onnx"), "--recipe", "int8-dynamic", "-o", kept.string()});
  CHECK(quantize.code == 3);
  INFO(quantize.err);
  CHECK(has(quantize.err, "disk/"));
  CHECK(sha256_of_file(kept) == before);
}

TEST_CASE("a file that may not grow is an error, not a death") {
  const World world;
  const Setting small{.environment = {}, .folder = world.path(), .output = {}, .largest_file = 1000};
  const Outcome outcome = bitwright({"quantize", "cnn.onnx", "--recipe", "fp16", "-o", "half.onnx"}, small);
  CHECK(outcome.code == 3);
  CHECK(has(outcome.err, "half.onnx"));
  CHECK(has(outcome.err, "File too large"));
  CHECK(!fs::exists(world / "half.onnx"));
  CHECK(temporary_files(world.path()).empty());
}

}  // namespace bw::test
