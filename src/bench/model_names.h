// What the models of one run are called: in its folder, in its report and in messages.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace bw {

// File names without extension; where several are the same, with as many folders before them as tell them apart:
// "a/model.onnx" and "b/model.onnx" are "a-model" and "b-model". UsageError for a file that is given twice.
std::vector<std::string> model_names(const std::vector<std::filesystem::path>& models);

}  // namespace bw
