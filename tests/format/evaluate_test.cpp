// The interpreter (graph/evaluate) against the right answers that come with the onnx package's test models. It stands
// here because models and answers need the reader.
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <filesystem>
#include <map>

#include "base/error.h"
#include "format/onnx/proto.h"
#include "graph/evaluate.h"
#include "tensor/convert.h"

namespace bw {
namespace {

std::optional<Tensor> tensor_in(const fs::path& file) {
  onnx::pb::TensorProto proto;
  if (!fs::exists(file) || !proto.ParseFromString(read_file(file)) || proto.data_type() == 0) return std::nullopt;
  try {
    return onnx::TensorReader(file.parent_path(), {}).read(proto);
  } catch (const Error&) {
    return std::nullopt;  // a sequence or an optional: its bytes may look like a tensor's
  }
}

// Relative 1e-3 and absolute 1e-5, as the package's own runner compares; 16-bit floats may be off by a step or two, as
// every operator rounds. Integers must be equal.
double tolerance(DType dtype) {
  return dtype == DType::BFloat16 ? 0x1p-6 : dtype == DType::Float16 ? 0x1p-9 : 1e-3;
}

// What ONNX leaves open: a float outside the range of a small integer, and NaN where a type has none.
bool is_left_open(const std::string& name) {
  const std::size_t to = name.find("_to_");
  if (!name.starts_with("test_cast") || to == name.npos || name.find("FLOAT") > to) return false;
  const std::string target = name.substr(to + 4);
  return target.starts_with("INT4") || target.starts_with("UINT4") || target.starts_with("INT2") ||
         target.starts_with("UINT2") || target.starts_with("FLOAT4E2M1");
}

std::string difference(const Tensor& ours, const Tensor& right) {
  if (ours.dtype() != right.dtype())
    return "dtype " + std::string(name_of(ours.dtype())) + " is not " + std::string(name_of(right.dtype()));
  if (ours.shape() != right.shape()) return "shape " + to_string(ours.shape()) + " is not " + to_string(right.shape());
  if (ours.dtype() == DType::String) return ours == right ? "" : "strings differ";
  if (info(ours.dtype()).is_integer) return ours == right ? "" : "integers differ";
  const std::vector<double> a = to_doubles(ours), b = to_doubles(right);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool same = a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])) ||
                      std::fabs(a[i] - b[i]) <= 1e-5 + tolerance(ours.dtype()) * std::fabs(b[i]);
    if (!same) return "element " + std::to_string(i) + ": " + std::to_string(a[i]) + " is not " + std::to_string(b[i]);
  }
  return "";
}

struct Tally {
  int right = 0, without_answer = 0;
  std::map<std::string, int> left_out;  // by reason
  std::vector<std::string> wrong;
};

// The operator in "node 'NAME' (OPERATOR)"; "opset" when the reader refused the file.
std::string reason(const Error& error) {
  const std::size_t open = error.where().rfind('(');
  return open == std::string::npos ? "opset" : error.where().substr(open + 1, error.where().rfind(')') - open - 1);
}

void try_case(const fs::path& place, Tally& tally) {
  const std::string name = place.filename();
  try {
    const Graph graph = onnx::read(place / "model.onnx");
    std::map<std::string, Tensor> inputs;
    for (std::size_t k = 0; k < graph.inputs.size(); ++k)
      if (const auto tensor = tensor_in(place / ("input_" + std::to_string(k) + ".pb")))
        inputs[graph.value(graph.inputs[k]).name] = *tensor;
    std::vector<std::optional<Tensor>> answers;
    for (std::size_t k = 0; k < graph.outputs.size(); ++k)
      answers.push_back(tensor_in(place / ("output_" + std::to_string(k) + ".pb")));
    if (inputs.size() < graph.inputs.size() ||
        std::find(answers.begin(), answers.end(), std::nullopt) != answers.end()) {
      ++tally.without_answer;
      return;
    }
    const std::vector<Tensor> outputs = evaluate(graph, inputs);
    for (std::size_t k = 0; k < outputs.size(); ++k)
      if (const std::string what = difference(outputs[k], *answers[k]); !what.empty()) {
        tally.wrong.push_back(name + ", output " + std::to_string(k) + ": " + what);
        return;
      }
    ++tally.right;
  } catch (const Error& error) {
    if (error.input_class() == InputClass::Unsupported)
      ++tally.left_out[reason(error)];
    else
      tally.wrong.push_back(name + ": " + error.what());
  }
}

TEST_CASE("the interpreter gives the right answers of the onnx test models", "[evaluate]") {
  if (!fs::exists(BW_CORPUS)) SKIP("no test models: run deps/fetch test");
  Tally tally;
  for (const fs::directory_entry& entry : fs::directory_iterator(BW_CORPUS))
    if (const std::string name = entry.path().filename(); name.starts_with("test_") && !is_left_open(name))
      try_case(entry.path(), tally);
  std::string summary = std::to_string(tally.right) + " right, " + std::to_string(tally.without_answer) +
                        " without answers; not interpreted:";
  for (const auto& [reason, count] : tally.left_out) summary += " " + reason + " " + std::to_string(count);
  for (const std::string& line : tally.wrong) summary += "\n" + line;
  INFO(summary);
  if (std::getenv("BW_SHOW_EVALUATE")) WARN(summary);
  CHECK(tally.wrong.empty());
  CHECK(tally.right > 1000);
}

}  // namespace
}  // namespace bw
