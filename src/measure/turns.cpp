#include "measure/turns.h"

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "measure/disturbance.h"
#include "measure/statistics.h"

namespace bw {
namespace {

// In which order they run: over four turns each model follows itself as often as the other does, and no session has
// a place of its own.
constexpr std::size_t kOrders[][kSessions] = {{Original0, Quantized0, Quantized1, Original1},
                                              {Quantized0, Original0, Original1, Quantized1},
                                              {Original1, Quantized1, Quantized0, Original0},
                                              {Quantized1, Original1, Original0, Quantized0}};

// What is measured while all sessions run in turn.
class Turns {
 public:
  explicit Turns(Sessions& sessions) : sessions_(sessions) {}

  // The seconds of one run of each, all together.
  double next() {
    double sum = 0;
    for (const std::size_t s : kOrders[turn_ % std::size(kOrders)]) sum += time(s);
    ++turn_;
    return sum;
  }

  std::size_t count() const { return turn_; }
  double counted_seconds() const { return counted_; }
  bool every_session_counts() const {
    return std::ranges::none_of(runs_, [](const auto& runs) { return runs.empty(); });
  }

  // Forgets what was measured so far.
  void begin() {
    for (auto& runs : runs_) runs.clear();
    for (int side = 0; side < 2; ++side) wall_[side] = cpu_[side] = 0;
    waited_ = turn_ = 0;
    counted_ = 0;
  }

  Visit result() const {
    Visit visit{.original = side(Original0, Original1), .quantized = side(Quantized0, Quantized1)};
    visit.waited = waited_;
    return visit;
  }

 private:
  double time(std::size_t session) {
    const TimedRun run = sessions_.run(session, turn_ / 4);
    cpu_[kSide[session]] += run.cpu;
    wall_[kSide[session]] += run.seconds;
    if (run.waited) {
      ++waited_;
    } else {
      runs_[session].push_back(run.seconds);
      counted_ += run.seconds;
    }
    return run.seconds;
  }

  SideTimes side(std::size_t first, std::size_t second) const {
    const double cores = std::max(1u, std::thread::hardware_concurrency());
    return {{runs_[first], runs_[second]},
            {sessions_.load_seconds(first), sessions_.load_seconds(second)},
            wall_[kSide[first]] > 0 ? cpu_[kSide[first]] / (wall_[kSide[first]] * cores) : 0};
  }

  Sessions& sessions_;
  std::array<std::vector<double>, kSessions> runs_;
  double wall_[2] = {}, cpu_[2] = {}, counted_ = 0;  // of a model
  std::uint64_t waited_ = 0;
  std::size_t turn_ = 0;
};

// Until the time of a turn falls no more: caches, branch predictors and the clock have settled.
void warm_up(Turns& turns, double least_seconds, double most_seconds) {
  constexpr int kWindow = 3;
  constexpr double kFalling = 0.98;
  const double least = seconds_now() + least_seconds, end = std::max(least, seconds_now() + most_seconds);
  const auto window = [&] {
    std::vector<double> sums;
    for (int i = 0; i < kWindow; ++i) {
      sums.push_back(turns.next());
      if (seconds_now() > end) break;
    }
    return median(sums);
  };
  double before = window();
  while (seconds_now() < end) {
    const double now = window();
    if (now >= kFalling * before && seconds_now() > least) return;
    before = now;
  }
}

// Runs until enough of them count, and says so now and then, so that slow models are not taken for dead.
void run_turns(Turns& turns, const VisitOptions& options, const std::function<void()>& alive) {
  constexpr double kPatience = 4, kLeastPatience = 0.5, kWarmUpShare = 0.25, kSilence = 1;
  constexpr std::size_t kMost = 4000;
  warm_up(turns, options.warm_up, kWarmUpShare * options.seconds);
  turns.begin();
  const double begin = seconds_now();
  double said = begin;
  const auto more = [&] {
    if (turns.count() == 0) return true;
    const double passed = seconds_now() - begin;
    if (turns.count() >= kMost) return false;
    if (passed > kPatience * options.seconds) return passed < kLeastPatience && !turns.every_session_counts();
    return turns.count() < options.least_turns || turns.counted_seconds() < options.seconds;
  };
  while (more()) {
    turns.next();
    if (seconds_now() - said > kSilence) alive(), said = seconds_now();
  }
}

}  // namespace

Visit run_in_turns(Sessions& sessions, const VisitOptions& options, const std::function<void()>& alive) {
  Turns turns(sessions);
  const ProcessorUse before = processor_use();
  const double begin = seconds_now(), own_before = sessions.cpu_seconds();
  run_turns(turns, options, alive);
  const ProcessorUse after = processor_use();
  const double wall = seconds_now() - begin, own = sessions.cpu_seconds() - own_before;
  Visit visit = turns.result();
  // Less one tick, the unit that both are counted in: a short visit must not be lost for one.
  visit.others = std::max(0.0, after.busy - before.busy - own - after.tick) / wall;
  visit.stolen = std::max(0.0, after.stolen - before.stolen - after.tick) / wall;
  return visit;
}

}  // namespace bw
