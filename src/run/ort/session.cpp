#include <onnxruntime/onnxruntime_cxx_api.h>
#include <onnxruntime/onnxruntime_session_options_config_keys.h>
#include <sys/mman.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "format/onnx/onnx.h"
#include "run/frame.h"
#include "run/ort/ort.h"
#include "run/ort/profile.h"
#include "run/ort/tap.h"
#include "run/ort/value.h"
#include "run/ort/words.h"

namespace bw::ort {
namespace {

// A setting that is no entry of its configuration: where it writes the graph that really runs.
constexpr std::string_view kOptimizedModelPath = "optimized_model_filepath";

// Which kind of error an ONNX Runtime failure is.
[[noreturn]] void rethrow(const Ort::Exception& error, const std::string& where) {
  const std::string text = plain_words(error.what());
  const bool no_memory = text.find("bad_alloc") != std::string::npos ||
                         text.find("bad allocation") != std::string::npos ||
                         text.find("Failed to allocate memory") != std::string::npos;
  if (no_memory) throw Error(InputClass::Limit, "ONNX Runtime ran out of its memory limit: " + text, where);
  switch (error.GetOrtErrorCode()) {
    case ORT_NO_SUCHFILE:
      throw Error(InputClass::Path, text, where);
    case ORT_INVALID_PROTOBUF:
      throw Error(InputClass::Format, text, where);
    case ORT_NOT_IMPLEMENTED:
      throw Error(ErrorKind::HardwareCompatibility, "ONNX Runtime has no kernel: " + text, where);
    default:
      throw Error(InputClass::Semantic, "ONNX Runtime: " + text, where);
  }
}

// With an allocator for sessions that should take little memory: it asks the system for what is needed, where the
// runtime's own doubles with every request. Only sessions that say so use it.
Ort::Env& environment() {
  static Ort::Env env = [] {
    Ort::Env made(ORT_LOGGING_LEVEL_ERROR, "bitwright");
    constexpr int kSameAsRequested = 1, kStandard = -1;
    const Ort::ArenaCfg arena(0, kSameAsRequested, kStandard, kStandard);
    made.CreateAndRegisterAllocator(Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault), arena);
    return made;
  }();
  return env;
}

Port port_of(std::string name, const Ort::ConstTypeInfo& type) {
  Port port{std::move(name), {}};
  if (type.GetONNXType() != ONNX_TYPE_TENSOR) return port;
  const auto info = type.GetTensorTypeAndShapeInfo();
  const std::vector<std::int64_t> sizes = info.GetShape();
  std::vector<const char*> symbols(sizes.size(), "");
  info.GetSymbolicDimensions(symbols.data(), symbols.size());
  std::vector<Dim> dims;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    dims.push_back(sizes[i] >= 0 ? Dim{sizes[i], {}} : Dim{-1, symbols[i]});
  port.type = ValueType::tensor(dtype_of(info.GetElementType()), std::move(dims));
  return port;
}

// `bytes` serve as the file of external data that the model calls `name`.
void add_data(Ort::SessionOptions& settings, const std::string& name, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  char* data = reinterpret_cast<char*>(const_cast<std::byte*>(bytes.data()));  // the runtime only reads it
  settings.AddExternalInitializersFromFilesInMemory({name}, {data}, {bytes.size()});
}

// Memory that the runtime writes as if it were a file, and that is mapped then.
class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("bitwright-model", MFD_CLOEXEC)) {
    if (!fd_) throw Error(InputClass::Limit, "no memory for the optimized model");
  }
  std::string name() const { return std::to_string(fd_.get()); }
  std::string path() const { return "/proc/self/fd/" + name(); }
  void map() { mapping_.emplace(path()); }
  std::span<const std::byte> bytes() const { return mapping_->bytes(); }

 private:
  OwnedFd fd_;
  std::optional<MappedFile> mapping_;
};

