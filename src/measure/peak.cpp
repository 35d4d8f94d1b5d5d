#include "measure/peak.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/progress.h"
#include "format/onnx/onnx.h"
#include "run/runtime.h"

namespace bw {
namespace {

// --- inside the worker
// ------------------------------------------------------------------------------------------------

template <class Body>
double best_rate(double amount, double seconds, const Body& body) {
  double best = 0;
  for (const double end = seconds_now() + seconds; seconds_now() < end;) {
    const double begin = seconds_now();
    body();
    best = std::max(best, amount / (seconds_now() - begin));
  }
  return best;
}

std::uint64_t sum_of(std::span<const std::uint64_t> words) {
  std::array<std::uint64_t, 8> sums{};
  for (std::size_t i = 0; i + sums.size() <= words.size(); i += sums.size())
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += words[i + k];
  return std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

double read_bandwidth(int threads) {
  constexpr std::size_t kBytes = std::size_t{640} << 20;  // beyond the largest last-level caches
  const std::vector<std::uint64_t> words(kBytes / sizeof(std::uint64_t), 1);
  std::vector<std::uint64_t> sums(static_cast<std::size_t>(threads));
  const std::size_t share = words.size() / sums.size();
  return best_rate(static_cast<double>(share * sums.size() * sizeof(std::uint64_t)), 0.5, [&] {
    std::vector<std::jthread> readers;
    for (std::size_t t = 0; t < sums.size(); ++t)
      readers.emplace_back([&, t] { sums[t] += sum_of(std::span(words).subspan(t * share, share)); });
  });
}

constexpr std::int64_t kSide = 1024;  // of the square matrices

// One node that multiplies an input by a constant matrix.
Graph product_graph(const char* op, DType left, const Tensor& right, DType result) {
  Graph graph;
  graph.name = "product";
  graph.ir_version = 8;
  graph.opsets[""] = 13;
  graph.values = {{"a", ValueType::tensor(left, Shape{kSide, kSide}), {}, {}, {}, {}},
                  {"b", ValueType::tensor(right.dtype(), right.shape()), right, {}, {}, {}},
                  {"c", ValueType::tensor(result, Shape{kSide, kSide}), {}, {}, {}, {}}};
  Node node;
  node.op_type = op;
  node.inputs = {0, 1};
  node.outputs = {2};
  graph.nodes = {node};
  graph.inputs = {0};
  graph.outputs = {2};
  return graph;
}

double product_rate(const Graph& graph, const Tensor& left, int threads) {
  const std::string bytes = onnx::serialize(graph);
  LoadOptions options;
  options.threads = threads;
  const auto runner = runtime_named("onnxruntime").load({{}, as_bytes(bytes)}, options);
  constexpr double kOperations = 2.0 * kSide * kSide * kSide;
  return best_rate(kOperations, 0.4, [&] { runner->run(std::span(&left, 1)); });
}

template <class T>
Tensor ones() {
  return Tensor::fill<T>({kSide, kSide}, [](std::span<T> data) { std::fill(data.begin(), data.end(), T{1}); });
}

JobResult run_peaks(JobContext& context) {
  const int threads = context.request().at("threads").get<int>();
  context.stage("float product");
  const double floats =
      product_rate(product_graph("MatMul", DType::Float32, ones<float>(), DType::Float32), ones<float>(), threads);
  context.stage("integer product");
  const double integers = product_rate(product_graph("MatMulInteger", DType::UInt8, ones<std::int8_t>(), DType::Int32),
                                       ones<std::uint8_t>(), threads);
  context.stage("memory");
  return {
      to_line(
          {{"read_bandwidth", read_bandwidth(threads)}, {"float_operations", floats}, {"int8_operations", integers}}),
      {}};
}

Figure rate(std::uint64_t amount, const Figure& time, Unit unit, const char* unknown) {
  if (amount == 0) return missing_figure(unit, unknown);
  if (!time.value || *time.value <= 0) return missing_figure(unit, "The model was not timed.");
  const double total = static_cast<double>(amount);
  Figure figure{total / *time.value, std::nullopt, time.n, unit, {}};
  if (time.interval) figure.interval = Interval{total / time.interval->high, total / time.interval->low};
  return figure;
}

Figure share(const Figure& rate, double peak) {
  if (!rate.value || peak <= 0)
    return missing_figure(Unit::Fraction, rate.value ? "The machine's peak is not known." : rate.reason);
  Figure figure{*rate.value / peak, std::nullopt, rate.n, Unit::Fraction, {}};
  if (rate.interval) figure.interval = Interval{rate.interval->low / peak, rate.interval->high / peak};
  return figure;
}

}  // namespace

Peaks measured_peaks(Worker& worker, int threads) {
  static std::mutex mutex;
  static std::map<int, Peaks> known;
  const std::lock_guard lock(mutex);
  if (const auto found = known.find(threads); found != known.end()) return found->second;
  Peaks peaks;
  read_result(worker.run({"peaks", to_line({{"threads", threads}}), {}, {}}), [&](const Json& json) {
    peaks = {json.at("read_bandwidth").get<double>(), json.at("float_operations").get<double>(),
             json.at("int8_operations").get<double>()};
  });
  return known[threads] = peaks;
}

AchievedRates achieved(const Cost& cost, const Figure& time, const Peaks& peaks, bool integer) {
  AchievedRates result;
  result.operations = rate(2 * cost.multiply_accumulates, time, Unit::OperationsPerSecond,
                           "The model's operations cannot be counted: shapes are not known.");
  result.bytes =
      rate(cost.bytes, time, Unit::BytesPerSecond, "The model's bytes cannot be counted: shapes are not known.");
  result.operations_of_peak = share(result.operations, integer ? peaks.int8_operations : peaks.float_operations);
  result.bytes_of_peak = share(result.bytes, peaks.read_bandwidth);
  return result;
}

Job peaks_job() {
  return {"peaks", run_peaks};
}

}  // namespace bw
