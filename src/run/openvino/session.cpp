#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <regex>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "format/onnx/onnx.h"
#include "run/openvino/api.h"
#include "run/openvino/openvino.h"
#include "run/wire.h"

namespace bw::openvino {
namespace {

// --- errors
// -----------------------------------------------------------------------------------------------------------------

// On one line, without places in its source and conditions in C++.
std::string plain_words(const std::string& said) {
  static const std::regex kPlaces(R"((Exception from|Check '[^']*' failed at) [^\s]*:\d*:?)"), kBlanks(R"(\s+)"),
      kEnds(R"(^\s+|\s+$)");
  std::string text = std::regex_replace(said.substr(0, 4000), kPlaces, " ");
  text = std::regex_replace(std::regex_replace(text, kBlanks, " "), kEnds, "");
  return text.empty() ? "it gives no reason" : text;
}

[[noreturn]] void refuse(const std::string& where) {
  const std::string text = plain_words(api()->last_error());
  for (const char* sign : {"OpConversionFailure", "No conversion", "not supported", "Unsupported", "unsupported"})
    if (text.find(sign) != std::string::npos)
      throw Error(ErrorKind::HardwareCompatibility, "OpenVINO has no kernel: " + text, where);
  const bool no_memory = text.find("bad_alloc") != std::string::npos;
  throw Error(no_memory ? InputClass::Limit : InputClass::Semantic, "OpenVINO: " + text, where);
}

void require(Status status, const std::string& where) {
  if (status != 0) refuse(where);
}

// --- values
// -----------------------------------------------------------------------------------------------------------------

// By the numbers of its enumeration ov_element_type_e.
constexpr std::pair<int, DType> kTypes[] = {
    {1, DType::Bool},   {2, DType::BFloat16}, {3, DType::Float16}, {4, DType::Float32}, {5, DType::Float64},
    {6, DType::Int4},   {7, DType::Int8},     {8, DType::Int16},   {9, DType::Int32},   {10, DType::Int64},
    {14, DType::UInt4}, {16, DType::UInt8},   {17, DType::UInt16}, {18, DType::UInt32}, {19, DType::UInt64},
};

DType dtype_of(int type) {
  const auto found = std::ranges::find(kTypes, type, &std::pair<int, DType>::first);
  return found == std::end(kTypes) ? DType::Undefined : found->second;
}

struct FreeValue {
  void operator()(Value* value) const { api()->free_value(value); }
};
using OwnedValue = std::unique_ptr<Value, FreeValue>;

// A value that reads the tensor's bytes: the tensor must outlive it.
OwnedValue value_of(const Tensor& tensor, const std::string& where) {
  static std::byte nothing[64];
  const auto type = std::ranges::find(kTypes, tensor.dtype(), &std::pair<int, DType>::second);
  if (type == std::end(kTypes))
    throw Error(InputClass::Unsupported, "OpenVINO takes no " + std::string(name_of(tensor.dtype())), where);
  Shape shape = tensor.shape();
  auto* data = const_cast<std::byte*>(tensor.bytes().data());  // the runtime only reads its inputs
  Value* value = nullptr;
  require(api()->wrap_value(type->first, {std::ssize(shape), shape.data()}, data ? data : nothing, &value), where);
  return OwnedValue(value);
}

Tensor tensor_of(const Value* value, std::shared_ptr<const void> owner, const std::string& where) {
  int type = 0;
  Extents extents;
  std::size_t size = 0;
  void* data = nullptr;
  require(api()->value_type(value, &type), where);
  if (dtype_of(type) == DType::Undefined) return {};
  require(api()->value_bytes(value, &size), where);
  require(api()->value_data(value, &data), where);
  require(api()->value_extents(value, &extents), where);
  Shape shape(extents.dims, extents.dims + extents.rank);
  api()->free_value_extents(&extents);
  return Tensor::wrap(dtype_of(type), std::move(shape), {static_cast<const std::byte*>(data), size}, std::move(owner));
}

// --- models
// -----------------------------------------------------------------------------------------------------------------

Port port_of(Place* place, const std::string& where) {
  Port port;
  char* name = nullptr;
  if (api()->name_of(place, &name) == 0) {
    port.name = name;
    api()->free_text(name);
  }
  int type = 0;
  PartialExtents extents;
  require(api()->type_of(place, &type), where);
  require(api()->extents_of(place, &extents), where);
  std::optional<std::vector<Dim>> dims;
  if (extents.rank.least == extents.rank.most) {
    dims.emplace();
    for (std::int64_t i = 0; i < extents.rank.least; ++i) {
      const Extent& extent = extents.dims[i];
      dims->push_back({extent.least == extent.most ? extent.least : -1, {}});
    }
  }
  api()->free_extents(&extents);
  api()->free_place(place);
  port.type = ValueType::tensor(dtype_of(type), std::move(dims));
  return port;
}

// A model in memory as files: the runtime reads a model's other files from beside it only.
class ModelFolder {
 public:
  // `data`: large tensors that stand apart in memory; `others`: files that the model names, from beside `path`.
  ModelFolder(std::span<const std::byte> model, std::span<const std::byte> data, const fs::path& path,
              std::span<const fs::path> others) {
    write_file(file(), model);
    if (!data.empty()) write_file(folder_.path() / onnx::kDataInMemory, data);
    for (const fs::path& other : others) {
      const fs::path place = folder_.path() / other.lexically_relative(path.parent_path());
      fs::create_directories(place.parent_path());
      std::error_code elsewhere;
      fs::create_hard_link(other, place, elsewhere);  // a symbolic one leads out of the folder, and is refused
      if (elsewhere) fs::copy_file(other, place);
    }
  }
  fs::path file() const { return folder_.path() / "model.onnx"; }

