// Parameters of lowering that a recipe may set: a method lists those that concern what it decides, and hands them on in
// the plan.
#pragma once

#include "base/parameter.h"

namespace bw {

inline constexpr Parameter kForm{.name = "form",
                                 .type = Parameter::Type::Choice,
                                 .standard = "qdq",
                                 .says = "how the file spells integer nodes",
                                 .choices = "qdq|qoperator"};
inline constexpr Parameter kAccuracyLevel{
    .name = "accuracy_level",
    .type = Parameter::Type::Choice,
    .standard = "0",
    .says = "4: activations quantized to int8 inside the kernel (fast); 1: float32; 0: as the runtime likes",
    .choices = "0|1|4"};

}  // namespace bw
