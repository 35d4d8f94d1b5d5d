// The table of element types, which a script makes by asking the runtime.
#include <catch2/catch_test_macros.hpp>

#include "target/target.h"

using namespace bw;

namespace {

bool takes(const char* op, DType dtype, Operand operand, std::int64_t opset, const char* attribute = nullptr) {
  Node node;
  node.op_type = op;
  if (attribute != nullptr) node.set(attribute, std::int64_t{1});
  return target_named("cpu").takes(dtype, node, operand, opset);
}

constexpr Operand kIn{Operand::Side::In, 0}, kOut{Operand::Side::Out, 0};

}  // namespace

TEST_CASE("operands take what their type parameter takes") {
  CHECK(takes("MatMul", DType::Float16, kIn, 17));
  CHECK_FALSE(takes("MatMul", DType::UInt8, kIn, 17));
  CHECK(takes("Slice", DType::UInt8, kOut, 17));
  CHECK(takes("LayerNormalization", DType::Float16, kOut, 17));
  CHECK_FALSE(takes("LayerNormalization", DType::Float16, {Operand::Side::Out, 1}, 17));
  CHECK(takes("LayerNormalization", DType::Float32, {Operand::Side::Out, 1}, 17));
  CHECK_FALSE(takes("Range", DType::Float16, kIn, 17));
  CHECK_FALSE(takes("Gather", DType::Float16, {Operand::Side::In, 1}, 17));  // no floats
  CHECK_FALSE(takes("Resize", DType::Float16, {Operand::Side::In, 2}, 17));  // float32 alone
  CHECK(takes("Resize", DType::Float32, {Operand::Side::In, 2}, 17));
  CHECK(takes("Concat", DType::Float16, {Operand::Side::In, 7}, 17));  // the last holds for all that follow
}

TEST_CASE("versions of an operator differ") {
  CHECK_FALSE(takes("CumSum", DType::Float16, kIn, 13));
  CHECK(takes("CumSum", DType::Float16, kIn, 14));
  CHECK(takes("CumSum", DType::Float16, kIn, 99));
}

TEST_CASE("an attribute may leave float32 alone") {
  CHECK(takes("ScatterND", DType::Float16, kIn, 18));
  CHECK_FALSE(takes("ScatterND", DType::Float16, kIn, 18, "reduction"));
  CHECK(takes("ScatterND", DType::Float32, kIn, 18, "reduction"));
}

TEST_CASE("of what is not in the table nothing is taken") {
  CHECK_FALSE(takes("NoSuchOperator", DType::Float32, kIn, 17));
  Node node;
  node.op_type = "Add";
  node.domain = "com.example";
  CHECK_FALSE(target_named("cpu").takes(DType::Float16, node, kIn, 17));
}

TEST_CASE("every row can be read: each operand is float32 by its types, or no float at all") {
  for (const ElementTypes& row : target_named("cpu").element_types) {
    INFO(row.op << " " << row.since);
    CHECK(row.types.find("float32") != std::string_view::npos);
    for (const auto& [side, names] : {std::pair{Operand::Side::In, row.inputs}, {Operand::Side::Out, row.outputs}}) {
      std::size_t position = 0, at = 0;
      while (at < names.size()) {
        const std::size_t end = std::min(names.find(' ', at), names.size());
        const bool no_float = names.substr(at, end - at) == "-";
        CHECK(takes(std::string(row.op).c_str(), DType::Float32, {side, position}, row.since) == !no_float);
        ++position;
        at = end + 1;
      }
    }
  }
}
