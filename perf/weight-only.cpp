// round to nearest of large weight matrices, and NF4 of them, GB/s: beside this machine's memory bandwidth and
// onnxruntime's own quantizer
//
// ours: float bytes read a second by quantize_nbits, or encode_units in blocks of 64, on two threads; theirs: bytes a
// second of summing a big array on as many; ratio: ours over theirs, pairs in turn. Before that our bytes are compared
// with those of onnxruntime's kernel, whose rate is printed beside (it has none for NF4). --small: a quick look at
// small matrices.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/machine.h"
#include "base/parallel.h"
#include "measure/statistics.h"
#include "tensor/codebooks.h"
#include "tensor/kernels/nbits.h"
#include "tensor/kernels/unit_codes.h"

namespace bw {
namespace {

constexpr int kThreads = 2;
constexpr std::size_t kPairs = 15, kPeerRuns = 3;
constexpr double kGoal = 0.5;

struct Matrix {
  std::size_t rows, columns;
  std::size_t bytes() const { return rows * columns * sizeof(float); }
};
constexpr Matrix kLarge[] = {{4096, 4096}, {4096, 11008}}, kSmall[] = {{512, 1024}};
constexpr NBitsOptions kForms[] = {{4, 32, true}, {4, 32, false}, {8, 32, true}};

// Roughly normal, as weights are: the sum of four uniform numbers.
std::vector<float> weights_of(const Matrix& matrix) {
  std::vector<float> weights(matrix.rows * matrix.columns);
  std::uint64_t state = 1;
  for (float& weight : weights) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    int sum = 0;
    for (int byte = 0; byte < 4; ++byte) sum += static_cast<int>(state >> (32 + 8 * byte) & 0xFF);
    weight = static_cast<float>(sum - 510) / 4096;
  }
  return weights;
}

template <class Body>
double seconds_of(const Body& body) {
  const double begin = seconds_now();
  body();
  return seconds_now() - begin;
}

std::uint64_t sum_of(std::span<const std::uint64_t> words) {
  std::array<std::uint64_t, 8> sums{};
  for (std::size_t i = 0; i + sums.size() <= words.size(); i += sums.size())
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += words[i + k];
  return std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

// Bytes a second of reading `words`, all 1, that no cache holds.
double read_rate(std::span<const std::uint64_t> words) {
  const std::size_t share = words.size() / kThreads;
  std::vector<std::uint64_t> sums(kThreads);
  const double seconds = seconds_of([&] {
    parallel_for(kThreads, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) sums[i] = sum_of(words.subspan(i * share, share));
    });
  });
  if (std::accumulate(sums.begin(), sums.end(), std::uint64_t{0}) != share * kThreads)
    throw Error(ErrorKind::Internal, "the sum is wrong");
  return static_cast<double>(share * kThreads * sizeof(std::uint64_t)) / seconds;
}

struct Peer {
  std::string bytes;
  double rate = 0;
};

// onnxruntime's kernel on the same matrix, in a Python of its own.
Peer peer_of(const fs::path& folder, const std::vector<float>& weights, const Matrix& matrix,
             const NBitsOptions& form) {
  const fs::path in = folder / "weights.bin", out = folder / "codes.bin", answer = folder / "answer.json";
  write_file(in, as_bytes(std::string_view(reinterpret_cast<const char*>(weights.data()), matrix.bytes())));
  const Json request = {{"weights", in.string()}, {"rows", matrix.rows},      {"columns", matrix.columns},
                        {"bits", form.bits},      {"block", form.block_size}, {"symmetric", form.symmetric},
                        {"repeats", kPeerRuns},   {"out", out.string()}};
  const std::string command = fmt::format("taskset -c 0-{} python3 -B perf/peers.py nbits '{}' > '{}'", kThreads - 1,
                                          request.dump(), answer.string());
  if (std::system(command.c_str()) != 0) throw Error(ErrorKind::Internal, "onnxruntime's quantizer failed", command);
  const auto seconds = parse_json(read_file(answer), "onnxruntime").at("seconds").get<std::vector<double>>();
  return {read_file(out), static_cast<double>(matrix.bytes()) / median(seconds)};
}

std::string bytes_of(const NBitsWeights& made) {
  std::string bytes(made.codes.begin(), made.codes.end());
  bytes.append(reinterpret_cast<const char*>(made.scales.data()), made.scales.size() * sizeof(float));
  return bytes.append(made.zero_points.begin(), made.zero_points.end());
}

struct Row {
  std::string name;
  double ours, bandwidth, peer, ratio;
  Interval interval;
};

