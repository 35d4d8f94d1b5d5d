// The methods, one function per file of this folder, and what their files share.
#pragma once

#include "method/method.h"

namespace bw {

Method int8_static();
Method int8_dynamic();
Method weight_only();
Method fp16();
Method bf16();
Method equalize();
Method range_search();
Method bias_correction();
Method smooth();
Method awq();
Method adaround();
Method clip();
Method importance();
Method hqq();
Method gptq();
Method signround();
Method accuracy_level();
Method mixed_bits();
Method bnb4();
Method palettize();
Method mlx();
Method float4();
Method int8_auto();
Method fallback();
Method time_fallback();

// The sketch of methods whose other numbers are as good for all that is known without data.
inline Plan as_it_was(const Task&, const Arguments&, Plan plan) {
  return plan;
}

// Parameter that every method has which takes nodes one by one.
inline constexpr Parameter kKeepFloat{
    .name = "keep_float",
    .type = Parameter::Type::Text,
    .standard = "",
    .says = "operators or nodes that stay in float, separated by '|'; * stands for any part of a name"};

}  // namespace bw