 private:
  TemporaryFolder folder_{"the model"};
};

// To be put behind the bytes of a model: the values as outputs, in this order behind its own.
std::string as_outputs(std::span<const std::string> values) {
  std::string outputs;
  for (const std::string& value : values)
    outputs += wire::bytes_field(wire::graph_field::kOutput, wire::bytes_field(wire::port_field::kName, value));
  return wire::bytes_field(wire::model_field::kGraph, outputs);
}

const Core* core() {
  static const Core* kCore = [] {
    Core* made = nullptr;
    require(api()->create_core(&made), "");
    return made;
  }();
  return kCore;
}

struct FreeRequest {
  void operator()(Request* request) const { api()->free_request(request); }
};
using OwnedRequest = std::unique_ptr<Request, FreeRequest>;

// A compiled model, and the requests that nobody uses now.
struct Loaded {
  std::string where;
  Compiled* compiled = nullptr;
  std::mutex mutex;
  std::vector<OwnedRequest> free;

  ~Loaded() {
    free.clear();
    if (compiled != nullptr) api()->free_compiled(compiled);
  }
  OwnedRequest take() {
    const std::lock_guard lock(mutex);
    if (!free.empty()) {
      OwnedRequest request = std::move(free.back());
      free.pop_back();
      return request;
    }
    Request* made = nullptr;
    require(api()->create_request(compiled, &made), where);
    return OwnedRequest(made);
  }
};

// A request in use, and its outputs, which lie in its memory. It is free again when this goes.
struct Lease {
  std::shared_ptr<Loaded> of;
  OwnedRequest request;
  std::vector<OwnedValue> outputs;

  explicit Lease(std::shared_ptr<Loaded> loaded) : of(std::move(loaded)), request(of->take()) {}
  ~Lease() {
    outputs.clear();
    const std::lock_guard lock(of->mutex);
    of->free.push_back(std::move(request));
  }
};

class Session final : public Runner {
 public:
  Session(const ModelFile& model, const LoadOptions& options)
      : taps_(options.taps.size()), profiles_(options.profile), loaded_(std::make_shared<Loaded>()) {
    loaded_->where = model.path.string();
    loaded_->compiled = compiled(model, options);
    read_places(api()->count_inputs, api()->input, inputs_);
    read_places(api()->count_outputs, api()->output, outputs_);
    outputs_.resize(outputs_.size() - taps_);
  }

  const std::vector<Port>& inputs() const override { return inputs_; }
  const std::vector<Port>& outputs() const override { return outputs_; }

  std::vector<Tensor> run(std::span<const Tensor> inputs, const TapSink& sink, ElementOrder) override {
    if (inputs.size() != inputs_.size())
      throw Error(InputClass::Data,
                  "the model takes " + std::to_string(inputs_.size()) + " inputs, the sample has " +
                      std::to_string(inputs.size()),
                  loaded_->where);
    const auto lease = std::make_shared<Lease>(loaded_);
    for (std::size_t i = 0; i < inputs.size(); ++i)
      require(api()->set_input(lease->request.get(), i, value_of(inputs[i], loaded_->where).get()), loaded_->where);
    require(api()->infer(lease->request.get()), loaded_->where);
    if (profiles_ && runs_++ == 0) first_ = averages();
    std::vector<Tensor> outputs;
    for (std::size_t i = 0; i < outputs_.size(); ++i) outputs.push_back(output(lease, i));
    for (std::size_t i = 0; sink && i < taps_; ++i) sink(i, output(lease, outputs_.size() + i));
    return outputs;
  }

