#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "plan/plan.h"

using namespace bw;

namespace {

Plan sample_plan() {
  Plan plan;
  plan.base = {.graph = "abc", .requantized = true, .preparation = {"densify 1", "fold-shapes 2"}};
  plan.target = "t";
  plan.lowering = {{"form", "qdq"}};
  plan.notes = {"a note"};
  plan.provenance = {.bitwright = "0", .recipe = "int8-static", .data_hash = "d", .samples = 7, .seed = 1};
  QParams channels{.scheme = {.code = DType::Int8, .granularity = Granularity::Channel, .axis = 1, .symmetric = true},
                   .scales = {},
                   .zero_points = {}};
  for (int i = 0; i < 40; ++i) channels.scales.push_back(1.0f / static_cast<float>(3 + i));
  channels.zero_points.assign(40, 0);
  plan.nodes["conv"] = {.precision = Precision::Integer, .reason = "", .operands = {{1, channels}}};
  QParams blocks{.scheme = {.code = DType::UInt4,
                            .granularity = Granularity::Block,
                            .axis = 0,
                            .block_size = 16,
                            .rounding = Rounding::ReciprocalHalfAway},
                 .scales = {0.5f},
                 .zero_points = {8}};
  plan.nodes["product"] = {.precision = Precision::WeightOnly, .reason = "", .operands = {{1, std::move(blocks)}}};
  plan.nodes["norm"] = {.precision = Precision::Float32, .reason = "no kernel", .operands = {}};
  plan.values["x"] = {.scheme = {.code = DType::UInt8}, .scales = {0.1f}, .zero_points = {3}};
  return plan;
}

fs::path fresh_folder(const char* name) {
  const fs::path folder = fs::temp_directory_path() / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

}  // namespace

TEST_CASE("a plan comes back from its file as it was") {
  const fs::path file = fresh_folder("bw_plan_file") / "plan.json";
  const Plan plan = sample_plan();
  write_plan(plan, file);
  const Plan back = read_plan(file);
  CHECK(back.base == plan.base);
  CHECK(back.target == "t");
  CHECK(back.lowering == plan.lowering);
  CHECK(back.nodes.at("conv").operands.at(1).scales == plan.nodes.at("conv").operands.at(1).scales);
  CHECK(back.nodes.at("conv").operands.at(1).scheme == plan.nodes.at("conv").operands.at(1).scheme);
  CHECK(back.nodes.at("product").operands.at(1).scheme == plan.nodes.at("product").operands.at(1).scheme);
  CHECK(back.nodes.at("norm").reason == "no kernel");
  CHECK(back.values.at("x").zero_points == plan.values.at("x").zero_points);
  CHECK(back.provenance.samples == 7);
  CHECK(fs::exists(file.parent_path() / "plan.npz"));  // forty scales are too many for the JSON

  write_plan(back, file.parent_path() / "again.json");
  CHECK(read_file(file.parent_path() / "again.json") == read_file(file));
  CHECK(read_file(file.parent_path() / "again.npz") == read_file(file.parent_path() / "plan.npz"));
}

TEST_CASE("constants of a plan come back from its file, whatever their type") {
  const fs::path file = fresh_folder("bw_plan_constants") / "plan.json";
  Plan plan = sample_plan();
  plan.replaced["w"] = Tensor::of<float>({2, 3}, {1, -2, 3, 4.5f, 5, 6});
  plan.replaced["n"] = Tensor::of<std::int64_t>({1}, {7});
  write_plan(plan, file);
  const Plan back = read_plan(file);
  REQUIRE(back.replaced.size() == 2);
  for (const auto& [name, tensor] : plan.replaced) {
    CHECK(back.replaced.at(name).dtype() == tensor.dtype());
    CHECK(back.replaced.at(name).shape() == tensor.shape());
    CHECK(std::ranges::equal(back.replaced.at(name).bytes(), tensor.bytes()));
  }
  CHECK(back.nodes.at("conv").operands.at(1).scales == plan.nodes.at("conv").operands.at(1).scales);
}

TEST_CASE("unknown fields and newer versions are refused") {
  const fs::path file = fresh_folder("bw_plan_bad") / "plan.json";
  write_plan(sample_plan(), file);
  const std::string text = read_file(file);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    write_file(file, changed);
    try {
      read_plan(file);
      return InputClass::None;
    } catch (const Error& error) {
      return error.input_class();
    }
  };
  CHECK(with("\"version\": 2", "\"version\": 3") == InputClass::Unsupported);
  CHECK(with("\"lowering\"", "\"lowring\"") == InputClass::Format);
  CHECK(with("\"symmetric\"", "\"extra\": 1, \"symmetric\"") == InputClass::Format);
  CHECK(with("\"int8\"", "\"int9\"") == InputClass::Format);
  CHECK(with("half-to-even", "half-to-odd") == InputClass::Format);
  CHECK(with("\"operands\": {}", "\"operands\": []") == InputClass::Format);
}

TEST_CASE("numbers that are not what the field holds are refused, and the place is said") {
  const fs::path file = fresh_folder("bw_plan_numbers") / "plan.json";
  write_plan(sample_plan(), file);
  const std::string text = read_file(file);
  const auto refusal = [&](const std::string& from, const std::string& to) {
    INFO(from);
    REQUIRE(text.find(from) != text.npos);
    write_file(file, std::string(text).replace(text.find(from), from.size(), to));
    try {
      read_plan(file);
      return std::string("none");
    } catch (const Error& error) {
      CHECK(error.input_class() == InputClass::Format);
      return std::string(error.what());
    }
  };
  struct Row {
    std::string from, to, place;
  };
  for (const auto& [from, to, place] :
       {Row{"\"axis\": 1", "\"axis\": 1.5", "node 'conv': operand 1: field 'axis'"},
        Row{"\"axis\": 1", "\"axis\": 4294967297", "'axis'"}, Row{"\"axis\": 1", "\"axis\": true", "'axis'"},
        Row{"\"samples\": 7", "\"samples\": -7", "provenance: field 'samples'"},
        Row{"\"version\": 2", "\"version\": 2.2", "'version'"},
        Row{"3\n", "3.7\n", "value 'x': field 'zero_points[0]'"},
        Row{"0.10000000149011612", "1e300", "value 'x': field 'scales[0]'"}})
    CHECK(refusal(from, to).find(place) != std::string::npos);
}
