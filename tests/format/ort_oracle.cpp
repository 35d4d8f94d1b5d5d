#include "format/ort_oracle.h"

#include <onnx/onnx-data.pb.h>
#include <onnxruntime/onnxruntime_cxx_api.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "format/onnx/proto.h"
#include "tensor/convert.h"

namespace bw::test {
namespace {

Ort::Env& environment() {
  static Ort::Env env(ORT_LOGGING_LEVEL_FATAL, "oracle");
  return env;
}

Ort::Value value_of(const Tensor& tensor) {
  Ort::AllocatorWithDefaultOptions allocator;
  const auto type = static_cast<ONNXTensorElementDataType>(tensor.dtype());
  Ort::Value value = Ort::Value::CreateTensor(allocator, tensor.shape().data(), tensor.shape().size(), type);
  if (tensor.dtype() == DType::String) {
    for (std::size_t i = 0; i < tensor.size(); ++i) value.FillStringTensorElement(tensor.strings()[i].c_str(), i);
  } else {
    std::copy(tensor.bytes().begin(), tensor.bytes().end(), static_cast<std::byte*>(value.GetTensorMutableRawData()));
  }
  return value;
}

// The file holds a tensor, or a sequence of tensors, as the input wants it.
Ort::Value given(const fs::path& file, ONNXType wanted) {
  const std::string bytes = read_file(file);
  onnx::TensorReader reader(file.parent_path(), {});
  if (wanted == ONNX_TYPE_TENSOR) {
    ::onnx::TensorProto proto;
    if (!proto.ParseFromString(bytes)) throw Error(InputClass::Format, "not a tensor");
    return value_of(reader.read(proto));
  }
  ::onnx::SequenceProto proto;
  if (wanted != ONNX_TYPE_SEQUENCE || !proto.ParseFromString(bytes))
    throw Error(InputClass::Unsupported, "not a sequence");
  std::vector<Ort::Value> values;
  for (auto& tensor : *proto.mutable_tensor_values()) values.push_back(value_of(reader.read(tensor)));
  return Ort::Value::CreateSequence(values);
}

// 0, 1, 2, 0, 1 ... whatever the type, with 2 for every dimension that is open.
Ort::Value made(const Ort::TypeInfo& info) {
  const auto tensor = info.GetTensorTypeAndShapeInfo();
  Shape shape = tensor.GetShape();
  for (auto& dim : shape) dim = dim < 0 ? 2 : dim;
  std::vector<float> values(element_count(shape));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 3);
  return value_of(
      cast(Tensor::of<float>(shape, std::span<const float>(values)), static_cast<DType>(tensor.GetElementType())));
}

void append(const Ort::Value& value, std::string& out) {
  if (!value) {
    out += "none;";
  } else if (value.IsTensor()) {
    const auto info = value.GetTensorTypeAndShapeInfo();
    const auto dtype = static_cast<DType>(info.GetElementType());
    out += std::string(name_of(dtype)) + to_string(info.GetShape()) + ":";
    if (dtype == DType::String)
      for (std::size_t i = 0; i < info.GetElementCount(); ++i) out += value.GetStringTensorElement(i) + '\0';
    else
      out.append(static_cast<const char*>(value.GetTensorRawData()), byte_size(dtype, info.GetElementCount()));
  } else {
    Ort::AllocatorWithDefaultOptions allocator;
    const std::size_t count = value.GetTypeInfo().GetONNXType() == ONNX_TYPE_MAP ? 2 : value.GetCount();
    out += "(";
    for (std::size_t i = 0; i < count; ++i) append(value.GetValue(static_cast<int>(i), allocator), out);
    out += ")";
  }
}

}  // namespace

Run run_in_ort(std::string_view model, const fs::path& folder) {
  Run run;
  try {
    Ort::SessionOptions options;
    options.SetIntraOpNumThreads(1).SetInterOpNumThreads(1).SetLogSeverityLevel(4);
    Ort::Session session(environment(), model.data(), model.size(), options);
    run.state = Run::State::NotRun;
    Ort::AllocatorWithDefaultOptions allocator;
    std::vector<Ort::AllocatedStringPtr> names;
    std::vector<const char*> inputs, outputs;
    std::vector<Ort::Value> values;
    for (std::size_t i = 0; i < session.GetInputCount(); ++i) {
      inputs.push_back(names.emplace_back(session.GetInputNameAllocated(i, allocator)).get());
      const fs::path file = folder / ("input_" + std::to_string(i) + ".pb");
      const auto info = session.GetInputTypeInfo(i);
      values.push_back(fs::exists(file) ? given(file, info.GetONNXType()) : made(info));
    }
    for (std::size_t i = 0; i < session.GetOutputCount(); ++i)
      outputs.push_back(names.emplace_back(session.GetOutputNameAllocated(i, allocator)).get());
    for (const Ort::Value& value :
         session.Run(Ort::RunOptions(), inputs.data(), values.data(), values.size(), outputs.data(), outputs.size()))
      append(value, run.outputs);
    run.state = Run::State::Ran;
  } catch (const std::exception& error) {
    run.outputs = error.what();
  }
  return run;
}

std::vector<Tensor> computed_in_ort(Graph graph, const std::map<std::string, Tensor>& given) {
  std::vector<std::string> names;
  std::vector<Ort::Value> values;
  for (const auto& [name, tensor] : given) {
    Value& value = graph.value(graph.find(name));
    if (value.initializer.defined()) {
      value.initializer = tensor;
    } else {
      names.push_back(name);
      values.push_back(value_of(tensor));
    }
  }
  std::vector<const char*> inputs, outputs;
  for (const std::string& name : names) inputs.push_back(name.c_str());
  for (const ValueId id : graph.outputs) outputs.push_back(graph.value(id).name.c_str());
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(1).SetInterOpNumThreads(1).SetLogSeverityLevel(4);
  const std::string model = onnx::serialize(graph);
  Ort::Session session(environment(), model.data(), model.size(), options);
  std::vector<Tensor> results;
  for (const Ort::Value& value :
       session.Run(Ort::RunOptions(), inputs.data(), values.data(), values.size(), outputs.data(), outputs.size())) {
    const auto info = value.GetTensorTypeAndShapeInfo();
    const auto dtype = static_cast<DType>(info.GetElementType());
    results.push_back(Tensor::copy(
        dtype, info.GetShape(),
        {static_cast<const std::byte*>(value.GetTensorRawData()), byte_size(dtype, info.GetElementCount())}));
  }
  return results;
}

std::string in_children(std::size_t count, double seconds, const std::function<char(std::size_t)>& body) {
  std::string answers;
  while (answers.size() < count) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(ends[0]);
      for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGTERM})
        ::signal(signal, SIG_DFL);  // not the test program's
      if (::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(1);
      for (std::size_t i = answers.size(); i < count; ++i) {
        const char answer = body(i);
        if (::write(ends[1], &answer, 1) != 1) break;
      }
      ::_exit(0);
    }
    ::close(ends[1]);
    char end = 0;
    while (end == 0 && answers.size() < count) {
      pollfd wait{ends[0], POLLIN, 0};
      char answer = 0;
      if (::poll(&wait, 1, static_cast<int>(seconds * 1000)) == 0)
        end = 'T';
      else if (::read(ends[0], &answer, 1) == 1)
        answers += answer;
      else
        end = 'X';
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ends[0]);
    if (end != 0) answers += end;
  }
  return answers;
}

}  // namespace bw::test