// Runs of `body`, each beside a look at how fast memory is read.
template <class Body>
Row paired(std::string name, const Matrix& matrix, double peer, std::span<const std::uint64_t> words,
           const Body& body) {
  std::vector<double> ours, bandwidth, logs;
  for (std::size_t pair = 0; pair < kPairs; ++pair) {
    bandwidth.push_back(read_rate(words));
    ours.push_back(static_cast<double>(matrix.bytes()) / seconds_of(body));
    logs.push_back(std::log(ours.back() / bandwidth.back()));
  }
  const Interval interval = *quantile_figure(logs, 0.5, Unit::Ratio).interval;
  return {std::move(name),
          median(ours),
          median(bandwidth),
          peer,
          median(ours) / median(bandwidth),
          {std::exp(interval.low), std::exp(interval.high)}};
}

Row measured(const Matrix& matrix, const NBitsOptions& form, std::span<const std::uint64_t> words,
             const fs::path& folder) {
  const std::vector<float> weights = weights_of(matrix);
  const Peer peer = peer_of(folder, weights, matrix, form);
  if (bytes_of(quantize_nbits(weights, matrix.rows, matrix.columns, form)) != peer.bytes)
    throw Error(ErrorKind::Internal, "the answer is wrong: our bytes are not onnxruntime's");
  return paired(
      fmt::format("[{}, {}] {} bits{}", matrix.rows, matrix.columns, form.bits, form.symmetric ? "" : ", zero points"),
      matrix, peer.rate, words, [&] { quantize_nbits(weights, matrix.rows, matrix.columns, form); });
}

Row measured_nf4(const Matrix& matrix, std::span<const std::uint64_t> words) {
  constexpr std::size_t kBlock = 64, kTogether = 256;
  const std::vector<float> weights = weights_of(matrix);
  const NearestCodes nearest(nf4());
  std::vector<std::uint8_t> codes(weights.size());
  std::vector<float> scales(weights.size() / kBlock);
  return paired(fmt::format("[{}, {}] NF4", matrix.rows, matrix.columns), matrix, NAN, words, [&] {
    parallel_for(scales.size(), kTogether, [&](std::size_t begin, std::size_t end) {
      const std::size_t first = begin * kBlock, count = (end - begin) * kBlock;
      encode_units(std::span(weights).subspan(first, count), kBlock, nearest.small(),
                   std::span(codes).subspan(first, count), std::span(scales).subspan(begin, end - begin));
    });
  });
}

Json line_of(const Row& row, const std::string& name, bool holds) {
  return {{"name", name},
          {"ours", row.ours},
          {"theirs", row.bandwidth},
          {"ratio", row.ratio},
          {"low", row.interval.low},
          {"high", row.interval.high},
          {"goal", fmt::format(">= {}", kGoal)},
          {"holds", holds}};
}

bool holds(const Row& row) {
  return row.interval.low >= kGoal;
}

int run(std::span<const Matrix> matrices) {
  const ThreadLimit limit(kThreads);
  const std::vector<std::uint64_t> words((std::size_t{640} << 20) / sizeof(std::uint64_t),
                                         1);  // beyond the largest last-level caches
  const fs::path folder = fs::temp_directory_path() / fmt::format("weight-only-{}", seconds_now());
  fs::create_directory(folder);
  std::vector<Row> rows;
  for (const Matrix& matrix : matrices)
    for (const NBitsOptions& form : kForms) rows.push_back(measured(matrix, form, words, folder));
  for (const Matrix& matrix : matrices) rows.push_back(measured_nf4(matrix, words));
  fs::remove_all(folder);

  fmt::print("{:<28} {:>8} {:>10} {:>12} {:>7}  {}\n", "GB/s of float weights", "ours", "memory", "onnxruntime",
             "ratio", "95 %");
  for (const Row& row : rows)
    fmt::print("{:<28} {:>8.2f} {:>10.2f} {:>12.2f} {:>7.2f}  {:.2f} to {:.2f}\n", row.name, row.ours / 1e9,
               row.bandwidth / 1e9, row.peer / 1e9, row.ratio, row.interval.low, row.interval.high);
  double load = 0;
  if (getloadavg(&load, 1) != 1) load = NAN;
  fmt::print("\nmachine: {}, {} cores, load {:.1f}\n", machine().cpu, machine().cores, load);
  for (const Row& row : rows) fmt::print("{}\n", line_of(row, "weight-only " + row.name, holds(row)).dump());
  const Row& worst =
      *std::min_element(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.ratio < b.ratio; });
  fmt::print("{}\n", line_of(worst, "weight-only", std::all_of(rows.begin(), rows.end(), holds)).dump());
  return 0;
}

}  // namespace
}  // namespace bw

int main(int argc, char** argv) {
  try {
    return argc > 1 && std::string_view(argv[1]) == "--small" ? bw::run(bw::kSmall) : bw::run(bw::kLarge);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
