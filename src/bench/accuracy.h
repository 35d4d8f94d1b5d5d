// From two evaluations on the same samples to what a report says of a candidate's accuracy.
#pragma once

#include <string>
#include <vector>

#include "bench/findings.h"
#include "measure/evaluate.h"

namespace bw {

// Metrics of labels, each output beside the float model's, and by what the outputs that decide are judged without
// labels: the worst of them. Both evaluations are of `outputs`, on the same samples.
AccuracyComparison compare_accuracy(const std::vector<JudgedOutput>& outputs, const Evaluation& original,
                                    const Evaluation& other, std::uint64_t seed);

// What of the float model's accuracy is kept. By the first metric where `by_labels` and the float model's score is one
// that can be kept (above zero, a number), else by agreement or fidelity of the outputs; which it was is noted in
// `accuracy` (decided_by, decided_on).
Figure retention_of(AccuracyComparison& accuracy, bool by_labels);

// What is kept of the output that keeps least, by fidelity.
Figure outputs_kept(const AccuracyComparison& accuracy);

// "agreement", "fidelity" or "agreement or fidelity": by what the outputs that decide are judged without labels.
std::string measure_without_labels(const std::vector<JudgedOutput>& outputs);

// What of an output is no number though the float model's is, over all samples; empty when there is nothing.
std::string not_finite_sentence(const OutputFindings& output, std::uint64_t samples);

// Outputs that are scores only because a product makes them are numbers where the float model nearly always gives the
// same answer: the largest of coordinates or quantities is no answer.
void settle_guesses(std::vector<JudgedOutput>& outputs, const SharedBytes& reference);

}  // namespace bw
