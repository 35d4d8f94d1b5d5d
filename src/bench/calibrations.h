// Calibration passes of one model: what several recipes want to see of one graph is gathered once and kept.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "base/console.h"
#include "bench/checkpoint.h"
#include "model/model.h"
#include "observe/calibrator.h"

namespace bw {

struct CalibrationChoice {
  std::size_t samples = 1000;  // as many as there are when fewer
  bool balanced = false;       // as many of each class where not all are taken
  std::uint64_t seed = 0;
  int threads = 1;
  WorkerOptions worker = {};
  std::string runtime = {};
  bool judged = false;  // a fifth of the samples at least is left to try candidates on
  const Console* console = &nobody();
};
std::size_t calibrating_samples(std::size_t available, const CalibrationChoice& choice);

class Calibrations {
 public:
  // All of them live as long as this.
  Calibrations(const LoadedModel& model, const Dataset& dataset, const CalibrationChoice& choice,
               Checkpoint& checkpoint);

  // At least what `needs` asks of a graph made from the model. Errors: calibrate()'s.
  const Calibration& of(const Graph& graph, const Needs& needs);
  // The same, kept nowhere.
  Calibration once(const Graph& graph, const Needs& needs) const;
  std::string data_hash() const;

 private:
  Calibration pass(const Graph& graph, const std::string& hash, const Needs& needs) const;
  std::size_t count() const;  // of samples

  const LoadedModel& model_;
  const Dataset& dataset_;
  const CalibrationChoice choice_;
  Checkpoint& checkpoint_;
  struct Kept {
    std::string graph;  // content_hash
    Calibration calibration;
  };
  std::deque<Kept> kept_;  // references into it stay valid
  std::set<std::string> warned_of_;
};

// What one recipe looks at, written down.
class Looks : public Calibrator {
 public:
  explicit Looks(Calibrations* calibrations) : calibrations_(calibrations) {}  // nullptr: nothing is looked at
  const Evidence& evidence(const Graph& graph, const Needs& needs) override;
  Evidence glance(const Graph& graph, const Needs& needs) override;

  bool any() const { return !passes_.empty(); }
  std::size_t samples() const;               // of the first pass; all take the same
  double seconds() const;                    // of all passes, each once
  double waited() const { return waited_; }  // seconds within evidence(): little where it was there already
  std::uint64_t peak_memory() const;
  std::vector<std::string> notes() const;
  void note_in(Provenance& provenance) const;

 private:
  Calibrations* calibrations_;
  std::vector<const Calibration*> passes_;  // different ones
  double waited_ = 0, glanced_ = 0;         // seconds; glances are in both
  std::uint64_t glance_memory_ = 0;         // the most of any
};

}  // namespace bw
