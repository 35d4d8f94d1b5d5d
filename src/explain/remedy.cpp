// From what a layer loses to what helps: one table.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "explain/explanation.h"
#include "method/method.h"
#include "plan/recipe.h"

namespace bw {
namespace {

// Limits from which a feature of the numbers is a cause, not chance.
constexpr double kWrongGain = 0.1;  // off 1
constexpr double kWideSpread = 8;   // of channels, beside the median one
constexpr double kFarOutlier = 25;  // largest over root mean square
constexpr double kClips = 0.5;      // share of the noise that clipping makes
constexpr double kFewCodes = 0.15;  // share used
constexpr double kMild = 0.01;      // squared error over power: 20 dB

// What a layer loses most by: its weight or one of the values rounded at it.
struct Loss {
  const ExplainedLayer& layer;
  const std::string_view method;
  const WeightCodes* weight = nullptr;
  const RoundedValue* value = nullptr;

  // Small for what 8 bits can do, so that what makes codes fit better is enough.
  bool is_mild() const { return layer.damage < kMild && method == "int8-static"; }
  bool is_product() const { return layer.op == "MatMul" || layer.op == "Gemm"; }
};

Loss loss_of(const ExplainedLayer& layer, std::string_view method) {
  Loss loss{.layer = layer, .method = method};
  double worst = 0;
  if (layer.weight) worst = layer.weight->noise, loss.weight = &*layer.weight;
  for (const RoundedValue& value : layer.rounded)
    if (value.noise > worst) worst = value.noise, loss.weight = nullptr, loss.value = &value;
  return loss;
}

std::string where(const Loss& loss) {
  return fmt::format("{} '{}'", loss.value->input ? "its input" : "its output", loss.value->value);
}

struct Rule {
  bool (*fits)(const Loss&);
  std::string (*cause)(const Loss&);
  std::string_view beside;            // a method more, with the one that makes such files
  std::string_view parameter, value;  // of that one; kNode stands for the node's name
};
constexpr std::string_view kNode = "{}";

constexpr Rule kRules[] = {
    {[](const Loss& l) { return l.weight && std::abs(l.weight->gain - 1) > kWrongGain; },
     [](const Loss& l) {
       return fmt::format("the scale of its weight is wrong: the codes mean {:.2g} times the float weight",
                          l.weight->gain);
     },
     "", "", ""},
    {[](const Loss& l) { return l.weight && l.weight->bits < 8; },
     [](const Loss& l) { return fmt::format("{} bits are too few for its weight", l.weight->bits); }, "", "bits", "8"},
    {[](const Loss& l) { return l.weight && l.weight->scales == 1 && l.weight->spread > kWideSpread; },
     [](const Loss& l) {
       return fmt::format("one scale for all channels of its weight, and the widest is {:.0f} times the median one",
                          l.weight->spread);
     },
     "", "per_channel", "yes"},
    {[](const Loss& l) { return l.weight && l.weight->outlier > kFarOutlier; },
     [](const Loss& l) {
       return fmt::format("few large numbers widen the range of its weight: {:.0f} times the root mean square",
                          l.weight->outlier);
     },
     "", "keep_float", kNode},
    {[](const Loss& l) { return l.weight && l.weight->scales == 1 && l.is_mild(); },
     [](const Loss&) { return std::string("one scale for all channels is coarse for its weight"); }, "", "per_channel",
     "yes"},
    {[](const Loss& l) { return l.weight && l.is_mild(); },
     [](const Loss& l) { return fmt::format("{} bits are coarse for its weight", l.weight->bits); }, "adaround", "",
     ""},
    {[](const Loss& l) { return l.weight != nullptr; },
     [](const Loss& l) {
       return l.weight->bits == 32 ? std::string("what its weight is stored as is coarse")
                                   : fmt::format("{} bits are coarse for its weight", l.weight->bits);
     },
     "", "keep_float", kNode},
    {[](const Loss& l) { return l.value && l.value->clip_noise > kClips * l.value->noise; },
     [](const Loss& l) {
       return fmt::format("the range of {} is too narrow: {:.2g} % of it are clipped", where(l),
                          100 * l.value->clipped);
     },
     "", "observer", "min-max"},
    {[](const Loss& l) { return l.value && l.value->spread > kWideSpread && l.is_product(); },
     [](const Loss& l) {
       return fmt::format("few channels of {} are large: {:.0f} times the median one", where(l), l.value->spread);
     },
     "smooth", "", ""},
    {[](const Loss& l) { return l.value && l.value->spread > kWideSpread; },
     [](const Loss& l) {
       return fmt::format("channels of {} differ: the widest is {:.0f} times the median one", where(l),
                          l.value->spread);
     },
     "equalize", "", ""},
    {[](const Loss& l) { return l.value && l.value->used < kFewCodes; },
     [](const Loss& l) {
       return fmt::format("the range of {} is too wide: {:.2g} % of the codes are used", where(l), 100 * l.value->used);
     },
     "", "observer", "min-max"},
    {[](const Loss& l) { return l.value && l.value->outlier > kFarOutlier; },
     [](const Loss& l) {
       return fmt::format("outliers widen the range of {}: {:.0f} times the root mean square", where(l),
                          l.value->outlier);
     },
     "", "observer", "mse"},
    {[](const Loss& l) { return l.value && l.is_mild(); },
     [](const Loss& l) { return fmt::format("{} bits are coarse for {}", l.value->bits, where(l)); }, "range-search",
     "", ""},
    {[](const Loss& l) { return l.value != nullptr; },
     [](const Loss& l) { return fmt::format("{} bits are coarse for {}", l.value->bits, where(l)); }, "", "keep_float",
     kNode},
    {[](const Loss&) { return true; },
     [](const Loss&) { return std::string("its codes lose more than its neighbours'"); }, "", "keep_float", kNode},
};

}  // namespace

Remedy remedy_for(const ExplainedLayer& layer, std::string_view method) {
  const Loss loss = loss_of(layer, method);
  const Rule& rule = *std::ranges::find_if(kRules, [&](const Rule& each) { return each.fits(loss); });
  Recipe recipe;
  Step step{std::string(method), {}};
  if (!rule.parameter.empty())
    step.parameters.emplace(rule.parameter, rule.value == kNode ? layer.node : std::string(rule.value));
  recipe.steps.push_back(std::move(step));
  if (!rule.beside.empty()) {
    const bool first = method_named(rule.beside).stage == Stage::Rewrite;
    recipe.steps.insert(first ? recipe.steps.begin() : recipe.steps.end(), {std::string(rule.beside), {}});
  }
  return {rule.cause(loss), to_string(recipe)};
}

}  // namespace bw
