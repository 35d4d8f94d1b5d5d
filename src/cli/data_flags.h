// Flags about data that several commands share.
#pragma once

#include <fmt/format.h>

#include <string>

#include "base/error.h"
#include "cli/command.h"
#include "cli/headings.h"
#include "data/dataset.h"

namespace bw {

inline constexpr Parameter kDataFlag{.name = "data",
                                     .type = Parameter::Type::Text,
                                     .standard = "",
                                     .says = "folder, dataset.yaml or data file",
                                     .takes = "PATH",
                                     .heading = kDataHeading};
inline constexpr Parameter kDataRootFlag{.name = "data_root",
                                         .type = Parameter::Type::Text,
                                         .standard = "",
                                         .says = "folder that the paths in dataset.yaml are relative to",
                                         .takes = "FOLDER",
                                         .heading = kDataHeading};
inline constexpr Parameter kCalibrationSplitFlag{.name = "calibration_split",
                                                 .type = Parameter::Type::Text,
                                                 .standard = "",
                                                 .says = "split to calibrate on",
                                                 .takes = "NAME",
                                                 .heading = kDataHeading};
inline constexpr Parameter kEvaluationSplitFlag{.name = "evaluation_split",
                                                .type = Parameter::Type::Text,
                                                .standard = "",
                                                .says = "split to measure accuracy on",
                                                .takes = "NAME",
                                                .heading = kDataHeading};
inline constexpr Parameter kCalibrationSamplesFlag{.name = "calibration_samples",
                                                   .type = Parameter::Type::Integer,
                                                   .standard = "1000",
                                                   .says = "samples to calibrate on",
                                                   .low = 1,
                                                   .high = 1e9,
                                                   .heading = kDataHeading};
inline constexpr Parameter kBalancedFlag{.name = "balanced",
                                         .type = Parameter::Type::Flag,
                                         .standard = "no",
                                         .says = "take as many samples of each class where not all are taken",
                                         .heading = kDataHeading};
inline constexpr Parameter kEvalCommandFlag{
    .name = "eval_command",
    .type = Parameter::Type::Text,
    .standard = "",
    .says = "your own metric: a command that gets a model's path and prints a number",
    .takes = "CMD",
    .heading = kMeasuringHeading};
inline constexpr Parameter kTargetFlag{.name = "target",
                                       .type = Parameter::Type::Text,
                                       .standard = "onnxruntime-cpu",
                                       .says = "where it will run",
                                       .takes = "TARGET",
                                       .heading = kMakingHeading};

// The data's path. UsageError without one, with the line that would do.
inline const std::string& data_to(std::string_view purpose, const Invocation& invocation) {
  const std::string& path = invocation.flags.text("data");
  if (path.empty())
    throw Error(ErrorKind::Usage, fmt::format("no data to {}", purpose), "",
                fmt::format("Give a folder, a dataset.yaml or a data file: {} --data FOLDER", invocation.line));
  return path;
}

inline OpenOptions open_options(const Invocation& invocation) {
  OpenOptions options;
  options.calibration = invocation.flags.text("calibration_split");
  options.evaluation = invocation.flags.text("evaluation_split");
  options.data_root = invocation.flags.text("data_root");
  options.seed = invocation.seed;
  return options;
}

}  // namespace bw