class Session final : public Runner {
 public:
  Session(ModelFile model, const LoadOptions& options)
      : where_(model.path.string()), options_(options), domain_(kTapDomain) {
    if (taps()) domain_.Add(tap_operator());
    if (options.profile) profiled_.emplace("the profile");
    session_ = load(std::move(model));
    Ort::AllocatorWithDefaultOptions names;
    for (std::size_t i = 0; i < session_.GetInputCount(); ++i)
      inputs_.push_back(
          port_of(session_.GetInputNameAllocated(i, names).get(), session_.GetInputTypeInfo(i).GetConst()));
    for (std::size_t i = 0; i < session_.GetOutputCount(); ++i)
      outputs_.push_back(
          port_of(session_.GetOutputNameAllocated(i, names).get(), session_.GetOutputTypeInfo(i).GetConst()));
    for (const Port& port : inputs_) input_names_.push_back(port.name.c_str());
    for (const Port& port : outputs_) output_names_.push_back(port.name.c_str());
  }

  const std::vector<Port>& inputs() const override { return inputs_; }
  const std::vector<Port>& outputs() const override { return outputs_; }

  std::vector<Tensor> run(std::span<const Tensor> inputs, const TapSink& sink, ElementOrder order) override {
    if (inputs.size() != inputs_.size())
      throw Error(InputClass::Data,
                  "the model takes " + std::to_string(inputs_.size()) + " inputs, the sample has " +
                      std::to_string(inputs.size()),
                  where_);
    std::vector<Ort::Value> values;
    for (const Tensor& input : inputs) values.push_back(value_of(input));
    std::vector<Tensor> outputs;
    for (Ort::Value& value : run_values(values, sink, order)) outputs.push_back(tensor_of(std::move(value)));
    return outputs;
  }

  std::vector<NodeTime> profile() override {
    Ort::AllocatorWithDefaultOptions names;
    return node_times(read_file(session_.EndProfilingAllocated(names).get()));
  }

 private:
  // The model that the runtime made of one with Taps: its large tensors stand in a file of their own.
  struct Optimized {
    MemoryFile model, data;
  };

  bool taps() const { return !options_.taps.empty(); }

  Ort::SessionOptions settings_of(const std::filesystem::path& path, bool optimize) const {
    Ort::SessionOptions settings;
    settings.SetIntraOpNumThreads(options_.threads);
    settings.SetGraphOptimizationLevel(optimize ? ORT_ENABLE_ALL : ORT_DISABLE_ALL);
    // Sessions that stand side by side in one worker must not burn each other's cores between runs.
    if (options_.threads > 1) settings.AddConfigEntry(kOrtSessionOptionsConfigForceSpinningStop, "1");
    if (!path.empty())
      settings.AddConfigEntry(kOrtSessionOptionsModelExternalInitializersFileFolderPath,
                              std::filesystem::absolute(path).parent_path().c_str());
    for (const auto& [key, value] : options_.config)
      key == kOptimizedModelPath ? void(settings.SetOptimizedModelFilePath(value.c_str()))
                                 : void(settings.AddConfigEntry(key.c_str(), value.c_str()));
    if (profiled_) settings.EnableProfiling((profiled_->path() / "profile").c_str());
    if (taps()) {
      settings.AddConfigEntry(kOrtSessionOptionsConfigUseEnvAllocators, "1");
      settings.DisableMemPattern();  // it reserves the values of a whole run at once
      settings.Add(domain_);
    }
    return settings;
  }

  Ort::Session load(ModelFile model) {
    try {
      Ort::SessionOptions settings = settings_of(model.path, options_.optimize);
      if (model.bytes.empty() && !taps()) return Ort::Session(environment(), model.path.c_str(), settings);
      add_data(settings, onnx::kDataInMemory, model.data.bytes());
      std::optional<MappedFile> file;
      if (model.bytes.empty()) file.emplace(model.path);
      const std::span<const std::byte> bytes = file ? file->bytes() : model.bytes;
      data_ = std::move(model.data);
      if (taps()) return load_tapped(as_text(bytes), settings);
      return Ort::Session(environment(), bytes.data(), bytes.size(), settings);
    } catch (const Ort::Exception& error) {
      rethrow(error, where_);
    }
  }

