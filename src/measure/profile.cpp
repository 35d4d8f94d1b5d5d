#include "measure/profile.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "run/feeding.h"

namespace bw {
namespace {

// The nodes of a model, by the names under which runtimes show them: a node's own or that of a value which it gives,
// alone or with words of the runtime before or behind it ("fused conv1", "conv1_nchwc", "conv1/WithoutBiases").
class NamedNodes {
 public:
  explicit NamedNodes(const Graph& graph) {
    for (const Node& node : graph.nodes) {
      nodes_.emplace(node.name, &node);
      for (const ValueId output : node.outputs)
        if (output != kNoValue) nodes_.emplace(graph.value(output).name, &node);
    }
  }

  // By the longest name that stands at the start or the end; nullptr when there is none.
  const Node* find(std::string_view shown) const {
    const Node* best = nullptr;
    std::size_t longest = 0;
    for (const auto& [name, node] : nodes_)
      if (name.size() > longest && (starts(shown, name) || ends(shown, name))) best = node, longest = name.size();
    return best;
  }

 private:
  static bool is_edge(std::string_view text, std::size_t at) {
    return !std::isalnum(static_cast<unsigned char>(text[at]));
  }
  static bool starts(std::string_view shown, std::string_view name) {
    return shown.starts_with(name) && (shown.size() == name.size() || is_edge(shown, name.size()));
  }
  static bool ends(std::string_view shown, std::string_view name) {
    return shown.ends_with(name) && (shown.size() == name.size() || is_edge(shown, shown.size() - name.size() - 1));
  }

  std::map<std::string, const Node*, std::less<>> nodes_;
};

JobResult run_profile(JobContext& context) {
  constexpr std::size_t kSamples = 8;
  constexpr std::uint64_t kLeast = 3, kMost = 1000;
  constexpr double kSilence = 1;
  const Json request = context.request();
  const std::vector<Sample> samples = context.next_samples(kSamples).samples;
  if (samples.empty()) throw Error(InputClass::Data, "there are no samples to run a model with");
  LoadOptions options;
  options.threads = request.at("threads").get<int>();
  options.profile = true;
  context.stage("load");
  const auto runner = load(deployment_from(request.at("model")), options);
  const std::size_t batch = batch_of(*runner, samples.front());
  std::vector<std::vector<Tensor>> inputs;
  for (const Sample& sample : samples) inputs.push_back(inputs_of(std::vector(batch, sample), *runner));
  context.stage("run");
  runner->run(inputs.front());  // no part of the profile
  std::uint64_t runs = 0;
  double seconds = 0, said = seconds_now();
  while (runs < kLeast || (runs < kMost && seconds < request.at("seconds").get<double>())) {
    const double begin = seconds_now();
    runner->run(inputs[runs++ % inputs.size()]);
    seconds += seconds_now() - begin;
    if (seconds_now() - said > kSilence) context.stage("run"), said = seconds_now();
  }
  Json nodes = Json::array();
  for (const NodeTime& time : runner->profile()) nodes.push_back({time.node, time.kernel, time.seconds, time.calls});
  return {to_line({{"runs", runs}, {"seconds", seconds}, {"nodes", nodes}}), {}};
}

}  // namespace

Profile profile_model(Worker& worker, const Deployment& model, const Graph& graph, SampleFeed feed,
                      const ProfileOptions& options) {
  JobRequest request{"profile",
                     to_line({{"model", to_json(model)}, {"threads", options.threads}, {"seconds", options.seconds}}),
                     {},
                     std::move(feed)};
  const NamedNodes known(graph);
  Profile profile;
  read_result(worker.run(std::move(request)), [&](const Json& json) {
    profile.runs = json.at("runs").get<std::uint64_t>();
    profile.seconds = json.at("seconds").get<double>();
    for (const Json& entry : json.at("nodes")) {
      NodeTime time{.node = entry.at(0).get<std::string>(),
                    .op = "",
                    .kernel = entry.at(1).get<std::string>(),
                    .seconds = entry.at(2).get<double>(),
                    .calls = entry.at(3).get<std::uint64_t>()};
      if (const Node* node = known.find(time.node)) {
        time.node = node->name;
        time.op = node->op_type;
      }
      profile.nodes.push_back(std::move(time));
    }
  });
  std::ranges::stable_sort(profile.nodes, std::greater{}, &NodeTime::seconds);
  return profile;
}

Job profile_job() {
  return {"profile", run_profile};
}

}  // namespace bw
