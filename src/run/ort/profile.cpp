#include "run/ort/profile.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/json.h"

namespace bw::ort {

std::vector<NodeTime> node_times(std::string_view profile) try {
  constexpr std::string_view kTimed = "_kernel_time";
  constexpr double kMicrosecond = 1e-6;
  std::vector<NodeTime> times;
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
    time.seconds += kMicrosecond * event.at("dur").get<double>();
    ++time.calls;
  }
  return times;
} catch (const Json::exception& fault) {
  throw Error(InputClass::Format, fault.what(), "the profile of ONNX Runtime");
}

}  // namespace bw::ort
