// `bitwright data check`: what a person wants to see of a dataset before trusting figures made from it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace bw {

struct InputStatistics {
  std::string name;
  DType dtype = DType::Undefined;
  Shape smallest, largest;  // per axis, over the samples seen
  double min = 0, max = 0, mean = 0, std = 0;
  std::vector<double> channel_mean, channel_std;  // along axis 0 when every sample has the same 1 to 4 channels there
};

struct SampleView {
  std::string id;
  std::string label;                // "3 (cat)"; "" without labels
  std::vector<std::string> inputs;  // one line each: name, dtype, shape, first values
  std::string picture;              // an image input as lines of characters; "" otherwise
};

struct DataCheck {
  std::vector<SampleView> samples;
  std::vector<InputStatistics> inputs;
  std::map<std::string, std::size_t> labels;  // label -> how many evaluation samples; classification only
  std::size_t calibration_samples = 0, evaluation_samples = 0, seen = 0;
  std::size_t repeated =
      0;  // evaluation samples among those seen whose inputs also stand in the calibration samples seen
  std::vector<std::string> guesses;
};

// Decodes up to `limit` samples of each of the two splits; the first `show` of evaluation are described.
// Errors are those of the samples: unreadable files, values that are not finite.
DataCheck check_dataset(const Dataset& dataset, std::size_t show = 3, std::size_t limit = 1000);
std::string to_text(const DataCheck& check);  // for people
Json to_json(const DataCheck& check);

}  // namespace bw
