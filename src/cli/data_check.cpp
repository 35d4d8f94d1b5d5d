// bitwright data check: a few decoded samples of a dataset and their statistics.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/catalog.h"
#include "cli/data_flags.h"
#include "data/check.h"
#include "format/onnx/onnx.h"

namespace bw {
namespace {

constexpr Positional kPositionals[] = {{.name = "DATA", .says = "folder, dataset.yaml or data file", .many = false, .optional = false}};
constexpr Parameter kFlags[] = {
    {.name = "model", .type = Parameter::Type::Text, .standard = "", .says = "the model that the samples are for", .low = 0, .high = 0, .choices = ""},
    kDataRootFlag,
    kCalibrationSplitFlag,
    kEvaluationSplitFlag,
    {.name = "show", .type = Parameter::Type::Integer, .standard = "3", .says = "how many samples to show", .low = 0, .high = 1000, .choices = ""},
    {.name = "samples", .type = Parameter::Type::Integer, .standard = "1000", .says = "how many samples of each split to decode", .low = 1, .high = 1e9, .choices = ""},
};

std::vector<InputSignature> inputs_of(const std::string& model) {
  return model.empty() ? std::vector<InputSignature>{} : input_signatures(onnx::read(model));
}

// Some data can be opened only together with the inputs that it is to fill. A fault of the files themselves is told as it is.
Dataset opened(const Invocation& invocation) {
  const std::string& model = invocation.flags.text("model");
  try {
    return open_dataset(invocation.the("DATA"), inputs_of(model), open_options(invocation));
  } catch (const Error& error) {
    const InputClass fault = error.input_class();
    if (!model.empty() || fault == InputClass::Format || fault == InputClass::Path || fault == InputClass::Limit) throw;
    throw Error(ErrorKind::Usage, "samples of this data can be made for a model's inputs only", invocation.the("DATA"),
                "Name the model with --model MODEL.onnx");
  }
}

int run(const Invocation& invocation) {
  const Dataset dataset = opened(invocation);
  const DataCheck check = check_dataset(dataset, static_cast<std::size_t>(invocation.flags.integer("show")),
                                        static_cast<std::size_t>(invocation.flags.integer("samples")));
  std::fputs((invocation.json ? to_text(to_json(check)) : to_text(check)).c_str(), stdout);
  return 0;
}

}  // namespace

Command data_check_command() {
  return {.name = "data check", .says = "show a few samples of a dataset and their statistics", .positionals = kPositionals, .flags = kFlags, .run = run};
}

}  // namespace bw
