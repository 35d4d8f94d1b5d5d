// Nodes whose codes lose most go back to float, until what is kept of the float model's accuracy is what was asked for.
// Which ones follows from a ranking; how many, from trying: first more and more of them, then between what was not
// enough and what was.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/progress.h"
#include "graph/ops/op.h"
#include "method/catalog.h"
#include "observe/statistics/moments.h"
#include "tensor/kernels/layout.h"

namespace bw {
namespace {

constexpr Parameter kParameters[] = {
    {.name = "accuracy",
     .type = Parameter::Type::Ratio,
     .standard = "0.99",
     .says = "share of the float model's accuracy to keep",
     .low = 0,
     .high = 2},
};

// A node that computes on codes, and the power of what they change over the power of what they code: of its activation,
// whose errors are spread evenly over a step, and of its weight.
struct Suspect {
  std::string node;
  double noise;
};

double power(const MomentsStatistic& moments) {
  return moments.variance() + moments.mean() * moments.mean();
}

double noise_of_activation(const Task& task, const Evidence& evidence, const Plan& plan, ValueId value) {
  const std::string& name = task.graph.value(value).name;
  const auto coded = plan.values.find(name);
  if (coded == plan.values.end() || coded->second.scales.empty() || !evidence.has(name)) return 0;
  const double step = coded->second.scales.front(), signal = power(evidence.value(name).get<MomentsStatistic>());
  return signal > 0 ? step * step / 12 / signal : 0;
}

// On average over the output channels, each beside its own signal: what reads a channel of small weights sees its
// errors beside little.
double noise_of_weight(const Tensor& weight, const QParams& params, int channel_axis) {
  const Tensor coded = dequantize(quantize(weight, params), params);
  const std::span<const float> exact = weight.data<float>(), met = coded.data<float>();
  const Layout layout = layout_along(weight.shape(), channel_axis);
  std::vector<double> noise(layout.channels, 0), signal(layout.channels, 0);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const std::size_t channel = i / layout.inner % layout.channels;
    const double off = static_cast<double>(met[i]) - static_cast<double>(exact[i]);
    noise[channel] += off * off;
    signal[channel] += static_cast<double>(exact[i]) * static_cast<double>(exact[i]);
  }
  double sum = 0;
  for (std::size_t c = 0; c < layout.channels; ++c) sum += signal[c] > 0 ? noise[c] / signal[c] : 0;
  return sum / static_cast<double>(layout.channels);
}

bool is_weighted(const Task& task, const Node& node) {
  return task.target.support(node).integer == IntegerKernel::Weighted;
}

// The noisiest first.
std::vector<Suspect> ranked(const Task& task, const Evidence& evidence, const Plan& plan) {
  std::vector<Suspect> suspects;
  for (const Node& node : task.graph.nodes) {
    const auto found = plan.nodes.find(node.name);
    if (found == plan.nodes.end() || !found->second.changes() || !is_weighted(task, node)) continue;
    const OpInfo& op = *find_op(node);
    double noise = noise_of_activation(task, evidence, plan, node.input(0));
    if (const auto params = found->second.operands.find(op.weight_input); params != found->second.operands.end()) {
      const Tensor& weight = task.graph.value(node.input(static_cast<std::size_t>(op.weight_input))).initializer;
      const int axis = op.weight_channel_axis(node, static_cast<int>(weight.rank())).value_or(0);
      noise += noise_of_weight(weight, params->second, axis);
    }
    suspects.push_back({node.name, noise});
  }
  std::ranges::stable_sort(suspects, std::ranges::greater{}, &Suspect::noise);
  return suspects;
}

class Search {
 public:
  Search(const Task& task, std::vector<Suspect> suspects, double wanted)
      : task_(task),
        suspects_(std::move(suspects)),
        wanted_(wanted),
        progress_(*task.console, "fallback: trying", task.budget.trials) {}

  // The plan with the fewest nodes in float that was found to keep enough.
  Plan run(Plan plan) {
    if (is_enough(plan)) return plan;
    std::size_t too_few = 0, count = 1;
    std::optional<Plan> best;
    for (; !best && trials_ < task_.budget.trials && too_few < suspects_.size(); count *= 2)
      best = tried(std::min(count, suspects_.size()), too_few);
    if (!best) give_up(too_few);
    for (std::size_t enough = std::min(count / 2, suspects_.size());
         enough - too_few > 1 && trials_ < task_.budget.trials;) {
      const std::size_t middle = (too_few + enough) / 2;
      if (std::optional<Plan> plan_between = tried(middle, too_few)) {
        best = std::move(plan_between);
        enough = middle;
      }
    }
    return std::move(*best);
  }

 private:
  bool is_enough(const Plan& plan) {
    const Figure kept = task_.judge->retained(plan).accuracy;
    ++trials_;
    progress_.advance();
    last_ = kept.value.value_or(0);
    return last_ >= wanted_;
  }

  Plan with_in_float(std::size_t count) const {
    std::map<std::string, std::string> kept = task_.kept;
    for (const Suspect& suspect : std::span(suspects_).first(count))
      kept.emplace(suspect.node, fmt::format("its codes change {:.2g} of what they code, among the most, and {:.4g} of "
                                             "the accuracy are asked for",
                                             suspect.noise, wanted_));
    return task_.decide_again(kept);
  }

  // Nothing when it is not enough; `too_few` is `count` then.
  std::optional<Plan> tried(std::size_t count, std::size_t& too_few) {
    Plan plan = with_in_float(count);
    if (is_enough(plan)) {
      plan.notes.push_back(fmt::format("{} of {} nodes are back in float: {:.4g} of the accuracy is kept", count,
                                       suspects_.size(), last_));
      return plan;
    }
    too_few = count;
    return std::nullopt;
  }

  [[noreturn]] void give_up(std::size_t count) const {
    throw Error(ErrorKind::Quantization,
                fmt::format("with {} of {} nodes in float {:.4g} of the accuracy is kept, and {:.4g} are asked for",
                            count, suspects_.size(), last_, wanted_),
                {}, "Ask for less: fallback(accuracy=...)");
  }

  const Task& task_;
  const std::vector<Suspect> suspects_;
  const double wanted_;
  Progress progress_;
  std::size_t trials_ = 0;
  double last_ = 0;  // what the last plan that was tried keeps
};

Needs needs(const Task& task, const Arguments&) {
  Needs needs;
  for (const Node& node : task.graph.nodes) {
    const ValueId value = node.input(0);
    if (is_weighted(task, node) && value != kNoValue && !task.graph.is_constant(value) &&
        task.graph.value(value).type.dtype == DType::Float32)
      needs.add(task.graph.value(value).name, {MomentsStatistic::kName, 0});
  }
  return needs;
}

Plan run(const Task& task, const Arguments& arguments, const Evidence& evidence, Plan plan) {
  std::vector<Suspect> suspects = ranked(task, evidence, plan);
  return Search(task, std::move(suspects), arguments.number("accuracy")).run(std::move(plan));
}

}  // namespace

Method fallback() {
  return {
      .name = "fallback",
      .says = "puts the nodes that lose most back into float, as few as an accuracy asks for; tries what it decides",
      .group = "ptq_8bit",
      .stage = Stage::Relax,
      .parameters = kParameters,
      .needs = needs,
      .run = run,
      .sketch = as_it_was,
      .judged = true};
}

}  // namespace bw
