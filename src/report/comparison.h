// Two models that the user chose, in words: what the second is to the first.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/findings.h"

namespace bw {

// "B against A: ..." for a model (A) with one candidate (B): whether it is faster, more accurate, smaller, by how much,
// and whether that is beyond the 95 % interval. Says why when B could not be measured.
std::string comparison_sentence(const ModelFindings& model);

struct ComparisonLimits {
  double max_loss = 1;  // of the first model's accuracy, as a share; 1: all may be lost
  std::optional<double> max_latency_ratio = {}, max_size_ratio = {};
};
// What the second misses of the limits, each as "takes 1.20 of the time (95 % interval 1.1 to 1.3), and at most 1 is
// allowed". The figures decide, not the ends of their intervals.
std::vector<std::string> missed(const ModelFindings& model, const ComparisonLimits& limits);

}  // namespace bw
