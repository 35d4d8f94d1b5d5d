#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "plan/plan.h"
#include "tensor/convert.h"

using namespace bw;
using Floats = std::vector<float>;

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
  plan.nodes["conv"] = {.compute = Precision::Integer, .reason = "", .operands = {{1, channels}}};
  QParams blocks{.scheme = {.code = DType::UInt4,
                            .granularity = Granularity::Block,
                            .axis = 0,
                            .block_size = 16,
                            .rounding = Rounding::ReciprocalHalfAway},
                 .scales = {0.5f},
                 .zero_points = {8}};
  plan.nodes["product"] = {.compute = Precision::Float32, .reason = "", .operands = {{1, std::move(blocks)}}};
  plan.nodes["norm"] = {.compute = Precision::Float32, .reason = "no kernel", .operands = {}};
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
  plan.edits = {ReplaceConstant{"w", Tensor::of<float>({2, 3}, {1, -2, 3, 4.5f, 5, 6})},
                ReplaceConstant{"n", Tensor::of<std::int64_t>({1}, {7})}};
  for (const DType dtype : {DType::Bool, DType::Float16, DType::BFloat16, DType::Float8E4M3FN, DType::Float8E8M0,
                            DType::UInt4, DType::Int4, DType::UInt2, DType::Float64})
    plan.edits.push_back(AddConstant{std::string(name_of(dtype)), cast(Tensor::of<float>({3}, {1, 0, 1}), dtype)});
  write_plan(plan, file);
  const Plan back = read_plan(file);
  CHECK(back.edits == plan.edits);
  const std::string text = read_file(file), packed = "\"type\": \"uint4\"";
  REQUIRE(text.find(packed) != text.npos);
  write_file(file, std::string(text).replace(text.find(packed), packed.size(), "\"type\": \"bfloat16\""));
  try {
    read_plan(file);
    FAIL("read");
  } catch (const Error& error) {  // two bytes are no three numbers
    CHECK(error.input_class() == InputClass::Format);
  }
  CHECK(back.nodes.at("conv").operands.at(1).scales == plan.nodes.at("conv").operands.at(1).scales);
}

TEST_CASE("every edit comes back from its file, in order") {
  const fs::path file = fresh_folder("bw_plan_edits") / "plan.json";
  Plan plan;
  plan.edits = {ScaleConstant{"w", 1, Floats(20, 0.1f)},
                RemoveChannels{"w", 0, {0, 5, 7}},
                CopyConstant{"n", 2, "w of n"},
                InsertNode{"new",
                           {.op_type = "Mul",
                            .domain = "d",
                            .inputs = {"a", "", "b"},
                            .attributes = {{"i", std::int64_t{3}},
                                           {"f", 0.1f},
                                           {"s", "text"},
                                           {"is", std::vector<std::int64_t>{1, 2}},
                                           {"fs", Floats{1, 0.1f}},
                                           {"ss", std::vector<std::string>{"a", ""}}}},
                           "out",
                           "a",
                           {"n", "m"}},
                RewriteNode{"n", {.op_type = "Relu", .domain = "", .inputs = {}, .attributes = {}}},
                ScaleConstant{"w", 0, {}}};
  write_plan(plan, file);
  CHECK(read_plan(file).edits == plan.edits);
}

TEST_CASE("codes, codebooks, zero points of floats and nested scales come back from their file") {
  const fs::path file = fresh_folder("bw_plan_operands") / "plan.json";
  QParams params{.scheme = {.code = DType::UInt4, .granularity = Granularity::Block, .axis = 1, .block_size = 16},
                 .scales = {},
                 .zero_points = Floats(20, 7.5f)};
  params.scheme.zero_point = DType::Float16;
  params.scheme.bits = 3;
  params.codebook = Floats(16, 0.1f);
  params.biases = Floats(20, 0.3f);
  params.codes = cast(Tensor::of<float>({1, 5}, {1, 2, 3, 4, 15}), DType::UInt4);
  NestedScales nested{.params = {.scheme = {.code = DType::Float8E4M3FN}, .scales = {0.5f}, .zero_points = {}},
                      .offset = 0.1f,
                      .rows = 2};
  nested.params.scheme.scale = DType::BFloat16;
  nested.params.codes = cast(Tensor::of<float>({2}, {1, 2}), DType::Float8E4M3FN);
  params.nested = std::make_shared<const NestedScales>(nested);
  params.scales = {0.6f, 1.1f};
  Plan plan;
  plan.nodes["n"].operands[1] = params;
  write_plan(plan, file);
  CHECK(read_plan(file).nodes.at("n").operands.at(1) == params);
  params.codes = cast(Tensor::of<float>({1, 5}, {1, 2, 3, 4, 14}), DType::UInt4);
  CHECK_FALSE(read_plan(file).nodes.at("n").operands.at(1) == params);
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
  CHECK(with("\"symmetric\"", "\"bits\": 7, \"symmetric\"") == InputClass::None);
  CHECK(with("\"symmetric\"", "\"bits\": 8, \"symmetric\"") == InputClass::Format);
  CHECK(with("\"symmetric\"", "\"bits\": 1, \"symmetric\"") == InputClass::Format);
  CHECK(with("\"operands\": {}", "\"operands\": []") == InputClass::Format);
  CHECK(with("\"edits\": []", "\"edits\": {}") == InputClass::Format);
  CHECK(with("\"edits\": []", "\"edits\": [{\"edit\": \"mend\"}]") == InputClass::Format);
  CHECK(with("\"edits\": []", "\"edits\": [{\"edit\": \"copy\", \"node\": \"n\", \"input\": 1}]") ==
        InputClass::Format);
  CHECK(with("\"edits\": []", "\"edits\": [{\"edit\": \"add\", \"name\": \"n\", \"content\": {\"npz\": \"9\"}}]") ==
        InputClass::Format);
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