  Ort::Session load_tapped(std::string_view model, const Ort::SessionOptions& settings) {
    std::string tapped;
    tapped.reserve(model.size() + 256 * options_.taps.size());
    tapped.append(model).append(tap_suffix(options_.taps));
    if (options_.tap_order == ElementOrder::Any && options_.optimize && has_convolution(model))
      if (Ort::Session session = load_on_blocks(tapped, settings)) return session;
    return Ort::Session(environment(), tapped.data(), tapped.size(), settings);
  }

  // The runtime optimizes the model, and what it made of it is loaded again with its Taps on the blocks. Empty when no
  // tapped value is computed in blocks.
  Ort::Session load_on_blocks(const std::string& tapped, const Ort::SessionOptions& settings) {
    auto optimized = std::make_unique<Optimized>();
    Ort::SessionOptions saving = settings.Clone();
    saving.SetOptimizedModelFilePath(optimized->model.path().c_str());
    saving.AddConfigEntry(kOrtSessionOptionsOptimizedModelExternalInitializersFileName, optimized->data.name().c_str());
    saving.AddConfigEntry(kOrtSessionOptionsOptimizedModelExternalInitializersMinSizeInBytes, "1024");
    {
      const Ort::Session saved(environment(), tapped.data(), tapped.size(), saving);
    }
    optimized->model.map(), optimized->data.map();
    if (!taps_read_reorders(as_text(optimized->model.bytes()))) return Ort::Session{nullptr};
    optimized_ = std::move(optimized);
    data_ = {};  // the optimized model has its own
    return load_optimized(ElementOrder::Any);
  }

  Ort::Session load_optimized(ElementOrder order) {
    const std::string model = optimized_with_taps(as_text(optimized_->model.bytes()), order);
    Ort::SessionOptions settings = settings_of({}, false);
    add_data(settings, optimized_->data.name(), optimized_->data.bytes());
    return Ort::Session(environment(), model.data(), model.size(), settings);
  }

  Ort::Session& session_for(ElementOrder order) {
    if (order == ElementOrder::Any || !optimized_) return session_;
    std::call_once(once_, [&] { plain_ = load_optimized(ElementOrder::Plain); });
    return plain_;
  }

  std::vector<Ort::Value> run_values(std::span<const Ort::Value> values, const TapSink& sink, ElementOrder order) {
    TapScope scope(sink);
    try {
      return session_for(order).Run(Ort::RunOptions{nullptr}, input_names_.data(), values.data(), values.size(),
                                    output_names_.data(), output_names_.size());
    } catch (const Ort::Exception& error) {
      if (std::exception_ptr thrown = scope.take_error()) std::rethrow_exception(thrown);
      rethrow(error, where_);
    }
  }

  std::string where_;
  LoadOptions options_;
  std::optional<TemporaryFolder> profiled_;
  Ort::CustomOpDomain domain_;  // this and the next two must outlive the sessions
  SharedBytes data_;
  std::unique_ptr<Optimized> optimized_;  // set when session_ shows values in any order
  Ort::Session session_{nullptr}, plain_{nullptr};
  std::once_flag once_;
  std::vector<Port> inputs_, outputs_;
  std::vector<const char*> input_names_, output_names_;
};

std::unique_ptr<Runner> load(ModelFile model, const LoadOptions& options) {
  return std::make_unique<Session>(std::move(model), options);
}

}  // namespace

Runtime runtime() {
  // What version 1.31 refuses beyond; a test asks it.
  constexpr std::int64_t kNewestIrVersion = 13, kNewestOpset = 26;
  return {.name = "onnxruntime",
          .says = "ONNX Runtime on the CPU",
          .brought_by = "",
          .format = "onnx",
          .newest_ir_version = kNewestIrVersion,
          .newest_opset = kNewestOpset,
          .available = [] { return true; },
          .version = [] { return Ort::GetVersionString(); },
          .load = load};
}

}  // namespace bw::ort
