// The other commands, and what every command has in common: usage errors, help, output for pipes.
#include <fmt/format.h>
#include <sys/stat.h>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "archive/npy.h"
#include "base/file.h"
#include "base/hash.h"
#include "format/onnx/onnx.h"
#include "program/program.h"
#include "program/world.h"

namespace bw::test {
namespace {

std::size_t files_in(const fs::path& folder) {
  std::size_t count = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) count += entry.is_regular_file();
  return count;
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("quantize writes one file, and says what it did") {
  const World world;
  const Setting here{.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0};
  const Outcome outcome = bitwright({"quantize", "cnn.onnx", "--data", "data"}, here);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(outcome.out.starts_with("int8-static: 3 of 3 layers quantized\ntried: it runs on 3 samples; 'y' is "));
  const auto bytes = [&](const char* file) { return static_cast<double>(fs::file_size(world / file)); };
  const std::string wrote = fmt::format(
      " dB from the float model's\nwrote cnn.int8-static.onnx: {:.2f} kB, {:.1f} % of "
      "the float model's {:.2f} kB\n",
      bytes("cnn.int8-static.onnx") / 1e3, 100 * bytes("cnn.int8-static.onnx") / bytes("cnn.onnx"),
      bytes("cnn.onnx") / 1e3);
  INFO(wrote);
  CHECK(outcome.out.ends_with(wrote));
  CHECK_NOTHROW(onnx::read(world / "cnn.int8-static.onnx"));

  const Outcome json = bitwright(
      {"quantize", "cnn.onnx", "--recipe", "int8-static(observer=mse)", "--data", "data", "-o", "m.onnx", "--json"},
      here);
  INFO(json.err);
  REQUIRE(json.code == 0);
  const Json said = parse_json(json.out, "quantize");
  CHECK(said["file"] == "m.onnx");
  CHECK(said["layers_quantized"] == 3);
  CHECK(said["size"]["original"] == bytes("cnn.onnx"));
  CHECK(said["size"]["quantized"] == bytes("m.onnx"));
  CHECK(said["size"]["ratio"] == bytes("m.onnx") / bytes("cnn.onnx"));
  CHECK(fs::exists(world / "m.onnx"));
}

TEST_CASE("quantize --dry-run decides but writes nothing; --plan-out writes the plan") {
  const World world;
  const Setting here{.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0};
  const std::size_t before = files_in(world.path());
  const Outcome dry = bitwright({"quantize", "cnn.onnx", "--data", "data", "--dry-run"}, here);
  INFO(dry.err);
  REQUIRE(dry.code == 0);
  CHECK(has(dry.out, "3 of 3 layers quantized"));
  CHECK(!has(dry.out, "wrote"));
  const Outcome dry_json = bitwright({"quantize", "cnn.onnx", "--data", "data", "--dry-run", "--json"}, here);
  CHECK(parse_json(dry_json.out, "quantize")["size"]["quantized"].is_null());
  CHECK(files_in(world.path()) == before);

  REQUIRE(bitwright({"quantize", "cnn.onnx", "--recipe", "weight-only", "--dry-run", "--plan-out", "plan.json"}, here)
              .code == 0);
  CHECK(files_in(world.path()) > before);
  REQUIRE(bitwright({"apply", "cnn.onnx", "plan.json", "-o", "applied.onnx"}, here).code == 0);
  REQUIRE(bitwright({"quantize", "cnn.onnx", "--recipe", "weight-only", "-o", "direct.onnx"}, here).code == 0);
  CHECK(read_file(world / "applied.onnx") == read_file(world / "direct.onnx"));
}

TEST_CASE("a plan of another model is refused") {
  const World world;
  const Setting here{.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0};
  REQUIRE(bitwright({"quantize", "cnn.onnx", "--recipe", "fp16", "-o", "half.onnx", "--plan-out", "plan.json"}, here)
              .code == 0);
  const Outcome outcome = bitwright({"apply", "half.onnx", "plan.json", "-o", "x.onnx"}, here);
  CHECK(outcome.code == 3);
  CHECK(outcome.err.starts_with("bitwright: plan.json: half.onnx: the plan was made for a graph with hash "));
  CHECK(!fs::exists(world / "x.onnx"));
}

TEST_CASE("what is wrong with a model names the model as it was given") {
  const World world;
  const Setting here{.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0};
  REQUIRE(bitwright({"quantize", "cnn.onnx", "--data", "data", "-o", "q.onnx"}, here).code == 0);
  const Outcome again = bitwright({"quantize", "q.onnx", "--recipe", "fp16", "-o", "x.onnx"}, here);
  CHECK(again.err.starts_with("bitwright: q.onnx: the model is quantized already"));
  const Outcome not_quantized = bitwright({"quantize", "cnn.onnx", "--recipe", "fp16", "--requantize"}, here);
  CHECK(not_quantized.err.starts_with("bitwright: cnn.onnx: the model has no quantized weights"));
}

TEST_CASE("quantize gives the same bytes for the same seed, for any number of threads") {
  const World world;
  const Setting here{.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0};
  fs::remove(world / "data/samples.npz");
  put_images(world / "data/calib.npz", 1000);  // enough that no thread is done before the others begin
  put_images(world / "data/test.npz", 10);
  const auto quantized = [&](const std::string& recipe, const char* threads, const char* seed) {
    const Outcome outcome =
        bitwright({"quantize", "cnn.onnx", "--data", "data", "--recipe", recipe, "--calibration-samples", "500",
                   "--threads", threads, "--seed", seed, "-o", "q.onnx", "--plan-out", "plan.json"},
                  here);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return sha256_of_file(world / "q.onnx") + sha256_of_file(world / "plan.json");
  };
  for (const char* recipe : {"int8-static", "int8-static(observer=entropy)", "int8-static(observer=percentile)",
                             "weight-only(symmetric=no)"}) {
    INFO(recipe);
    const std::string bytes = quantized(recipe, "1", "5");
    for (const char* threads : {"1", "2", "3"}) CHECK(quantized(recipe, threads, "5") == bytes);
  }
  quantized("int8-static", "2", "5");
  const std::string model = sha256_of_file(world / "q.onnx");  // the plan tells the seed in any case
  quantized("int8-static", "2", "6");
  CHECK(sha256_of_file(world / "q.onnx") != model);  // other samples calibrate
}

TEST_CASE("--balanced calibrates on as many samples of each class") {
  const World world;
  const Setting here{.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0};
  constexpr std::int64_t kCount = 400, kRare = 390;  // samples from the 390th on are of class 1, and large
  std::vector<float> x(kCount * 256, 0.5f);
  std::vector<std::int64_t> y(kCount, 0);
  std::fill(x.begin() + kRare * 256, x.end(), 50.0f);
  std::fill(y.begin() + kRare, y.end(), 1);
  const Tensor images = Tensor::of<float>({kCount, 4, 8, 8}, std::span<const float>(x));
  fs::remove(world / "data/samples.npz");
  put_images(world / "data/test.npz", 10);
  const auto scale_of_input = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"quantize", "cnn.onnx",   "--data",   "data", "--calibration-samples",
                                   "4",        "--plan-out", "plan.json"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = bitwright(words, here);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return parse_json(read_file(world / "plan.json"), "plan").at("values").at("x").at("scales").at(0).get<double>();
  };
  write_npz({{"x", images}, {"y", Tensor::of<std::int64_t>({kCount}, std::span<const std::int64_t>(y))}},
            world / "data/calib.npz");
  CHECK(scale_of_input({"--balanced"}) > 0.1);
  CHECK(scale_of_input({}) < 0.1);
  for (const char* file : {"data/calib.npz", "data/test.npz"}) write_npz({{"x", images}}, world / file);
  const Outcome without = bitwright({"quantize", "cnn.onnx", "--data", "data", "--balanced"}, here);
  INFO(without.err);
  CHECK(without.code == 2);
  CHECK(has(without.err, "balanced over classes"));
}

TEST_CASE("calibration does not depend on the order of the samples") {
  const World world;
  const Setting here{.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0};
  const Tensor images = normal({20, 4, 8, 8}, 3);
  const std::span<const float> x = images.data<float>();
  std::vector<float> reversed;
  for (std::size_t i = 20; i-- > 0;)
    reversed.insert(reversed.end(), x.begin() + 256 * static_cast<std::ptrdiff_t>(i),
                    x.begin() + 256 * static_cast<std::ptrdiff_t>(i + 1));
  fs::remove(world / "data/samples.npz");
  write_npz({{"x", images}}, world / "data/test.npz");
  for (const char* order : {"forward", "backward"}) {
    write_npz(
        {{"x", order == std::string("forward") ? images
                                               : Tensor::of<float>({20, 4, 8, 8}, std::span<const float>(reversed))}},
        world / "data/calib.npz");
    for (const char* observer : {"min-max", "percentile", "entropy", "mse"}) {
      const Outcome outcome = bitwright(
          {"quantize", "cnn.onnx", "--data", "data", "--recipe", std::string("int8-static(observer=") + observer + ")",
           "-o", std::string(order) + observer + ".onnx"},
          here);
      INFO(outcome.err);
      REQUIRE(outcome.code == 0);
    }
  }
  for (const char* observer : {"min-max", "percentile", "entropy", "mse"}) {
    INFO(observer);
    CHECK(read_file(world / (std::string("forward") + observer + ".onnx")) ==
          read_file(world / (std::string("backward") + observer + ".onnx")));
  }
}

TEST_CASE("inspect shows a model") {
  const World world;
  const Outcome people = bitwright({"inspect", world.path("cnn.onnx")});
  REQUIRE(people.code == 0);
  CHECK(has(people.out, "cnn: cnn, opset 17"));
  CHECK(has(people.out, "Convx2"));
  const Json json = parse_json(bitwright({"inspect", world.path("cnn.onnx"), "--json"}).out, "inspect");
  CHECK(json["sha256"] == sha256_of_file(world / "cnn.onnx"));
  CHECK(json["parameters"] == 8 * 36 + 8 + 8 * 72 + 8 + 8 * 5 + 5);
  CHECK(has(bitwright({"inspect", world.path("cnn.onnx"), "--nodes"}).out, "GlobalAveragePool"));
  CHECK(has(bitwright({"inspect", world.path("cnn.onnx"), "--text"}).out, "= Conv("));
}

TEST_CASE("compare: a model against itself, and against one that is worse") {
  const World world;
  const Setting here{.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0};
  REQUIRE(
      bitwright({"quantize", "cnn.onnx", "--recipe", "weight-only(bits=4,block=16)", "-o", "four.onnx"}, here).code ==
      0);
  for (const char* other : {"cnn.onnx", "four.onnx"}) {
    const Outcome outcome =
        bitwright({"compare", "cnn.onnx", other, "--data", "data", "--latency-seconds", "0.05", "--json"}, here);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    const Json report = parse_json(outcome.out, "compare");
    const Json& accuracy = report["models"][0]["candidates"][0]["accuracy"];
    const bool same = other == std::string("cnn.onnx");
    CHECK((accuracy["metrics"][0]["difference"]["value"] == 0) == same);
    CHECK((accuracy["agreement"]["value"] == 1) == same);
    CHECK(report["models"][0]["recommended"]["candidate"].is_null());  // the user chose
  }
}

TEST_CASE("compare speaks of the two models by their names") {
  const World world;
  const Setting here{.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0};
  REQUIRE(
      bitwright({"quantize", "cnn.onnx", "--recipe", "weight-only(bits=4,block=16)", "-o", "four.onnx"}, here).code ==
      0);
  fs::create_directory(world / "other");
  fs::copy_file(world / "cnn.onnx", world / "other/cnn.onnx");
  const auto said = [&](const std::string& other) {
    const Outcome outcome =
        bitwright({"compare", "cnn.onnx", other, "--data", "data", "--latency-seconds", "0.05"}, here);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return outcome.out;
  };
  const std::string smaller = said("four.onnx");
  INFO(smaller);
  CHECK(has(smaller, "cnn and four: "));
  CHECK(has(smaller, "\n  cnn "));
  CHECK(has(smaller, "\n  four "));
  CHECK(has(smaller, "\nfour against cnn: "));
  CHECK(has(smaller, " the size ("));
  CHECK(!has(smaller, "Ship"));
  CHECK(!has(smaller, "float"));
  const std::string alike = said("other/cnn.onnx");
  CHECK(has(alike, "\nother/cnn.onnx against cnn.onnx: "));
  CHECK(has(alike, "of the same size"));
}

TEST_CASE("compare is a gate: limits that are missed are an error, after the result") {
  const World world;
  const Setting here{.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0};
  REQUIRE(bitwright({"quantize", "cnn.onnx", "--recipe", "fp16", "-o", "half.onnx"}, here).code == 0);
  const auto compared = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"compare", "cnn.onnx", "half.onnx", "--data", "data", "--latency-seconds", "0.05"});
    return bitwright(more, here);
  };
  const Outcome kept =
      compared({"--max-loss", "20%", "--max-latency-ratio", "1000", "--max-size-ratio", "0.9", "-o", "out"});
  INFO(kept.err);
  CHECK(kept.code == 0);
  const Json report = json_file(world / "out/report.json");
  CHECK(report["models"][0]["candidates"][0]["name"] == "half");
  for (const char* file : {"report.csv", "report.html", "manifest.json"}) CHECK(fs::exists(world / "out" / file));
  const Outcome missed = compared({"--max-latency-ratio", "0.001", "--max-size-ratio", "0.1"});
  INFO(missed.err);
  CHECK(missed.code == 5);
  CHECK(has(missed.out, "half against cnn: "));
  CHECK(has(missed.err, "bitwright: half.onnx: takes "));
  CHECK(has(missed.err, ", and at most 0.001 is allowed; has 0."));
  CHECK(has(missed.err, " of the size, and at most 0.1 is allowed"));
  const Outcome json = compared({"--max-size-ratio", "0.1", "--json"});
  CHECK(json.code == 5);
  CHECK(parse_json(json.out, "one document").contains("models"));  // the result, and not the error after it
  CHECK(compared({"-o", "half.onnx"}).code == 3);
}

