// Plans of every version that was ever released open, and give the same bytes for ever (tests/oracle/plans.py).
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "folder.h"
#include "format/onnx/onnx.h"
#include "model/model.h"
#include "target/target.h"

using namespace bw;

namespace {

const fs::path kGolden = BW_GOLDEN;

std::vector<fs::path> versions() {
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(kGolden / "plan")) found.push_back(entry.path());
  return found;
}

}  // namespace

TEST_CASE("golden plans of every version are applied to the same bytes", "[plans]") {
  const test::Folder folder;
  bool of_this_version = false;
  for (const fs::path& version : versions()) {
    of_this_version |= version.filename() == "version-" + std::to_string(Plan::kVersion);
    const Json plans = parse_json(read_file(version / "plans.json"), "plans.json");
    CHECK(plans.size() >= 8);
    for (const auto& [name, entry] : plans.items()) {
      INFO(version.filename().string() << ": " << name);
      const Plan plan = read_plan(version / (name + ".json"));
      const LoadedModel model = load_model_for(kGolden / entry.at("model").get<std::string>(), plan.base);
      onnx::write(built(model.prepared, plan).graph, folder.path() / "applied.onnx");
      CHECK(sha256_of_file(folder.path() / "applied.onnx") == entry.at("sha256").get<std::string>());
    }
  }
  CHECK(of_this_version);
}

TEST_CASE("a plan that is cut short, or whose arrays are not there, is refused", "[plans]") {
  const test::Folder folder;
  const fs::path golden = kGolden / "plan/version-2";
  const auto refusal = [&](const std::string& json, const std::string& npz) {
    write_file(folder.path() / "plan.json", json);
    fs::remove(folder.path() / "plan.npz");
    if (!npz.empty()) write_file(folder.path() / "plan.npz", npz);
    try {
      read_plan(folder.path() / "plan.json");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::Input);
      return true;
    }
    return false;
  };
  const std::string json = read_file(golden / "by-hand.json"), npz = read_file(golden / "by-hand.npz");
  CHECK_FALSE(refusal(json, npz));
  CHECK(refusal(json, ""));
  CHECK(refusal(json.substr(0, json.size() / 2), npz));
  for (std::size_t length = 1; length < npz.size(); length += 97) CHECK(refusal(json, npz.substr(0, length)));
}
