// Nodes whose codes lose most go back to float, until what is kept of the float model's accuracy is what was asked for.
// Which ones follows from a ranking; how many, from trying: first more and more of them, then between what was not
// enough and what was. The ranking is by what the outputs gain when a part of the network computes in float, and within
// a part by the noise of each node's own codes: that alone does not tell what becomes of an error in the layers behind,
// where that of the first ones may grow tenfold.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
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

constexpr std::size_t kParts = 4;  // of the network

// A node that computes on codes, and the power of what they change over the power of what they code: of its activation,
// whose errors are spread evenly over a step, and of its weight.
struct Suspect {
  std::string node;
  double noise;
  double gain = 0;  // of the outputs' squared error, what a node of its part makes on average
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

// In the graph's order.
std::vector<Suspect> suspects_of(const Task& task, const Evidence& evidence, const Plan& plan) {
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
    rank();
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
  void look_at(const Plan& plan) {
    const Retained kept = task_.judge->retained(plan);
    ++trials_;
    progress_.advance();
    last_ = kept.accuracy.value.value_or(0);
    error_ = kept.outputs.value ? std::optional(std::pow(1 - *kept.outputs.value, 2)) : std::nullopt;
  }

  bool is_enough(const Plan& plan) {
    look_at(plan);
    return last_ >= wanted_;
  }

  // The worst first. Squared errors of parts add up, so that one trial a part tells its share.
  void rank() {
    const std::optional<double> all = error_;
    if (all && suspects_.size() >= 2 * kParts)
      for (std::size_t part = 0; part < kParts; ++part) {
        const std::size_t begin = part * suspects_.size() / kParts, end = (part + 1) * suspects_.size() / kParts;
        const std::span<Suspect> nodes = std::span(suspects_).subspan(begin, end - begin);
        look_at(with_in_float(nodes));
        for (Suspect& suspect : nodes)
          suspect.gain = (*all - error_.value_or(*all)) / static_cast<double>(nodes.size());
      }
    std::ranges::stable_sort(suspects_, std::ranges::greater{},
                             [](const Suspect& s) { return std::pair(s.gain, s.noise); });
  }

  Plan with_in_float(std::span<const Suspect> nodes) const {
    std::map<std::string, std::string> kept = task_.kept;
    for (const Suspect& suspect : nodes)
      kept.emplace(suspect.node, fmt::format("its codes change {:.2g} of what they code, among the most, and {:.4g} of "
                                             "the accuracy are asked for",
                                             suspect.noise, wanted_));
    return task_.decide_again(kept);
  }

  // Nothing when it is not enough; `too_few` is `count` then.
  std::optional<Plan> tried(std::size_t count, std::size_t& too_few) {
    Plan plan = with_in_float(std::span(suspects_).first(count));
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
  std::vector<Suspect> suspects_;
  const double wanted_;
  Progress progress_;
  std::size_t trials_ = 0;
  double last_ = 0;              // what the last plan that was tried keeps
  std::optional<double> error_;  // squared, of its outputs; nothing where that is not told
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
  return Search(task, suspects_of(task, evidence, plan), arguments.number("accuracy")).run(std::move(plan));
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