TEST_CASE("two methods of a chain take different nodes, or are refused by name") {
  const World world;
  const Setting here{.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0};
  const Outcome refused = bitwright(
      {"quantize", "cnn.onnx", "--data", "data", "--recipe", "int8-static+int8-dynamic", "-o", "x.onnx"}, here);
  CHECK(refused.code == 2);
  CHECK(has(refused.err, "'int8-static' and 'int8-dynamic' would both take node 'y'"));
  CHECK(!fs::exists(world / "x.onnx"));
  const Outcome shared = bitwright({"quantize", "cnn.onnx", "--data", "data", "--recipe",
                                    "int8-static(keep_float=Gemm)+weight-only", "-o", "x.onnx"},
                                   here);
  INFO(shared.err);
  REQUIRE(shared.code == 0);
  CHECK(has(shared.out, "3 of 3 layers quantized"));
  const Outcome compared =
      bitwright({"compare", "cnn.onnx", "x.onnx", "--data", "data", "--latency-seconds", "0.05", "--json"}, here);
  INFO(compared.err);
  REQUIRE(compared.code == 0);
  CHECK(parse_json(compared.out, "compare")["models"][0]["candidates"][0]["accuracy"]["sqnr"]["value"] > 10);
}

TEST_CASE("methods, doctor and data check speak to people and to machines") {
  const World world;
  CHECK(has(bitwright({"methods"}).out, "ptq_4bit"));
  CHECK(has(bitwright({"methods"}).out, "keep_float leaves it to the other"));
  const Json methods = parse_json(bitwright({"methods", "--json"}).out, "methods");
  CHECK(methods["methods"].size() >= 5);
  CHECK(has(bitwright({"doctor"}).out, "onnxruntime"));
  const Json doctor = parse_json(bitwright({"doctor", "--json"}).out, "doctor");
  CHECK(doctor["runtimes"][0]["version"].is_string());
  std::set<dev_t> disks;
  for (const Json& disk : doctor["disks"]) {
    struct stat status{};
    REQUIRE(::stat(disk["paths"][0].get<std::string>().c_str(), &status) == 0);
    CHECK(disks.insert(status.st_dev).second);  // each disk once
    CHECK(disk["free_bytes"] > 0);
  }
  const std::vector<std::string> check{"data", "check", world.path("data"), "--model", world.path("cnn.onnx")};
  CHECK(has(bitwright(check).out, "guessed"));
  std::vector<std::string> for_machines = check;
  for_machines.emplace_back("--json");
  const Json data = parse_json(bitwright(for_machines).out, "data check");
  CHECK(data["inputs"][0]["name"] == "x");

  const std::vector<std::string> without_model{"data", "check", world.path("data"), "--json"};
  CHECK(bitwright(without_model).code == 3);  // labels and images: but what for?
  world.write_text("data/dataset.yaml", "version: 1\ninputs: {pictures: {from: x}}\n");
  const Outcome described = bitwright(without_model);
  INFO(described.err);
  REQUIRE(described.code == 0);
  CHECK(parse_json(described.out, "data check")["inputs"][0]["name"] == "pictures");
}

