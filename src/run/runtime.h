// Runtimes: what can load a model and run it. A runtime is a folder in run/ and one line in the list of runtime.cpp.
// Third-party runtimes run models inside worker processes only (run/worker.h).
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "run/frame.h"
#include "tensor/tensor.h"

namespace bw {

// A model as a runtime takes it: a file, or bytes already in memory. Then `path`'s folder is where external data lies,
// but what the model calls kDataInMemory: that is `data`, which the runner keeps as long as it needs it.
struct ModelFile {
  std::filesystem::path path;
  std::span<const std::byte> bytes = {};
  SharedBytes data = {};
};
inline constexpr const char* kDataInMemory = "memory";

// In which order a tapped value's elements are shown. Runtimes hold values in orders of their own (blocks of channels);
// what needs no order saves the time of making the plain one.
enum class TapOrder { Plain, Any };

struct LoadOptions {
  int threads = 1;                // inside one run; several runs may go side by side
  bool optimize = true;           // false: the graph as it stands, no fusion
  std::vector<std::string> taps;  // values to be shown to run()'s sink, by name
  // Any: run() may be asked for either order, else for the plain one only. A runtime may refuse Any for a model that it
  // loads otherwise.
  TapOrder tap_order = TapOrder::Plain;
  std::map<std::string, std::string> config;  // the runtime's own settings, by its own names
  std::filesystem::path save_optimized;       // where to write the graph that really runs; empty: nowhere
  std::filesystem::path profile;              // prefix of a profile file; empty: no profile
};

// Called on the thread that called run(), once for every tapped value, with its position in LoadOptions::taps. The
// tensor's memory is the runtime's and is gone after the call. What it throws, run() throws.
using TapSink = std::function<void(std::size_t tap, const Tensor& value)>;

struct Port {
  std::string name;
  ValueType type;
};

// A loaded model. run() may be called from several threads at once.
class Runner {
 public:
  virtual ~Runner() = default;
  virtual const std::vector<Port>& inputs() const = 0;
  virtual const std::vector<Port>& outputs() const = 0;

  // Inputs in the order of inputs(), with their batch axis; gives the outputs in the order of outputs() (an output that
  // is not a tensor comes back undefined). Errors: InputError when the runtime refuses shapes, types or content.
  virtual std::vector<Tensor> run(std::span<const Tensor> inputs, const TapSink& sink = {},
                                  TapOrder order = TapOrder::Plain) = 0;

  // Ends profiling and gives the file's path; empty when it was not asked for.
  virtual std::filesystem::path end_profile() = 0;
};

struct Runtime {
  std::string_view name;  // "onnxruntime"
  std::string_view says;
  std::int64_t newest_ir_version, newest_opset;  // of ONNX files that it takes
  bool (*available)();
  std::string (*version)();
  // Errors: InputError of the class that fits when the runtime refuses the model, HardwareCompatibilityError when it
  // has no kernel for it.
  std::unique_ptr<Runner> (*load)(ModelFile model, const LoadOptions& options);
};

std::span<const Runtime> runtimes();
const Runtime& runtime_named(std::string_view name);  // UsageError that lists the names

}  // namespace bw
