// Tries ways to 8 bits, one thing after another, on samples that calibrate nothing: first what decides speed, then, of
// the fastest, what keeps most of the outputs. Nothing that is slower than the fastest by more than 3 % is taken, or by
// more than 6 % if it halves the error, and nothing that gains less than can be told from chance.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/stop.h"
#include "method/catalog.h"
#include "method/fit.h"

namespace bw {
namespace {

constexpr double kAsFast = 1.03;   // times the fastest
constexpr double kNearly = 1.06;   // times the fastest, for what makes half of the error of all that are as fast
constexpr double kMuchWork = 0.5;  // of what the way computes in integers that computes most there
constexpr double kWorthIt = 0.97;  // of the error that was left

// Of outputs that are numbers, what is asked for at most, by fidelity, and what will do where that costs more than half
// of the gain: errors of 26 and 20 dB below the numbers' spread. 0.99 would be 40 dB, which 8 bits seldom have.
constexpr double kOfNumbers[] = {0.95, 0.9};

constexpr Parameter kParameters[] = {
    {.name = "budget",
     .type = Parameter::Type::Seconds,
     .standard = "60s",
     .says = "how long ways are tried; what has begun is finished",
     .low = 1,
     .high = 86'400},
    {.name = "accuracy",
     .type = Parameter::Type::Ratio,
     .standard = "0.99",
     .says =
         "share of the float model's accuracy to keep, of outputs that are numbers at most 0.95; where the best way "
         "keeps less, nodes go back to float",
     .low = 0,
     .high = 2},
};

// What the kernels do is decided by these: whose scales, when, and whether narrow convolutions take part, which is
// asked only where there are some.
constexpr std::string_view kBeginnings[] = {"int8-static",
                                            "int8-static(narrow=integer)",
                                            "int8-static(per_channel=no)",
                                            "int8-static(per_channel=no,narrow=integer)",
                                            "int8-dynamic",
                                            "int8-dynamic(per_channel=no)"};

// What may be better than what a beginning does by itself; each is added to what was found before.
struct Way {
  std::string_view method;
  double least_budget = 0;  // seconds without which it is not begun
};
constexpr Way kWays[] = {
    {"smooth"}, {"equalize"}, {"range-search"}, {"bias-correction(means=quantized)"}, {"adaround(steps=500)", 240}};

Recipe with(Recipe recipe, std::string_view method) {
  recipe.steps.push_back(parse_recipe(method).steps.front());
  return recipe;
}

struct Tried {
  Recipe recipe;
  std::map<std::string, std::string> kept;  // nodes in float besides those of the recipe, and why
  Plan plan;
  Retained retained;
  std::optional<double> time;  // over the float model's
  double error() const { return 1 - retained.outputs.value.value_or(0); }
  double accuracy() const { return retained.accuracy.value.value_or(0); }
};

class Search {
 public:
  Search(const Task& task, double seconds, double accuracy)
      : task_(task), budget_(seconds), accuracy_(accuracy), ends_(seconds_now() + seconds) {}

  Plan run() {
    std::optional<Tried> best;
    for (const Tried& beginning : beginnings()) {
      if (best && (keeps_enough(*best) || !is_time_left())) break;
      Tried improved = improve(beginning);
      if (!best || improved.accuracy() > best->accuracy()) best = std::move(improved);
    }
    if (!keeps_enough(*best)) best = relaxed(std::move(*best));
    best->plan.notes.insert(best->plan.notes.begin(), log_.begin(), log_.end());
    best->plan.notes.push_back(fmt::format("int8-auto takes {}", to_string(best->recipe)));
    return std::move(best->plan);
  }

 private:
  bool is_time_left() const { return seconds_now() < ends_; }

  // What is asked for, then what else is worth having.
  std::vector<double> wanted(const Tried& way) const {
    if (!way.retained.by_fidelity) return {accuracy_};
    std::vector<double> all;
    for (const double share : kOfNumbers)
      if (const double least = std::min(share, accuracy_); all.empty() || all.back() > least) all.push_back(least);
    return all;
  }
  bool keeps_enough(const Tried& way) const { return way.accuracy() >= wanted(way).front(); }

  // Nothing, with the reason in the log, where a method cannot do it to this model.
  std::optional<Tried> tried(const Recipe& recipe, const std::map<std::string, std::string>& kept = {}) {
    throw_if_stopped(task_.stop);
    const std::string name = to_string(recipe);
    Task task = task_;
    task.kept.insert(kept.begin(), kept.end());
    try {
      Tried now{recipe, kept, decide(resolve(recipe), task), {}, {}};
      require_change(now.plan, task_.graph);
      now.retained = task_.judge->retained(now.plan);
      log_.push_back(fmt::format("tried {}: keeps {:.2f} % of the outputs, {:.1f} % of the accuracy", name,
                                 100 * (1 - now.error()), 100 * now.accuracy()));
      return now;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Quantization && error.kind() != ErrorKind::Calibration) throw;
      log_.push_back(fmt::format("tried {}: {}", name, error.message()));
      return std::nullopt;
    }
  }

  // The fastest first, those slower than float left out where others are not; the fastest of the static ones has nodes
  // in float that lose time. Where the machine was too busy to time all of them, what computes most in integers passes
  // for the fastest.
  std::vector<Tried> beginnings() {
    std::vector<Tried> all;
    for (const Recipe& recipe : worth_trying())
      if (std::optional<Tried> beginning = tried(recipe)) all.push_back(timed(std::move(*beginning)));
    if (all.empty())
      throw Error(ErrorKind::Quantization, fmt::format("no way to 8 bits takes this model: {}", log_.back()));
    if (std::ranges::all_of(all, [](const Tried& t) { return t.time.has_value(); })) {
      Tried& most = *std::ranges::min_element(
          all, {}, [](const Tried& t) { return std::pair(t.recipe.steps.front().method != kBeginnings[0], *t.time); });
      most = without_slow_nodes(std::move(most));
      if (std::ranges::any_of(all, [](const Tried& t) { return *t.time < 1; }))
        std::erase_if(all, [](const Tried& t) { return *t.time >= 1; });
    } else {
      for (Tried& one : all) one.time = 2 - fit_of(resolve(one.recipe), task_).work;
    }
    const double fastest = *std::ranges::min(all, {}, &Tried::time).time;
    double least = 1;
    for (const Tried& one : all)
      if (*one.time <= kAsFast * fastest) least = std::min(least, one.error());
    std::ranges::sort(all, {}, [&](const Tried& t) {  // as fast as the fastest: the most exact first
      const double as_fast = t.error() <= least / 2 ? kNearly : kAsFast;
      return std::pair(*t.time <= as_fast * fastest ? 0 : *t.time, t.error());
    });
    return all;
  }

  Tried timed(Tried beginning) {
    const Figure ratio = task_.judge->latency(beginning.plan).ratio;
    beginning.time = ratio.value;
    log_.back() += ratio.value ? fmt::format(", takes {:.2f} of the time", *ratio.value) : ", " + ratio.reason;
    return beginning;
  }

  // Without those that ask for narrow convolutions in integers where there are none, and those that compute so little
  // in integers beside others that they cannot be the fastest.
  std::vector<Recipe> worth_trying() {
    std::vector<std::pair<Recipe, ChainFit>> all;
    double most = 0;
    for (const std::string_view text : kBeginnings) {
      Recipe recipe = parse_recipe(text);
      ChainFit fit = fit_of(resolve(recipe), task_);
      most = std::max(most, fit.work);
      if (!all.empty() && recipe.steps.front().parameters.contains("narrow") && fit.taken == all.back().second.taken)
        continue;
      all.emplace_back(std::move(recipe), std::move(fit));
    }
    std::vector<Recipe> worth;
    for (auto& [recipe, fit] : all)
      if (fit.work >= kMuchWork * most)
        worth.push_back(std::move(recipe));
      else
        log_.push_back(fmt::format("left out {}: it computes {:.0f} % of the work in integers, another {:.0f} %",
                                   to_string(recipe), 100 * fit.work, 100 * most));
    return worth;
  }

  // The same with those nodes in float that the runtime is slower with.
  Tried without_slow_nodes(Tried beginning) {
    if (!is_time_left()) return beginning;
    std::optional<Tried> now = tried(with(beginning.recipe, "time-fallback"));
    if (!now) return beginning;
    for (const auto& [node, decision] : now->plan.nodes)
      if (!decision.changes() && beginning.plan.nodes.contains(node) && beginning.plan.nodes.at(node).changes())
        now->kept.emplace(node, decision.reason);
    log_.push_back(now->plan.notes.back());
    if (now->kept.empty()) return beginning;
    now->recipe = beginning.recipe;
    now = timed(std::move(*now));
    return !now->time || *now->time > *beginning.time ? std::move(beginning) : std::move(*now);
  }

  Tried improve(Tried best) {
    for (const Way& way : kWays) {
      if (!is_time_left() || way.least_budget > budget_) break;
      std::optional<Tried> now = tried(with(best.recipe, way.method), best.kept);
      if (!now || now->error() > kWorthIt * best.error()) continue;
      now->time = best.time;
      best = std::move(*now);
    }
    return best;
  }

  Tried relaxed(Tried best) {
    for (const double share : wanted(best)) {
      if (best.accuracy() >= share) break;
      std::optional<Tried> now = tried(with(best.recipe, fmt::format("fallback(accuracy={})", share)), best.kept);
      if (!now) continue;
      if (!best.retained.by_fidelity) return std::move(*now);
      *now = timed(std::move(*now));
      if (keeps_half_the_gain(best, *now)) return std::move(*now);
    }
    return best;
  }

  // Of the time; where the machine was too busy for that, of the layers.
  static bool keeps_half_the_gain(const Tried& best, const Tried& now) {
    if (best.time && now.time) return 1 - *now.time >= (1 - *best.time) / 2;
    return 2 * coded_layers(now.plan) >= coded_layers(best.plan);
  }

  static std::ptrdiff_t coded_layers(const Plan& plan) {
    return std::ranges::count_if(plan.nodes, [](const auto& node) { return !node.second.operands.empty(); });
  }

  const Task& task_;
  const double budget_, accuracy_, ends_;
  std::vector<std::string> log_;
};

// What is certain to be tried.
Needs needs(const Task& task, const Arguments&) {
  return bw::needs(resolve(parse_recipe(kBeginnings[0])), task);
}
// Of the beginning that computes most in integers.
Plan sketched(const Task& task, const Arguments&, Plan plan) {
  const std::string_view most = *std::ranges::max_element(
      kBeginnings, {}, [&](std::string_view text) { return fit_of(resolve(parse_recipe(text)), task).work; });
  const Chain::Link link = resolve(parse_recipe(most)).links.front();
  return link.method->sketch == nullptr ? link.method->run(task, link.arguments, {}, std::move(plan))
                                        : link.method->sketch(task, link.arguments, std::move(plan));
}

Plan run(const Task& task, const Arguments& arguments, const Evidence&, Plan plan) {
  Plan found = Search(task, arguments.number("budget"), arguments.number("accuracy")).run();
  found.edits.insert(found.edits.begin(), plan.edits.begin(), plan.edits.end());
  found.notes.insert(found.notes.begin(), plan.notes.begin(), plan.notes.end());
  return found;
}

constexpr std::string_view kUsual[] = {"int8-auto"};

}  // namespace

Method int8_auto() {
  return {.name = "int8-auto",
          .says = "tries the methods of 8 bits and takes the fastest, and of these what keeps most; says what it tried",
          .group = "ptq_8bit",
          .stage = Stage::Decide,
          .parameters = kParameters,
          .needs = needs,
          .run = run,
          .sketch = sketched,
          .judged = true,
          .budget = {.trials = 100},
          .usual = kUsual};
}

}  // namespace bw