TEST_CASE("runs of an empty store") {
  const Outcome list = bitwright({"runs", "list"});
  CHECK(list.code == 0);
  CHECK(has(list.out, "No runs"));
  CHECK(parse_json(bitwright({"runs", "list", "--json"}).out, "runs list").empty());
}

TEST_CASE("wrong usage is exit code 2 and one line that helps") {
  const World world;
  struct Row {
    std::vector<std::string> words;
    std::string says;
  };
  const std::string model = world.path("cnn.onnx"), data = world.path("data");
  const std::vector<Row> rows{
      {{"bnech"}, "there is no command 'bnech'. Did you mean 'bench'? There are: bench, quantize, "},
      {{"bench"},
       "bitwright: MODEL is missing. Usage: bitwright bench MODEL... [FLAG...]. For example: bitwright bench "
       "MODEL.onnx --data FOLDER\n"},
      {{"bench", model},
       "no data to calibrate and measure on. Give a folder, a dataset.yaml or a data file: bitwright bench " + model +
           " --data FOLDER\n"},
      {{"compare", model, model}, model + " --data FOLDER\n"},
      {{"bench", model, "--data"}, "--data"},
      {{"bench", model, "--data", data, "--latency-seconds", "fast"}, "--latency-seconds is 'fast'"},
      {{"bench", model, "--data", data, "--latency-seconds", "0"}, "--latency-seconds is '0'"},
      {{"bench", model, "--data", data, "--methods", "int9-static"},
       "there is no method or group 'int9-static'. Did you mean 'int8-static'?"},
      {{"bench", model, "--data", data, "--methods", "fp16,ptq_8bti"}, "'ptq_8bti'. Did you mean 'ptq_8bit'?"},
      {{"bench", model, "--data", data, "--target", "onnxruntime-cup"}, "Did you mean 'onnxruntime-cpu'?"},
      {{"bench", model, "--data", data, "--evaluation-split", "sample"}, "split 'sample'. Did you mean 'samples'?"},
      {{"quantize", model, "--recipe", "fp61"}, "there is no method 'fp61'. Did you mean 'fp16'?"},
      {{"quantize", model, "--recipe", "int8-static(observer=mes)"}, "Did you mean 'mse'?"},
      {{"bench", model, "--metods", "all"}, "there is no flag '--metods'. Did you mean '--methods'? "},
      {{"bench", model, "--metods=all"}, "there is no flag '--metods'. Did you mean '--methods'? "},
      {{"bench", model, "-data", data}, "there is no flag '-data'. Did you mean '--data'? "},
      {{"bench", model, "--data", data, "--no-basline"}, "Did you mean '--no-baseline'? "},
      {{"--vresion"}, "there is no flag '--vresion'. Did you mean '--version'? "},
      {{"bench", "--data", data, "--data", data}, "--data is given 2 times"},
      {{"inspect", model, "twice"}, "'twice' is one too many. Usage: bitwright inspect MODEL [FLAG...]"},
      {{"bench", model, "--data", data, "--methods", ""}, "methods"},
      {{"bench", model, "--data", data, "--target", "toaster"}, "toaster"},
      {{"bench", model, "--data", data, "--threads", "-1"}, "threads"},
      {{"bench", model, "--data", data, "--seed", "x"}, "seed"},
      {{"bench", model, "--data", data, "--colour"}, "--colour"},
      {{"quantize", model}, "no data to calibrate on, which this recipe needs. "},
      {{"quantize", model, "--recipe", "int8-static(observer=magic)"}, "magic"},
      {{"quantize", model, "--recipe", "int8-static(observr=mse)"}, "'observr'. Did you mean 'observer'?"},
      {{"quantize", model, "--recipe", "int8-static(observer=mse"}, "int8-static"},
      {{"runs", "lits"}, "there is no command 'runs lits'. Did you mean 'runs list'? There are: runs list, "},
      {{"runs"}, "runs: no command is given. There are: runs list, "},
      {{"help", "bnech"}, "Did you mean 'bench'? "},
      {{"quantize", model, "--recipe", ""}, "recipe"},
      {{"runs", "show"},
       "ID is missing. Usage: bitwright runs show ID [FLAG...]. For example: bitwright runs show 3\n"},
      {{"runs", "show", "one"}, "one"},
  };
  for (const Row& row : rows) {
    std::string line;
    for (const std::string& word : row.words) line += " " + word;
    INFO(line);
    const Outcome outcome = bitwright(row.words);
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(has(outcome.err, row.says));
    CHECK(lines_of(outcome.err) == 1);
    CHECK(outcome.out == "");
  }
}

