#include "bench/checkpoint.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/version.h"
#include "run/runtime.h"

namespace bw {
namespace {

void put(ByteWriter& out, const Figure& figure) {
  out.put<std::uint8_t>(figure.value.has_value());
  out.put(figure.value.value_or(0));
  out.put<std::uint8_t>(figure.interval.has_value());
  out.put(figure.interval.value_or(Interval{}).low);
  out.put(figure.interval.value_or(Interval{}).high);
  out.put<std::uint8_t>(figure.n.has_value());
  out.put<std::uint64_t>(figure.n.value_or(0));
  out.put(static_cast<std::uint8_t>(figure.unit));
  out.put(figure.reason);
}

void get(ByteReader& in, Figure& figure) {
  const bool has_value = in.get<std::uint8_t>() != 0;
  if (const double value = in.get<double>(); has_value) figure.value = value;
  const bool has_interval = in.get<std::uint8_t>() != 0;
  const double low = in.get<double>(), high = in.get<double>();
  if (has_interval) figure.interval = Interval{low, high};
  const bool has_n = in.get<std::uint8_t>() != 0;
  if (const auto n = in.get<std::uint64_t>(); has_n) figure.n = n;
  figure.unit = static_cast<Unit>(in.get<std::uint8_t>());
  figure.reason = in.text();
}

// Scores are pairs of doubles, one after the other.
std::span<const double> flat(const std::vector<Score>& scores) {
  return {scores.data()->data(), 2 * scores.size()};
}

std::span<const double> flat(const std::vector<OutputFaults>& faults) {
  static_assert(sizeof(OutputFaults) == 3 * sizeof(double));
  return {reinterpret_cast<const double*>(faults.data()), 3 * faults.size()};
}

void put(ByteWriter& out, const OutputScores& output) {
  out.put<std::uint64_t>(output.scores.size());
  for (const auto& [metric, scores] : output.scores) {
    out.put(metric);
    out.put(flat(scores));
  }
  out.put(flat(output.faults));
}

void get(ByteReader& in, OutputScores& output) {
  for (auto count = in.get<std::uint64_t>(); count > 0; --count) {
    std::vector<Score>& scores = output.scores[in.text()];
    const std::vector<double> numbers = in.array<double>();
    for (std::size_t i = 0; i + 1 < numbers.size(); i += 2) scores.push_back({numbers[i], numbers[i + 1]});
  }
  const std::vector<double> numbers = in.array<double>();
  for (std::size_t i = 0; i + 2 < numbers.size(); i += 3)
    output.faults.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
}

void put(ByteWriter& out, const Evaluation& evaluation) {
  out.put<std::uint64_t>(evaluation.outputs.size());
  for (const OutputScores& output : evaluation.outputs) put(out, output);
  out.put<std::uint64_t>(evaluation.samples);
  out.put(evaluation.seconds);
}

void get(ByteReader& in, Evaluation& evaluation) {
  for (auto count = in.get<std::uint64_t>(); count > 0; --count) get(in, evaluation.outputs.emplace_back());
  evaluation.samples = in.get<std::uint64_t>();
  evaluation.seconds = in.get<double>();
}

void put(ByteWriter& out, const Calibration& calibration) {
  const std::vector<std::byte> evidence = calibration.evidence.to_bytes();
  out.put(as_text(evidence));
  out.put<std::uint64_t>(calibration.samples);
  out.put<std::uint64_t>(calibration.notes.size());
  for (const std::string& note : calibration.notes) out.put(note);
  out.put(calibration.peak_memory);
  out.put(calibration.seconds);
}

void get(ByteReader& in, Calibration& calibration) {
  const std::string evidence = in.text();
  calibration.evidence = Evidence::from_bytes(as_bytes(evidence));
  calibration.samples = in.get<std::uint64_t>();
  for (auto count = in.get<std::uint64_t>(); count > 0; --count) calibration.notes.push_back(in.text());
  calibration.peak_memory = in.get<std::uint64_t>();
  calibration.seconds = in.get<double>();
}

}  // namespace

std::string versions() {
  std::string text = fmt::format("bitwright {}", kVersion);
  for (const Runtime& runtime : runtimes())
    if (runtime.available()) text += fmt::format(" {} {}", runtime.name, runtime.version());
  return text;
}

Checkpoint::Checkpoint(fs::path folder, bool resume, std::string made_with)
    : folder_(std::move(folder)), made_with_(std::move(made_with)) {
  if (!resume) clear();
}

void Checkpoint::clear() {
  if (folder_.empty()) return;
  std::error_code failure;
  fs::remove_all(folder_, failure);
  if (failure)
    throw Error(InputClass::Path, "cannot remove the steps of an earlier run: " + failure.message(), folder_.string());
}

template <class T>
T Checkpoint::step(std::string_view kind, std::string_view key, const std::function<T()>& compute) {
  if (folder_.empty()) return compute();
  const std::string name =
      fmt::format("{}-{:.32}", kind, sha256(as_bytes(fmt::format("{}\n{}\n{}", made_with_, kind, key))));
  const fs::path file = folder_ / name;
  if (fs::exists(file)) {
    const std::string bytes = read_file(file);
    ByteReader in(as_bytes(bytes));
    T result;
    get(in, result);
    return result;
  }
  const T result = compute();
  ByteWriter out;
  put(out, result);
  make_folder(folder_);
  write_file(file, out.take());
  return result;
}

Calibration Checkpoint::calibration(std::string_view key, const std::function<Calibration()>& compute) {
  return step<Calibration>("calibration", key, compute);
}
Evaluation Checkpoint::evaluation(std::string_view key, const std::function<Evaluation()>& compute) {
  return step<Evaluation>("evaluation", key, compute);
}
Visit Checkpoint::visit(std::string_view key, const std::function<Visit()>& compute) {
  return step<Visit>("visit", key, compute);
}
Figure Checkpoint::figure(std::string_view key, const std::function<Figure()>& compute) {
  return step<Figure>("figure", key, compute);
}

}  // namespace bw
