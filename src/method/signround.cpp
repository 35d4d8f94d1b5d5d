// SignRound (method/signed_rounding.h), layer by layer.
#include <fmt/format.h>

#include "method/catalog.h"
#include "method/rounded_layers.h"
#include "method/signed_rounding.h"

namespace bw {
namespace {

constexpr Parameter kParameters[] = {
    {.name = "steps",
     .type = Parameter::Type::Integer,
     .standard = "200",
     .says = "of learning, for each layer",
     .low = 1,
     .high = 10'000},
    {.name = "scales",
     .type = Parameter::Type::Choice,
     .standard = "learned",
     .says = "of blocks: learned with the rounding, or as they were decided",
     .choices = "learned|kept"},
    kRoundedInputs,
};

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  const auto steps = static_cast<std::size_t>(arguments.integer("steps"));
  const bool learned = arguments.text("scales") == "learned";
  const auto rounder = [&](const RoundingRows& part) {
    return round_by_signs(part.rows, part.gram, part.scheme,
                          {.steps = steps, .fits_blocks = learned && part.has_free_scales});
  };
  const std::size_t layers =
      round_layers(task, "signround", arguments.text(kRoundedInputs.name) == "coded", rounder, plan);
  plan.notes.push_back(fmt::format("the rounding of {} layers is learned by the signs of its gradients", layers));
  return plan;
}

}  // namespace

Method signround() {
  return {.name = "signround",
          .says =
              "learns which weights to round up and how wide ranges are, by the signs of gradients; behind a method "
              "that codes weights, with data",
          .group = "ptq_4bit",
          .stage = Stage::Refine,
          .parameters = kParameters,
          .run = run,
          .sketch = as_it_was};
}

}  // namespace bw
