// Makes candidates of one model: whatever their recipes ask for is given here, to every command alike.
#pragma once

#include <optional>
#include <span>

#include "bench/calibrations.h"
#include "bench/candidate.h"
#include "bench/judge.h"
#include "bench/proven.h"

namespace bw {

struct Made {
  Candidate candidate;
  Written written;  // nothing of a candidate that has no file
  Looks looks;
};

class Maker {
 public:
  // All of them live as long as this. `dataset`: nullptr when there is no data; recipes that need it say so.
  Maker(const LoadedModel& model, const Target& target, const Dataset* dataset, const CalibrationChoice& choice,
        Checkpoint& checkpoint);

  // Looks at the data once for all of these recipes, as far as it is known before any is carried out what they want to
  // see, and gives the samples that it took; 0 when they want to see nothing.
  std::size_t calibrate_for(std::span<const Recipe> recipes);

  // Errors: make_candidate's.
  Made make(const Recipe& recipe);
  // Written to `file` when it is proven to work. Errors: make_proven's.
  Made make(const Recipe& recipe, const std::filesystem::path& file, Trial& trial);

 private:
  Needs needs_of(const Recipe& recipe) const;
  Task task_with(Looks& looks);

  const Task task_;
  std::optional<Calibrations> calibrations_;
  std::optional<BenchJudge> judge_;
};

}  // namespace bw
