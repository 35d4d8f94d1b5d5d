// In what products with stored codes compute, by trying: activations as 8-bit integers inside the kernel, or floats.
// The faster one is taken that keeps nearly as much of the accuracy as the other.
#include <fmt/format.h>

#include <algorithm>

#include "method/catalog.h"
#include "target/lowering.h"

namespace bw {
namespace {

constexpr Parameter kParameters[] = {
    {.name = "accuracy",
     .type = Parameter::Type::Ratio,
     .standard = "0.995",
     .says = "share to keep of the accuracy that the more exact one keeps",
     .low = 0,
     .high = 1},
};

struct Tried {
  std::string_view level, says;
  double accuracy = 0;  // that is kept
  Figure time = {};     // over the float model's
};

std::string to_text(const Tried& tried) {
  const std::string time =
      tried.time.value ? fmt::format(" and takes {:.2f} of the time", *tried.time.value) : ", " + tried.time.reason;
  return fmt::format("{} ({}) keeps {:.2f} % of the accuracy{}", tried.level, tried.says, 100 * tried.accuracy, time);
}

// Where the machine was too busy to time both, the more exact one.
const Tried& best_of(const std::vector<Tried>& all, double share) {
  const double most = std::ranges::max(all, {}, &Tried::accuracy).accuracy;
  const bool timed = std::ranges::all_of(all, [](const Tried& tried) { return tried.time.value.has_value(); });
  return *std::ranges::min_element(all, {}, [&](const Tried& tried) {
    const bool enough = tried.accuracy >= share * most;
    return std::tuple(!enough, timed ? *tried.time.value : 0, -tried.accuracy);
  });
}

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  const std::string name(kAccuracyLevel.name);
  if (!plan.lowering.contains(name)) return plan;
  std::vector<Tried> all{{.level = "4", .says = "activations in 8 bits"}, {.level = "1", .says = "floats"}};
  for (Tried& tried : all) {
    plan.lowering[name] = tried.level;
    tried.accuracy = task.judge->retained(plan).accuracy.value.value_or(0);
    tried.time = task.judge->latency(plan).ratio;
  }
  const Tried& best = best_of(all, arguments.number("accuracy"));
  plan.lowering[name] = best.level;
  plan.notes.push_back(fmt::format("accuracy_level {}, {}: {} is taken", to_text(all[0]), to_text(all[1]), best.level));
  return plan;
}

}  // namespace

Method accuracy_level() {
  return {.name = "accuracy-level",
          .says =
              "takes the faster way to multiply with stored codes that keeps the accuracy; behind a method that codes "
              "weights alone; tries both",
          .group = "ptq_4bit",
          .stage = Stage::Refine,
          .parameters = kParameters,
          .run = run,
          .sketch = as_it_was,
          .judged = true,
          .budget = {.trials = 4}};
}

}  // namespace bw
