// A model's file in a runtime: what is loaded, measured and compared.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "format/ports.h"
#include "run/runtime.h"

namespace bw {

struct Deployment {
  std::filesystem::path file;
  std::string runtime;  // entry of the runtime catalog
  Ports ports = {};     // of the graph that the file was made of
};

// As it crosses to a worker.
Json to_json(const Deployment& deployment);
Deployment deployment_from(const Json& json);

// A runner whose inputs and outputs are those of the graph that its file was made of, in that graph's order and layout.
class BoundRunner final : public Runner {
 public:
  // Error(Internal) when the file's inputs and outputs are not where `ports` has them.
  BoundRunner(std::unique_ptr<Runner> runner, Ports ports);

  const std::vector<Port>& inputs() const override { return inputs_; }
  const std::vector<Port>& outputs() const override { return outputs_; }
  // Taps are shown as the file has them.
  std::vector<Tensor> run(std::span<const Tensor> inputs, const TapSink& sink = {},
                          ElementOrder order = ElementOrder::Plain) override;
  std::vector<NodeTime> profile() override { return runner_->profile(); }

  // For who times the runtime alone: what run() gives the file, and the file's own runner.
  std::vector<Tensor> as_in_file(std::span<const Tensor> inputs) const;
  Runner& in_file() { return *runner_; }

 private:
  std::unique_ptr<Runner> runner_;
  Ports ports_;
  std::vector<Port> inputs_, outputs_;
};

// Errors: available_runtime()'s, and the runtime's.
std::unique_ptr<BoundRunner> load(const Deployment& deployment, const LoadOptions& options = {});

}  // namespace bw
