// GPTQ (Frantar et al. 2022): weights are rounded column after column, so that the next ones make up for what the last
// one changed of the layer's outputs on calibration rows (method/successive_rounding.h).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "method/catalog.h"
#include "method/rounded_layers.h"
#include "method/successive_rounding.h"

namespace bw {
namespace {

constexpr Parameter kParameters[] = {
    {.name = "order",
     .type = Parameter::Type::Choice,
     .standard = "natural",
     .says = "which columns are rounded first: as they lie, or those of the largest activations (act-order)",
     .choices = "natural|activity"},
    {.name = "damping",
     .type = Parameter::Type::Number,
     .standard = "0.01",
     .says = "of the mean of the Hessian's diagonal, added to it; ten times as much where it stays singular",
     .low = 1e-6,
     .high = 1},
    {.name = "scales",
     .type = Parameter::Type::Choice,
     .standard = "closest",
     .says = "of blocks: chosen anew when they are reached, or as they were decided",
     .choices = "closest|kept"},
    kRoundedInputs,
};

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  const SuccessiveOptions asked{.by_activity = arguments.text("order") == "activity",
                                .damping = arguments.number("damping"),
                                .fits_blocks = arguments.text("scales") == "closest"};
  std::map<NodeId, double> damping;  // 0: a part of the layer was singular
  const auto rounder = [&](const RoundingRows& part) {
    SuccessiveOptions options = asked;
    options.fits_blocks &= part.has_free_scales;
    SuccessiveRounding rounding = round_successively(part.rows, part.gram, part.scheme, options);
    double& own = damping.emplace(part.layer, asked.damping).first->second;
    own = rounding.damping == 0 ? 0 : std::max(own, rounding.damping);
    return std::move(rounding.codes);
  };
  round_layers(task, "gptq", arguments.text(kRoundedInputs.name) == "coded", rounder, plan);
  const auto count = [&](auto&& holds) {
    return std::ranges::count_if(damping, [&](const auto& layer) { return holds(layer.second); });
  };
  plan.notes.push_back(
      fmt::format("the rounding of {} layers makes up for its own errors", count([](double d) { return d != 0; })));
  if (const auto damped = count([&](double d) { return d > asked.damping; }); damped > 0)
    plan.notes.push_back(fmt::format("{} of them needed more damping", damped));
  if (const auto singular = count([](double d) { return d == 0; }); singular > 0)
    plan.notes.push_back(
        fmt::format("{} layers are rounded to the nearest, as what they read stays singular", singular));
  return plan;
}

constexpr std::string_view kUsual[] = {"weight-only(bits=4,block=32)+gptq"};

}  // namespace

Method gptq() {
  return {.name = "gptq",
          .says =
              "rounds weights so that the later ones make up for the errors of the earlier ones; behind a method "
              "that codes weights, with data",
          .group = "ptq_4bit",
          .stage = Stage::Refine,
          .parameters = kParameters,
          .run = run,
          .sketch = as_it_was,
          .usual = kUsual};
}

}  // namespace bw