TEST_CASE("--json gives errors as JSON too, with the same exit code") {
  const Outcome outcome = bitwright({"inspect", "/nowhere.onnx", "--json"});
  CHECK(outcome.code == 3);
  const Json error = parse_json(outcome.out, "error")["error"];
  CHECK(error["kind"] == "InputError");
  CHECK(error["class"] == "path");
  CHECK(has(error["where"].get<std::string>(), "/nowhere.onnx"));
}

TEST_CASE("nothing but the program's name is wrong usage, answered by what there is to do") {
  const Outcome outcome = bitwright({});
  CHECK(outcome.code == 2);
  CHECK(outcome.out == "");
  CHECK(has(outcome.err, "\n  bench "));
  CHECK(has(outcome.err, "\nStart with: bitwright bench MODEL.onnx --data FOLDER\n"));
}

TEST_CASE("of --dry-run and --no-dry-run the last one counts") {
  const World world;
  const Setting here{.environment = {}, .folder = world.path(), .output = {}, .largest_file = 0};
  const std::vector<std::string> words{"quantize", "cnn.onnx", "--recipe", "fp16", "-o", "x.onnx"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), words.begin(), words.end());
    return bitwright(more, here).code;
  };
  REQUIRE(with({"--no-dry-run", "--dry-run"}) == 0);
  CHECK(!fs::exists(world / "x.onnx"));
  REQUIRE(with({"--dry-run", "--no-dry-run"}) == 0);
  CHECK(fs::exists(world / "x.onnx"));
}