  std::vector<NodeTime> profile() override {
    std::vector<NodeTime> times = averages();
    for (NodeTime& time : times) {
      const auto first = std::ranges::find(first_, time.node, &NodeTime::node);
      const double in_first = first == first_.end() ? 0 : first->seconds;
      time.calls = runs_ - 1;
      time.seconds = std::max(0.0, time.seconds * static_cast<double>(runs_) - in_first);
    }
    return times;
  }

 private:
  // The model's own file where that will do.
  fs::path readable_file(const ModelFile& model, std::span<const std::string> taps) {
    const bool in_memory = !model.bytes.empty();
    if (!in_memory && !fs::exists(model.path))
      throw Error(InputClass::Path, "there is no such file", model.path.string());
    if (!in_memory && taps.empty()) return model.path;
    std::vector<fs::path> files = model.files;
    if (!in_memory) files = files_of(model.path), files.erase(files.begin());  // the model's own is first
    std::string bytes(in_memory ? as_text(model.bytes) : read_file(model.path));
    if (!taps.empty()) bytes += as_outputs(taps);
    folder_.emplace(as_bytes(bytes), model.data.bytes(), model.path, files);
    return folder_->file();
  }

  Compiled* compiled(const ModelFile& model, const LoadOptions& options) {
    const fs::path file = readable_file(model, options.taps);
    Model* read = nullptr;
    require(api()->read_model(core(), file.c_str(), nullptr, &read), loaded_->where);
    const std::string threads = std::to_string(options.threads);
    // By default it computes floats in fewer bits where the processor can.
    std::vector<Property> settings{{"INFERENCE_PRECISION_HINT", "f32"},
                                   {"INFERENCE_NUM_THREADS", threads.c_str()},
                                   {"NUM_STREAMS", "1"},
                                   {"ENABLE_CPU_PINNING", "NO"},
                                   {"PERF_COUNT", profiles_ ? "YES" : "NO"}};
    for (const auto& [key, value] : options.config) settings.push_back({key.c_str(), value.c_str()});
    Compiled* compiled = nullptr;
    const Status status = api()->compile(core(), read, "CPU", settings.size(), settings.data(), &compiled);
    api()->free_model(read);
    require(status, loaded_->where);
    return compiled;
  }

  void read_places(Status (*count)(const Compiled*, std::size_t*), Status (*at)(const Compiled*, std::size_t, Place**),
                   std::vector<Port>& ports) const {
    std::size_t size = 0;
    require(count(loaded_->compiled, &size), loaded_->where);
    for (std::size_t i = 0; i < size; ++i) {
      Place* place = nullptr;
      require(at(loaded_->compiled, i, &place), loaded_->where);
      ports.push_back(port_of(place, loaded_->where));
    }
  }

  Tensor output(const std::shared_ptr<Lease>& lease, std::size_t index) const {
    Value* value = nullptr;
    require(api()->get_output(lease->request.get(), index, &value), loaded_->where);
    lease->outputs.emplace_back(value);
    return tensor_of(value, lease, loaded_->where);
  }

  // What the runtime tells of each node that runs: its time, averaged over all runs so far.
  std::vector<NodeTime> averages() const {
    constexpr int kExecuted = 2;
    constexpr double kMicrosecond = 1e-6;
    const Lease lease(loaded_);
    NodeProfiles profiles;
    require(api()->get_profile(lease.request.get(), &profiles), loaded_->where);
    std::vector<NodeTime> times;
    for (const NodeProfile& node : std::span(profiles.list, profiles.size))
      if (node.status == kExecuted)
        times.push_back({.node = node.node_name,
                         .op = "",
                         .kernel = std::string(node.node_type) + " " + node.exec_type,
                         .seconds = kMicrosecond * static_cast<double>(node.real_time)});
    api()->free_profile(&profiles);
    return times;
  }

  std::size_t taps_;
  bool profiles_;
  std::optional<ModelFolder> folder_;
  std::shared_ptr<Loaded> loaded_;
  std::vector<Port> inputs_, outputs_;
  std::uint64_t runs_ = 0;       // that were profiled
  std::vector<NodeTime> first_;  // averages() after the first of them
};

}  // namespace

Runtime runtime() {
  constexpr std::int64_t kNewestIrVersion = 14, kNewestOpset = 28;  // of those that there are; a test asks it
  return {.name = "openvino",
          .says = "OpenVINO on the CPU, floats in 32 bits",
          .brought_by = "deps/fetch openvino",
          .format = "onnx",
          .newest_ir_version = kNewestIrVersion,
          .newest_opset = kNewestOpset,
          .available = [] { return api() != nullptr; },
          .version = [] { return api()->version; },
          // NOLINTNEXTLINE(performance-unnecessary-value-param): another runtime keeps the model's data.
          .load = [](ModelFile model, const LoadOptions& options) -> std::unique_ptr<Runner> {
            return std::make_unique<Session>(model, options);
          }};
}

}  // namespace bw::openvino
