// HQQ (method/half_quadratic.h): zero points of the least error in a norm that forgives outliers; without data.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/stop.h"
#include "method/catalog.h"
#include "method/coded_layers.h"
#include "method/half_quadratic.h"

namespace bw {
namespace {

constexpr Parameter kParameters[] = {
    {.name = "zero_points",
     .type = Parameter::Type::Choice,
     .standard = "real",
     .says = "as they come, in float32; or rounded to codes, which kernels are faster with",
     .choices = "real|whole"},
};

std::vector<float> codes_of(const WeightRows& rows, float highest) {
  std::vector<float> codes(rows.weights.size());
  for (std::size_t o = 0; o < rows.outputs; ++o)
    for (std::size_t c = 0; c < rows.columns; ++c) {
      const std::size_t p = rows.parameter(o, c);
      codes[o * rows.columns + c] =
          std::clamp(std::nearbyint(rows.weight(o, c) * (1.0F / rows.scales[p]) + rows.zero_points[p]), 0.0F, highest);
    }
  return codes;
}

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  const bool whole = arguments.text("zero_points") == "whole";
  std::size_t solved = 0;
  for (const CodedLayer& layer : coded_layers(task.graph, plan)) {
    throw_if_stopped(task.stop);
    auto rows = rows_in_blocks(layer, task.graph, plan);
    QParams& params = layer.params(task.graph, plan);
    if (!rows || info(params.scheme.code).is_signed) continue;
    const auto highest = static_cast<float>(code_range(params.scheme).highest);
    params.scheme.symmetric = false;
    half_quadratic(*rows, params.scheme);
    ++solved;
    if (whole) {
      for (float& zero : rows->zero_points) zero = std::clamp(std::nearbyint(zero), 0.0F, highest);
      set_parameters(*rows, layer.by_output(task.graph), params);
    } else {
      params.scheme.zero_point = DType::Float32;
      store(*rows, codes_of(*rows, highest), layer, task.graph, plan);
    }
  }
  plan.notes.push_back(fmt::format("the zero points of {} layers are half-quadratic ones", solved));
  return plan;
}

}  // namespace

Method hqq() {
  return {.name = "hqq",
          .says = "zero points that forgive outliers (half-quadratic quantization); behind weight-only, without data",
          .group = "ptq_4bit",
          .stage = Stage::Refine,
          .parameters = kParameters,
          .run = run};
}

}  // namespace bw
