// bitwright data check: a few decoded samples of a dataset and their statistics.

#include <nlohmann/json.hpp>

#include "cli/catalog.h"
#include "cli/data_flags.h"
#include "cli/output.h"
#include "data/check.h"
#include "format/format.h"

namespace bw {
namespace {

constexpr Positional kPositionals[] = {
    {.name = "DATA", .says = "folder, dataset.yaml or data file", .many = false, .optional = false}};
constexpr Parameter kFlags[] = {
    {.name = "model",
     .type = Parameter::Type::Text,
     .standard = "",
     .says = "the model that the samples are for, where dataset.yaml does not name the inputs",
     .takes = "FILE",
     .heading = kDataHeading},
    kDataRootFlag,
    kCalibrationSplitFlag,
    kEvaluationSplitFlag,
    {.name = "show",
     .type = Parameter::Type::Integer,
     .standard = "3",
     .says = "how many samples to show",
     .low = 0,
     .high = 1000,
     .choices = "",
     .heading = kResultHeading},
    {.name = "samples",
     .type = Parameter::Type::Integer,
     .standard = "1000",
     .says = "how many samples of each split to decode",
     .low = 1,
     .high = 1e9,
     .choices = "",
     .heading = kDataHeading},
};

Dataset opened(const Invocation& invocation) {
  const std::string &data = invocation.the("DATA"), &model = invocation.flags.text("model");
  if (model.empty()) return open_dataset(data, std::nullopt, open_options(invocation));
  const Graph graph = read_model(model);
  OpenOptions options = open_options(invocation);
  options.outputs = output_signatures(graph);
  return open_dataset(data, input_signatures(graph), options);
}

int run(const Invocation& invocation) {
  const Dataset dataset = opened(invocation);
  const DataCheck check = check_dataset(dataset, static_cast<std::size_t>(invocation.flags.integer("show")),
                                        static_cast<std::size_t>(invocation.flags.integer("samples")));
  put(invocation.json ? to_text(to_json(check)) : to_text(check));
  return 0;
}

}  // namespace

Command data_check_command() {
  return {.name = "data check",
          .says = "show a few samples of a dataset and their statistics",
          .positionals = kPositionals,
          .flags = kFlags,
          .run = run,
          .example = "bitwright data check FOLDER --model MODEL.onnx"};
}

}  // namespace bw
