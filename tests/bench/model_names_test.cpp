#include "bench/model_names.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "base/error.h"

namespace bw::test {

using Names = std::vector<std::string>;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("models of one name are told apart by the folders above them, and others keep theirs", "[names]") {
  CHECK(model_names({"/m/cnn.onnx", "/m/mlp.onnx"}) == Names{"cnn", "mlp"});
  CHECK(model_names({"/m/a/model.onnx", "/m/b/model.onnx", "/m/mlp.onnx"}) == Names{"a-model", "b-model", "mlp"});
  CHECK(model_names({"/m/a/x/model.onnx", "/m/b/x/model.onnx", "/m/b/y/model.onnx"}) ==
        Names{"a-x-model", "b-x-model", "y-model"});
  CHECK(model_names({"/model.onnx", "/m/model.onnx"}) == Names{"model", "m-model"});
  CHECK(model_names({"/m/a-model.onnx", "/a/model.onnx", "/b/model.onnx"}) == Names{"m-a-model", "a-model", "b-model"});
}

TEST_CASE("models that nothing tells apart are refused", "[names]") {
  CHECK_THROWS_WITH(model_names({"/m/a.onnx", "/m/../m/a.onnx"}), ContainsSubstring("the model is given twice"));
  CHECK_THROWS_WITH(model_names({"/m/a.onnx", "/m/a.onx"}), ContainsSubstring("called 'm-a' too"));
}

}  // namespace bw::test
