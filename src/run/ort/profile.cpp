#include "run/ort/profile.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>

#include "base/error.h"
#include "base/json.h"

namespace bw::ort {

namespace {

constexpr double kMicrosecond = 1e-6;

// An event of a node's kernel, in microseconds.
struct Run {
  std::int64_t thread;
  double begin, duration;
  std::size_t node;  // among the times
};

// The time of the kernels that ran inside others, as those of a body do inside Loop, is counted where it was spent.
void take_inner_times(std::vector<Run> runs, std::vector<NodeTime>& times) {
  std::ranges::sort(runs, {}, [](const Run& run) { return std::tuple(run.thread, run.begin, -run.duration); });
  std::vector<const Run*> around;
  for (const Run& run : runs) {
    while (!around.empty() &&
           (around.back()->thread != run.thread || around.back()->begin + around.back()->duration <= run.begin))
      around.pop_back();
    if (!around.empty()) times[around.back()->node].seconds -= kMicrosecond * run.duration;
    around.push_back(&run);
  }
}

}  // namespace

std::vector<NodeTime> node_times(std::string_view profile) try {
  constexpr std::string_view kTimed = "_kernel_time";
  std::vector<NodeTime> times;
  std::vector<Run> runs;
  std::map<std::string, std::size_t> known;  // by the node's index: names need not be unique
  bool first_run = true;
  for (const Json& event : parse_json(profile, "the profile of ONNX Runtime")) {
    const std::string name = event.at("name").get<std::string>();
    if (name == "model_run") first_run = false;  // at its end
    if (first_run) continue;
    if (event.at("cat") != "Node" || !name.ends_with(kTimed)) continue;
    const Json& about = event.at("args");
    const auto [at, is_new] = known.emplace(about.at("node_index").get<std::string>() + name, times.size());
    if (is_new)
      times.push_back({.node = name.substr(0, name.size() - kTimed.size()),
                       .op = "",
                       .kernel = about.at("op_name").get<std::string>()});
    NodeTime& time = times[at->second];
    runs.push_back(
        {event.at("tid").get<std::int64_t>(), event.at("ts").get<double>(), event.at("dur").get<double>(), at->second});
    time.seconds += kMicrosecond * runs.back().duration;
    ++time.calls;
  }
  take_inner_times(std::move(runs), times);
  return times;
} catch (const Json::exception& fault) {
  throw Error(InputClass::Format, fault.what(), "the profile of ONNX Runtime");
}

}  // namespace bw::ort
