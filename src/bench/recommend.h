// From measured candidates to a decision: which meet the constraints, which are not beaten, which one to ship and why.
#pragma once

#include "bench/findings.h"

namespace bw {

// Status NotBetter with its reason for candidates that miss a constraint or gain less than Constraints::least_gain;
// those that were not measured keep their status. What is gained: the share of the float model's time, certain or the
// worst that cannot be excluded, times that of its size must be at most 1 - least_gain. Sizes of models below 16 KiB do
// not count: their files are mostly names and operators.
void judge(ModelFindings& model, const Constraints& constraints);

// Names of candidates worth shipping that no other such one beats or equals in accuracy, latency and size with one of
// them better. Accuracies that their intervals do not tell apart are equal.
std::vector<std::string> pareto_front(const std::vector<CandidateFindings>& candidates);

// Of the Ok candidates (none: the float model), in this order:
// 1. those whose interval of accuracy_retention clears the threshold, where there are any;
// 2. of these the ones about as fast as the fastest whose speed-up is certain: their time is at most 10 % longer, or
//    the intervals of the two overlap; only speeds that are known (better, same) count. Where no speed-up is certain,
//    those that are as fast as the float model as far as one can tell, else those that are at most 10 % slower than the
//    least slow, by the worst that cannot be excluded;
// 3. of these the smallest: sizes that differ by less than 3 % are equal;
// 4. of these the most accurate, with all that their intervals do not tell from it;
// 5. of these the one with the simplest recipe.
// The sentence says which step decided. Runners-up follow by the same rule.
Recommendation recommend(const ModelFindings& model, const Constraints& constraints);

}  // namespace bw
