// From measured candidates to a decision: which meet the constraints, which are not beaten, which one to ship and why.
#pragma once

#include "bench/findings.h"

namespace bw {

// Status NotBetter with its reason for candidates that miss a constraint or gain nothing over the float model;
// candidates that were not measured keep their status.
void judge(ModelFindings& model, const Constraints& constraints);

// Names of candidates worth shipping that no other such one beats or equals in accuracy, latency and size with one of them better.
std::vector<std::string> pareto_front(const std::vector<CandidateFindings>& candidates);

// Of the Ok candidates (none: the float model), in this order:
// 1. those about as fast as the fastest one whose speed-up is certain: their time is at most 10 % longer, or the
// intervals
//    of the two overlap; only speeds that are known (better, same) count. Where no speed-up is certain, those that are
//    as fast as the float model as far as one can tell, else all.
// 2. of these the smallest: sizes that differ by less than 3 % are equal.
// 3. of these the most accurate, and of equally accurate ones the fastest.
// The sentence says which step decided. Runners-up follow by the same rule.
Recommendation recommend(const ModelFindings& model, const Constraints& constraints);

}  // namespace bw
