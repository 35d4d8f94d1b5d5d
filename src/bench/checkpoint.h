// What a run has finished, kept in its output folder, so that --resume goes on after a kill or Ctrl-C instead of
// measuring again. A step's result is used again only when everything that it came from is the same.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "measure/evaluate.h"
#include "measure/latency.h"
#include "observe/calibrate.h"

namespace bw {

// The versions of the program and of the runtimes that it finds: "bitwright 0.1.0 onnxruntime 1.31.1".
std::string versions();

class Checkpoint {
 public:
  Checkpoint() = default;  // keeps nothing
  // Without `resume`, results of an earlier run in the folder are thrown away. Those that were made with other versions
  // are not used.
  Checkpoint(std::filesystem::path folder, bool resume, std::string made_with = versions());

  // `key`: text that names everything that the result depends on. Kept whole or not at all, before this returns.
  Calibration calibration(std::string_view key, const std::function<Calibration()>& compute);
  Evaluation evaluation(std::string_view key, const std::function<Evaluation()>& compute);
  Visit visit(std::string_view key, const std::function<Visit()>& compute);
  Figure figure(std::string_view key, const std::function<Figure()>& compute);

  void clear();  // the run is complete: nothing to resume

 private:
  template <class T>
  T step(std::string_view kind, std::string_view key, const std::function<T()>& compute);

  std::filesystem::path folder_;
  std::string made_with_;
};

}  // namespace bw
