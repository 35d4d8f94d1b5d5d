#include <onnxruntime/onnxruntime_cxx_api.h>
#include <onnxruntime/onnxruntime_session_options_config_keys.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "run/ort/ort.h"
#include "run/ort/tap.h"
#include "run/ort/value.h"

namespace bw::ort {
namespace {

// "/build/onnxruntime/core/graph/graph.cc:123": where in its own source the runtime found a fault.
bool is_source_place(std::string_view word) {
  const std::size_t colon = word.rfind(':');
  if (colon == word.npos || word.find('/') == word.npos) return false;
  const std::string_view file = word.substr(0, colon), line = word.substr(colon + 1);
  return (file.ends_with(".cc") || file.ends_with(".cpp") || file.ends_with(".h")) && !line.empty() &&
         line.find_first_not_of("0123456789") == line.npos;
}

// The runtime's words on one line, without places in its source.
std::string cleaned(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::string clean;
  for (std::size_t at = text.find_first_not_of(kBlanks); at != text.npos; at = text.find_first_not_of(kBlanks, at)) {
    const std::string_view word = text.substr(at, text.find_first_of(kBlanks, at) - at);
    if (!is_source_place(word)) clean.append(clean.empty() ? "" : " ").append(word);
    at += word.size();
  }
  return clean;
}

// Which kind of error an ONNX Runtime failure is.
[[noreturn]] void rethrow(const Ort::Exception& error, const std::string& where) {
  const std::string text = cleaned(error.what());
  const bool no_memory = text.find("bad_alloc") != std::string::npos || text.find("bad allocation") != std::string::npos ||
                         text.find("Failed to allocate memory") != std::string::npos;
  if (no_memory) throw Error(InputClass::Limit, "ONNX Runtime ran out of its memory limit: " + text, where);
  switch (error.GetOrtErrorCode()) {
    case ORT_NO_SUCHFILE: throw Error(InputClass::Path, text, where);
    case ORT_INVALID_PROTOBUF: throw Error(InputClass::Format, text, where);
    case ORT_NOT_IMPLEMENTED: throw Error(ErrorKind::HardwareCompatibility, "ONNX Runtime has no kernel: " + text, where);
    default: throw Error(InputClass::Semantic, "ONNX Runtime: " + text, where);
  }
}

Ort::Env& environment() {
  static Ort::Env env(ORT_LOGGING_LEVEL_ERROR, "bitwright");
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

class Session final : public Runner {
 public:
  Session(const ModelFile& model, const LoadOptions& options)
      : where_(model.path.string()), taps_(!options.taps.empty()), profiles_(!options.profile.empty()), domain_(kTapDomain) {
    Ort::SessionOptions settings = settings_of(model, options);
    session_ = load(model, options, settings);
    Ort::AllocatorWithDefaultOptions names;
    for (std::size_t i = 0; i < session_.GetInputCount(); ++i)
      inputs_.push_back(port_of(session_.GetInputNameAllocated(i, names).get(), session_.GetInputTypeInfo(i).GetConst()));
    for (std::size_t i = 0; i < session_.GetOutputCount(); ++i)
      outputs_.push_back(port_of(session_.GetOutputNameAllocated(i, names).get(), session_.GetOutputTypeInfo(i).GetConst()));
    for (const Port& port : inputs_) input_names_.push_back(port.name.c_str());
    for (const Port& port : outputs_) output_names_.push_back(port.name.c_str());
  }

  const std::vector<Port>& inputs() const override { return inputs_; }
  const std::vector<Port>& outputs() const override { return outputs_; }

  std::vector<Tensor> run(std::span<const Tensor> inputs, const TapSink& sink) override {
    if (inputs.size() != inputs_.size())
      throw Error(InputClass::Data, "the model takes " + std::to_string(inputs_.size()) + " inputs, the sample has " +
                                        std::to_string(inputs.size()), where_);
    std::vector<Ort::Value> values;
    for (const Tensor& input : inputs) values.push_back(value_of(input));
    std::vector<Tensor> outputs;
    for (Ort::Value& value : run_values(values, sink)) outputs.push_back(tensor_of(std::move(value)));
    return outputs;
  }

  std::filesystem::path end_profile() override {
    if (!profiles_) return {};
    Ort::AllocatorWithDefaultOptions names;
    return session_.EndProfilingAllocated(names).get();
  }

 private:
  Ort::SessionOptions settings_of(const ModelFile& model, const LoadOptions& options) {
    Ort::SessionOptions settings;
    settings.SetIntraOpNumThreads(options.threads);
    settings.SetGraphOptimizationLevel(options.optimize ? ORT_ENABLE_ALL : ORT_DISABLE_ALL);
    // Sessions that stand side by side in one worker must not burn each other's cores between runs.
    if (options.threads > 1) settings.AddConfigEntry(kOrtSessionOptionsConfigForceSpinningStop, "1");
    if (!model.path.empty())
      settings.AddConfigEntry(kOrtSessionOptionsModelExternalInitializersFileFolderPath,
                              std::filesystem::absolute(model.path).parent_path().c_str());
    for (const auto& [key, value] : options.config) settings.AddConfigEntry(key.c_str(), value.c_str());
    if (!options.save_optimized.empty()) settings.SetOptimizedModelFilePath(options.save_optimized.c_str());
    if (profiles_) settings.EnableProfiling(options.profile.c_str());
    if (taps_) {
      domain_.Add(tap_operator());
      settings.Add(domain_);
    }
    return settings;
  }

  Ort::Session load(const ModelFile& model, const LoadOptions& options, const Ort::SessionOptions& settings) {
    try {
      if (model.bytes.empty() && !taps_) return Ort::Session(environment(), model.path.c_str(), settings);
      std::optional<MappedFile> file;
      if (model.bytes.empty()) file.emplace(model.path);
      std::span<const std::byte> bytes = file ? file->bytes() : model.bytes;
      std::string tapped;
      if (taps_) {
        tapped.reserve(bytes.size() + 256 * options.taps.size());
        tapped.append(as_text(bytes)).append(tap_suffix(options.taps));
        bytes = as_bytes(tapped);
      }
      return Ort::Session(environment(), bytes.data(), bytes.size(), settings);
    } catch (const Ort::Exception& error) {
      rethrow(error, where_);
    }
  }

  std::vector<Ort::Value> run_values(std::span<const Ort::Value> values, const TapSink& sink) {
    TapScope scope(sink);
    try {
      return session_.Run(Ort::RunOptions{nullptr}, input_names_.data(), values.data(), values.size(), output_names_.data(),
                          output_names_.size());
    } catch (const Ort::Exception& error) {
      if (std::exception_ptr thrown = scope.take_error()) std::rethrow_exception(thrown);
      rethrow(error, where_);
    }
  }

  std::string where_;
  bool taps_, profiles_;
  Ort::CustomOpDomain domain_;  // must outlive the session
  Ort::Session session_{nullptr};
  std::vector<Port> inputs_, outputs_;
  std::vector<const char*> input_names_, output_names_;
};

std::unique_ptr<Runner> load(const ModelFile& model, const LoadOptions& options) {
  return std::make_unique<Session>(model, options);
}

}  // namespace

Runtime runtime() {
  return {"onnxruntime", "ONNX Runtime on the CPU", [] { return true; }, [] { return Ort::GetVersionString(); }, load};
}

}  // namespace bw::ort
