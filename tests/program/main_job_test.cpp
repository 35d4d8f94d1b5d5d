// bitwright bench, the main job, from the outside.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file.h"
#include "base/hash.h"
#include "format/onnx/onnx.h"
#include "program/program.h"
#include "program/world.h"
#include "report/schema_check.h"

namespace bw::test {
namespace {

const std::vector<std::string> kQuick{"--latency-seconds", "0.05", "--evaluation-samples", "24"};

std::vector<std::string> bench(const World& world, const std::string& output, std::vector<std::string> more = {}) {
  std::vector<std::string> words{"bench", world.path("cnn.onnx"), "--data", world.path("data"),
                                 "-o",    world.path(output)};
  words.insert(words.end(), kQuick.begin(), kQuick.end());
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Setting with_store(const World& world) {
  return {.environment = {{"BITWRIGHT_STORE", world.path("runs.db")}}, .folder = {}, .output = {}, .largest_file = 0};
}

// All methods, once for all tests that look at what it left behind.
struct FullRun {
  World world;
  Outcome outcome = bitwright(bench(world, "out"), with_store(world));
  Json report = json_file(world / "out/report.json");
};
const FullRun& full_run() {
  static const FullRun run;
  return run;
}

// Every file of candidates/ with its hash.
std::map<std::string, std::string> artifacts(const fs::path& output) {
  std::map<std::string, std::string> hashes;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(output / "candidates"))
    if (entry.is_regular_file())
      hashes[entry.path().lexically_relative(output).string()] = sha256_of_file(entry.path());
  return hashes;
}

// What samples decide, and time does not: by candidate.
std::map<std::string, Json> accuracies(const Json& report) {
  std::map<std::string, Json> found;
  for (const Json& candidate : report["models"][0]["candidates"]) found[candidate["name"]] = candidate["accuracy"];
  return found;
}

}  // namespace

TEST_CASE("bench says what to ship") {
  const FullRun& run = full_run();
  INFO(run.outcome.err);
  REQUIRE(run.outcome.code == 0);
  CHECK(has(run.outcome.out, "int8-static"));
  CHECK(has(run.outcome.out, "Ship "));
  CHECK(!has(run.outcome.out, "\x1b"));  // no colours in a file
  CHECK(!has(run.outcome.err, "\x1b"));
  CHECK(has(run.outcome.err, "cnn: cnn of "));  // progress is for people, on standard error
  CHECK(has(run.outcome.err, "guessed: "));
  CHECK(has(run.outcome.err, "report: "));
}

TEST_CASE("report.json fits its schema and says the truth about the run") {
  const Json& report = full_run().report;
  CHECK(SchemaCheck(parse_json(bitwright({"runs", "schema"}).out, "schema")).fault(report) == "");
  const Json& model = report["models"][0];
  CHECK(model["model"]["sha256"] == sha256_of_file(full_run().world / "cnn.onnx"));
  CHECK(model["dataset"]["evaluation_samples"] == 24);
  CHECK(model["dataset"]["task"] == "classification");
  CHECK(model["dataset"]["metric"] == "top1");
  CHECK(model["candidates"].size() >= 8);
  std::set<std::string> names;
  for (const Json& candidate : model["candidates"]) {
    INFO(candidate["name"].get<std::string>());
    CHECK(names.insert(candidate["name"]).second);
    const std::string status = candidate["status"];
    CHECK((status == "ok" || status == "not_better" || status == "refused"));
    CHECK(candidate["reason"].is_null() == (status == "ok"));
    if (status == "refused") continue;
    CHECK(candidate["latency"]["ratio"]["value"].get<double>() > 0);
    CHECK(candidate["accuracy"]["agreement"]["n"] == 24);
    CHECK(candidate["quantized_metrics"]["memory_usage"]["value"].get<double>() > 1e6);
    const double bytes = candidate["quantized_metrics"]["model_size"]["value"];
    CHECK(bytes == fs::file_size(full_run().world / "out" / candidate["artifact"]["path"].get<std::string>()));
  }
  const bool any_ok = std::ranges::any_of(model["candidates"], [](const Json& c) { return c["status"] == "ok"; });
  CHECK(model["pareto"].empty() != any_ok);
  for (const Json& name : model["pareto"]) CHECK(names.contains(name));
  CHECK(has(full_run().outcome.out, model["recommended"]["sentence"].get<std::string>().substr(0, 20)));
}

TEST_CASE("the manifest has size and hash of every file of the report") {
  const fs::path output = full_run().world / "out";
  std::set<std::string> listed;
  const Json manifest = json_file(output / "manifest.json");
  for (const Json& file : manifest["files"]) {
    const std::string path = file["path"];
    INFO(path);
    listed.insert(path);
    CHECK(file["bytes"] == fs::file_size(output / path));
    CHECK(file["sha256"] == sha256_of_file(output / path));
  }
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(output))
    if (entry.is_regular_file() && entry.path().filename() != "manifest.json")
      CHECK(listed.contains(entry.path().lexically_relative(output).string()));
}

