#include "measure/peak.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "format/format.h"
#include "graph/text.h"
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

// A product of an input %a by a constant matrix %b, as models have it.
struct Product {
  DType a, b;
  const char* nodes;  // up to the output %c
};
constexpr Product kFloats{DType::Float32, DType::Float32, R"(
  input %a: float32[1024,1024]
  input %b: float32[1024,1024]
  %c: float32[1024,1024] = MatMul(%a, %b)
  output %c: float32[1024,1024]
)"};
// Runtimes have their integer kernels for one form or the other; what counts is the faster.
constexpr Product kIntegers[] = {{DType::UInt8, DType::Int8, R"(
  input %a: uint8[1024,1024]
  input %b: int8[1024,1024]
  %c: int32[1024,1024] = MatMulInteger(%a, %b)
  output %c: int32[1024,1024]
)"},
                                 {DType::Float32, DType::Int8, R"(
  input %a: float32[1024,1024]
  input %b: int8[1024,1024]
  const %scale: float32[] = float32[] {0.0625}
  const %wide: float32[] = float32[] {8}
  const %middle: uint8[] = uint8[] {0}
  %coded: uint8[1024,1024] = QuantizeLinear(%a, %scale, %middle)
  %left: float32[1024,1024] = DequantizeLinear(%coded, %scale, %middle)
  %right: float32[1024,1024] = DequantizeLinear(%b, %scale)
  %product: float32[1024,1024] = MatMul(%left, %right)
  %answer: uint8[1024,1024] = QuantizeLinear(%product, %wide, %middle)
  %c: float32[1024,1024] = DequantizeLinear(%answer, %wide, %middle)
  output %c: float32[1024,1024]
)"}};

template <class T>
Tensor ones() {
  return Tensor::fill<T>({kSide, kSide}, [](std::span<T> data) { std::fill(data.begin(), data.end(), T{1}); });
}

Tensor ones(DType dtype) {
  return dtype == DType::Float32 ? ones<float>() : dtype == DType::Int8 ? ones<std::int8_t>() : ones<std::uint8_t>();
}

Graph graph_of(const Product& product) {
  Graph graph = parse_graph(std::string("ir_version 8\nopset \"\" 13\ngraph \"product\" {") + product.nodes + "}\n");
  graph.value(graph.inputs[1]).initializer = ones(product.b);
  graph.inputs.pop_back();
  return graph;
}

// Operations a second; 0 where the runtime does not take the product in this form.
double product_rate(const Product& product, const Runtime& runtime, int threads, double seconds) try {
  const Graph graph = graph_of(product);
  const Detached model = format_named(runtime.format).detach(graph);
  LoadOptions options;
  options.threads = threads;
  const auto runner = runtime.load({{}, as_bytes(model.model), SharedBytes(model.parts)}, options);
  constexpr double kOperations = 2.0 * kSide * kSide * kSide;
  const Tensor left = ones(product.a);
  return best_rate(kOperations, seconds, [&] { runner->run(std::span(&left, 1)); });
} catch (const Error& error) {
  if (error.kind() != ErrorKind::Input && error.kind() != ErrorKind::HardwareCompatibility) throw;
  return 0;
}

JobResult run_peaks(JobContext& context) {
  constexpr double kSeconds = 0.25;
  const Json request = context.request();
  const int threads = request.at("threads").get<int>();
  const Runtime& runtime = available_runtime(request.at("runtime").get<std::string>());
  context.stage("float product");
  const double floats = product_rate(kFloats, runtime, threads, kSeconds);
  context.stage("integer product");
  double integers = 0;
  for (const Product& product : kIntegers)
    integers = std::max(integers, product_rate(product, runtime, threads, kSeconds / std::size(kIntegers)));
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

Peaks measured_peaks(Worker& worker, std::string_view runtime, int threads) {
  static std::mutex mutex;
  static std::map<std::pair<std::string, int>, Peaks> all;
  const std::lock_guard lock(mutex);
  const std::pair key(std::string(runtime), threads);
  if (const auto known = all.find(key); known != all.end()) return known->second;
  Peaks peaks;
  read_result(worker.run({"peaks", to_line({{"threads", threads}, {"runtime", runtime}}), {}, {}}),
              [&](const Json& json) {
                peaks = {json.at("read_bandwidth").get<double>(), json.at("float_operations").get<double>(),
                         json.at("int8_operations").get<double>()};
              });
  return all[key] = peaks;
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
