// Who trains a model as a plan computes it, for methods that decide what is learned.
#pragma once

#include "plan/plan.h"

namespace bw {

struct Training {
  double epochs = 1;  // over the samples that calibrate; less than one: a part of them
  double learning_rate = 1e-4;
};

class Trainer {
 public:
  virtual ~Trainer() = default;
  // The plan with what was learned: constants that are replaced, scales that are moved. Errors: those of carrying the
  // plan out; Error(Quantization) naming a node that has no gradient.
  virtual Plan train(const Plan& plan, const Training& training) = 0;
};

}  // namespace bw