TEST_CASE("report.csv has a line for each candidate, report.html stands alone") {
  const fs::path output = full_run().world / "out";
  const std::string csv = read_file(output / "report.csv");
  CHECK(static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n')) >=
        1 + full_run().report["models"][0]["candidates"].size());
  const std::string html = read_file(output / "report.html");
  CHECK(has(html, full_run().report["models"][0]["model"]["sha256"].get<std::string>()));
  for (const char* external :
       {"src=\"http", "href=\"http", "src='http", "url(http", "@import", "fetch(\"http", "import(\"http"}) {
    INFO(external);
    CHECK(!has(html, external));
  }
}

TEST_CASE("candidates load, and their plans make the same bytes again") {
  const World& world = full_run().world;
  int applied = 0;
  for (const Json& candidate : full_run().report["models"][0]["candidates"]) {
    if (candidate["artifact"].is_null()) continue;
    const fs::path file = world / "out" / candidate["artifact"]["path"].get<std::string>();
    INFO(file);
    CHECK_NOTHROW(onnx::read(file));
    const Outcome outcome = bitwright(
        {"apply", world.path("cnn.onnx"), (file.parent_path() / "plan.json").string(), "-o", world.path("again.onnx")});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    CHECK(read_file(world / "again.onnx") == read_file(file));
    ++applied;
  }
  CHECK(applied >= 8);
}

TEST_CASE("the same seed gives the same bytes and scores, for any number of threads") {
  const World world;
  put_images(world / "data/samples.npz", 3000);  // enough that no thread is done before the others begin
  const std::vector<std::string> words{"bench",
                                       world.path("cnn.onnx"),
                                       "--data",
                                       world.path("data"),
                                       "--no-store",
                                       "--methods",
                                       "int8-static(observer=entropy),weight-only(symmetric=no)",
                                       "--calibration-samples",
                                       "500",
                                       "--evaluation-samples",
                                       "400",
                                       "--latency-seconds",
                                       "0.05"};
  const auto run = [&](const char* output, const char* threads, const char* seed) {
    std::vector<std::string> all = words;
    for (const std::string& word : {std::string("-o"), world.path(output), std::string("--threads"),
                                    std::string(threads), std::string("--seed"), std::string(seed)})
      all.push_back(word);
    const Outcome outcome = bitwright(all);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return std::pair(artifacts(world / output), accuracies(json_file(world / output / "report.json")));
  };
  const auto [files, scores] = run("first", "1", "5");
  CHECK(files.size() >= 4);  // models and plans
  for (const auto& [output, threads] : {std::pair("again", "1"), {"two", "2"}, {"three", "3"}}) {
    INFO(threads << " threads");
    const auto [same_files, same_scores] = run(output, threads, "5");
    CHECK(same_files == files);
    CHECK(same_scores == scores);
  }
  // What is drawn does depend on the seed: else nothing above would say anything of it.
  const auto [other_files, other_scores] = run("other seed", "2", "6");
  const std::string drawn = "candidates/cnn/int8-static-observer-entropy/cnn.onnx";
  CHECK(other_files.at(drawn) != files.at(drawn));
  CHECK(other_scores != scores);
}

TEST_CASE("rows come before the answer, and --quick stops after them") {
  const World world;
  const Outcome quick =
      bitwright(bench(world, "out", {"--quick", "--methods", "fp16,int8-dynamic"}), with_store(world));
  INFO(quick.err);
  REQUIRE(quick.code == 0);
  CHECK(quick.err.find("first figures, from ") != std::string::npos);
  CHECK(quick.err.find("  fp16 ") != std::string::npos);
  CHECK(quick.err.find("so far:") == std::string::npos);
  CHECK(quick.out.find("Recommended:") != std::string::npos);
  const SchemaCheck schema(parse_json(bitwright({"runs", "schema"}).out, "schema"));
  CHECK(schema.fault(json_file(world / "out/report.json")) == "");
  CHECK(full_run().outcome.err.find("so far:") != std::string::npos);
}

