// What a run has finished, kept in its output folder, so that --resume goes on after a kill or Ctrl-C instead of
// measuring again. A part's result is used again only when everything that it came from is the same.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/version.h"
#include "measure/evaluate.h"
#include "measure/latency.h"
#include "observe/calibrate.h"

namespace bw {

// A part of a run, as people call it, and all that its result depends on: {"--seed", "0"}, {"the data", its hash}.
struct Part {
  std::string model, of, what;  // "cnn", "int8-static", "accuracy"
  std::vector<std::pair<std::string, std::string>> from;
};

class Checkpoint {
 public:
  Checkpoint() = default;  // keeps nothing
  // Without `resume`, results of an earlier run in the folder are thrown away. Those that another version of the
  // program made are not used.
  Checkpoint(std::filesystem::path folder, bool resume, std::string made_with = "bitwright " + std::string(kVersion));

  // Kept whole or not at all, before these return.
  Calibration calibration(const Part& part, const std::function<Calibration()>& compute);
  Evaluation evaluation(const Part& part, const std::function<Evaluation()>& compute);
  Visit visit(const Part& part, const std::function<Visit()>& compute);
  Figure figure(const Part& part, const std::function<Figure()>& compute);

  // For people: what an earlier run left, before anything is asked for; what of it was used since the last time that
  // this was asked, and what was done again, and why.
  std::string left() const;
  std::string used();

  void clear();  // the run is complete: nothing to resume

 private:
  template <class T>
  T result(std::string_view kind, Part part, const std::function<T()>& compute);
  void done_again(const Part& part);

  std::filesystem::path folder_;
  std::string made_with_;
  std::vector<Part> earlier_;                       // that an earlier run finished
  std::set<std::string> own_;                       // files of this run
  std::vector<Part> taken_;                         // since used() was asked
  std::map<std::string, std::vector<Part>> again_;  // by the reason
};

}  // namespace bw
