// How fast the candidates of one model are beside it: visits (measure/latency.h), spread over the run by who calls, and
// what they show together.
#pragma once

#include <string>
#include <vector>

#include "bench/checkpoint.h"
#include "measure/latency.h"

namespace bw {

struct SpeedOptions {
  std::size_t visits = 5;  // that can judge, of each entrant; as many again are paid where some cannot
  VisitOptions visit;
  WorkerOptions worker;
};

class Speed {
 public:
  Speed(Deployment original, SharedSamples& samples, const SpeedOptions& options, Checkpoint& checkpoint);

  // Candidates whose files have one structure (structure_hash) take the same time in a runtime: they are one entrant,
  // timed in turn, and share what is found. `speed`: the part of the run that this is, with all that a visit depends on
  // but how it is paid.
  void enter(const std::string& candidate, const Deployment& model, const Part& speed, const std::string& structure);
  // Whether its entrant has fewer visits that judge than it should, and some are left to it.
  bool wants_visit(const std::string& candidate) const;
  std::size_t missing_visits() const;  // of all entrants, as far as every visit to come judges
  // Pays one with the candidate's file, and gives the seconds that it took. Errors: visit()'s.
  double visit(const std::string& candidate);

  std::span<const Visit> visits_of(const std::string& candidate) const;
  std::vector<Visit> all_visits() const;
  // The others of its entrant.
  std::vector<std::string> timed_with(const std::string& candidate) const;

 private:
  struct Candidate {
    std::string name;
    Deployment model;
    Part speed;
  };
  struct Entrant {
    std::string structure, runtime;
    std::vector<Candidate> candidates;
    std::vector<Visit> visits;
  };
  Part part_of(const Candidate& candidate, std::size_t visit) const;
  std::size_t entrant_of(const std::string& candidate) const;  // its index; one past the last when there is none

  Deployment original_;
  SharedSamples& samples_;
  SpeedOptions options_;
  Checkpoint& checkpoint_;
  std::vector<Entrant> entrants_;
};

}  // namespace bw