TEST_CASE("bench keeps the run, and runs shows it") {
  const World& world = full_run().world;
  const Setting setting = with_store(world);
  const Outcome list = bitwright({"runs", "list", "--json"}, setting);
  REQUIRE(list.code == 0);
  const Json runs = parse_json(list.out, "runs list");
  REQUIRE(runs.size() == 1);
  CHECK(runs[0]["models"][0] == "cnn");
  const std::string id = std::to_string(runs[0]["id"].get<int>());
  CHECK(parse_json(bitwright({"runs", "show", id, "--json"}, setting).out, "runs show") == full_run().report);
  const Outcome show = bitwright({"runs", "show", id}, setting);
  CHECK(has(show.out, "int8-static"));
  const Outcome compare = bitwright({"runs", "compare", id, id}, setting);
  CHECK(compare.code == 0);
  CHECK(!has(compare.out, "->"));
  CHECK(bitwright({"runs", "show", "77"}, setting).code == 2);
  CHECK(bitwright({"runs", "show", "x"}, setting).code == 2);
}

TEST_CASE("--json is one document also where no candidate keeps the limits") {
  const World world;
  const Outcome outcome =
      bitwright(bench(world, "out", {"--methods", "int8-dynamic", "--json", "--max-size", "10", "--no-store"}));
  CHECK(outcome.code == 5);
  CHECK(parse_json(outcome.out, "standard output").contains("models"));
}

TEST_CASE("--json gives the report on standard output, --quiet nothing on standard error") {
  const World& world = full_run().world;
  const Outcome outcome =
      bitwright(bench(world, "json", {"--methods", "int8-dynamic", "--json", "--quiet", "--no-store"}));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(outcome.err == "");
  CHECK(parse_json(outcome.out, "standard output") == json_file(world / "json/report.json"));
}

TEST_CASE("data without labels is compared with the float model's answers") {
  const World world;
  put_images(world / "data/samples.npz", 20, false);
  const Outcome outcome = bitwright(bench(world, "out", {"--methods", "int8-dynamic", "--json"}));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json model = parse_json(outcome.out, "standard output")["models"][0];
  CHECK(model["dataset"]["task"] == "outputs");
  CHECK(model["dataset"]["metric"] == "agreement");
  const Json& candidate = model["candidates"][0];
  CHECK(candidate["accuracy"]["metrics"].empty());
  CHECK(candidate["accuracy"]["agreement"]["value"].get<double>() > 0.5);
  CHECK(candidate["accuracy"]["sqnr"]["value"].get<double>() > 10);
  CHECK(candidate["accuracy_retention"]["value"] == candidate["accuracy"]["agreement"]["value"]);
}

TEST_CASE("a recipe that cannot be carried out is a row, and the others go on") {
  const World world;
  const Outcome outcome = bitwright(
      bench(world, "out", {"--methods", "int8-static(keep_float=LSTM),int8-static,fp16(keep_float=LSTM)", "--json"}));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json rows = parse_json(outcome.out, "standard output")["models"][0]["candidates"];
  REQUIRE(rows.size() == 3);
  for (const std::size_t i : {0, 2}) {
    CHECK(rows[i]["status"] == "refused");
    CHECK(has(rows[i]["reason"].get<std::string>(), "'LSTM'"));
  }
  CHECK(rows[1]["status"] != "refused");
}

TEST_CASE("a metric of the user's own decides") {
  const World world;
  const Outcome outcome = bitwright(bench(
      world, "out",
      {"--methods", "int8-dynamic", "--json", "--eval-command",
       "f() { case \"$1\" in */candidates/*) echo 3;; *) echo '{\"name\": \"mine\", \"value\": 4}';; esac; }; f"}));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json model = parse_json(outcome.out, "standard output")["models"][0];
  CHECK(model["dataset"]["metric"] == "mine");
  CHECK(model["candidates"][0]["accuracy_retention"]["value"] == 0.75);
  CHECK(model["candidates"][0]["status"] == "not_better");
}

}  // namespace bw::test
