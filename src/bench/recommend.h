// From measured candidates to a decision: which meet the constraints, which are not beaten, which one to ship and why.
#pragma once

#include "bench/findings.h"

namespace bw {

// Status NotBetter with its reason for candidates that miss a constraint or gain nothing over the float model; candidates
// that were not measured keep their status.
void judge(ModelFindings& model, const Constraints& constraints);

// Names of measured candidates that no other one beats or equals in accuracy, latency and size with one of them better.
std::vector<std::string> pareto_front(const std::vector<CandidateFindings>& candidates);

// The fastest Ok candidate whose speed-up is certain, else the smallest Ok one, else the float model.
Recommendation recommend(const ModelFindings& model, const Constraints& constraints);

}  // namespace bw
