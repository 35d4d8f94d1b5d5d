// Runtimes: what can load a model and run it. A runtime is a folder in run/ and one line in the list of runtime.cpp.
// Third-party runtimes run models inside worker processes only (run/worker.h).
#pragma once

#include <cstddef>
#include <cstdint>
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

// A model as a runtime takes it: a path; or, where `bytes` are there, a model in memory as its format detaches it
// (format.h), with the parts that stand apart in `data`, which the runner keeps as long as it needs them. Then `path`'s
// folder is where other files lie that the model names, which are listed in `files`.
struct ModelFile {
  std::filesystem::path path;
  std::span<const std::byte> bytes = {};
  SharedBytes data = {};
  std::vector<std::filesystem::path> files = {};
};

// In which order the elements of a tapped value are shown: as its shape has them, or as the runtime happens to hold
// them, for who needs no order and would not wait for one to be made.
enum class ElementOrder : std::uint8_t { Plain, Any };

struct LoadOptions {
  int threads = 1;                // inside one run; several runs may go side by side
  bool optimize = true;           // false: the graph as it stands, no fusion
  std::vector<std::string> taps;  // values to be shown to run()'s sink, by name
  // Any: run() may be asked for either order, else for the plain one only. A runtime may refuse Any for a model that it
  // loads otherwise.
  ElementOrder tap_order = ElementOrder::Plain;
  std::map<std::string, std::string> config;  // the runtime's own settings, by its own names
  bool profile = false;                       // profile() is asked for
};

// Called on the thread that called run(), once for every tapped value, with its position in LoadOptions::taps. The
// tensor's memory is the runtime's and is gone after the call. What it throws, run() throws.
using TapSink = std::function<void(std::size_t tap, const Tensor& value)>;

struct Port {
  std::string name;
  ValueType type;
};

// What a runtime spent on one node of what it made of the model, over all runs but the first, in which runtimes prepare
// what later ones use.
struct NodeTime {
  std::string node;    // its name; of a node that the runtime made, the runtime's
  std::string op;      // of the model's node with that name; empty where there is none, and as it comes from a runtime
  std::string kernel;  // the runtime's own name for what it ran
  double seconds = 0;
  std::uint64_t calls = 0;
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
                                  ElementOrder order = ElementOrder::Plain) = 0;

  // Once, after the last run, of a model that was loaded with LoadOptions::profile and ran in one thread.
  virtual std::vector<NodeTime> profile() = 0;
};

struct Runtime {
  std::string_view name;  // "onnxruntime"
  std::string_view says;
  std::string_view brought_by;  // the command that brings it where it is not there; empty: it is built in
  std::string_view format;      // entry of the format catalog that it takes from memory
  std::int64_t newest_ir_version, newest_opset;  // of ONNX files that it takes
  bool (*available)();
  std::string (*version)();  // of one that is available
  // Errors: InputError of the class that fits when the runtime refuses the model, HardwareCompatibilityError when it
  // has no kernel for it.
  std::unique_ptr<Runner> (*load)(ModelFile model, const LoadOptions& options);
};

std::span<const Runtime> runtimes();
const Runtime& runtime_named(std::string_view name);  // UsageError that lists the names
// The same, and UsageError with the command that brings it when it is not there.
const Runtime& available_runtime(std::string_view name);
// "openvino 2026.4.1", by which results are told apart.
std::string name_and_version(const Runtime& runtime);

}  // namespace bw