TEST_CASE("help is on standard output and complete") {
  const Outcome all = bitwright({"--help"});
  CHECK(all.code == 0);
  for (const char* command : {"bench", "quantize", "inspect", "compare", "apply", "methods", "doctor", "runs", "data"})
    CHECK(has(all.out, command));
  CHECK(!has(all.out, "worker"));
  const Outcome bench = bitwright({"bench", "--help"});
  CHECK(bench.code == 0);
  for (const char* flag :
       {"--data", "--output", "--threads", "--seed", "--json", "--quiet", "--resume", "--accuracy-threshold"})
    CHECK(has(bench.out, flag));
  CHECK(!has(bench.out, "--unchecked"));
  CHECK(has(bench.out, "\nWhat is required\n  --accuracy-threshold RATIO"));
  CHECK(has(bench.out, "  --no-baseline "));
  CHECK(has(bench.out, "  -o, --output FOLDER "));
  CHECK(bitwright({"help", "bench"}).out == bench.out);
  CHECK(bitwright({"help"}).out == all.out);
  CHECK(bitwright({"help", "runs", "list"}).out == bitwright({"runs", "list", "-h"}).out);
  CHECK(has(bitwright({"help", "runs"}).out, "\n  runs list "));
  CHECK(bitwright({"--version"}).code == 0);
}

}  // namespace bw::test
