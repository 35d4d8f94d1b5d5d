#include "bench/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"

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

void put(ByteWriter& out, const Part& part) {
  for (const std::string* text : {&part.model, &part.of, &part.what}) out.put(*text);
  out.put<std::uint64_t>(part.from.size());
  for (const auto& [name, value] : part.from) {
    out.put(name);
    out.put(value);
  }
}

void get(ByteReader& in, Part& part) {
  for (std::string* text : {&part.model, &part.of, &part.what}) *text = in.text();
  for (auto count = in.get<std::uint64_t>(); count > 0; --count) {
    std::string name = in.text();
    part.from.emplace_back(std::move(name), in.text());
  }
}

std::string file_name(std::string_view kind, const Part& part) {
  std::string key(kind);
  for (const auto& [name, value] : part.from) key += fmt::format("\n{}\n{}", name, value);
  return fmt::format("{}-{:.32}", kind, sha256(as_bytes(key)));
}

std::vector<Part> parts_in(const fs::path& folder) {
  std::vector<Part> parts;
  if (!fs::is_directory(folder)) return parts;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) try {
      const MappedFile file(entry.path());
      ByteReader in(file.bytes());
      get(in, parts.emplace_back());
    } catch (const Error&) {  // of another version, or not ours
      parts.pop_back();
    }
  return parts;
}

bool same_part(const Part& a, const Part& b) {
  return a.model == b.model && a.of == b.of && a.what == b.what;
}

// "--seed is 2, and was 1; the data is another one".
std::string difference(const Part& now, const Part& then) {
  constexpr std::size_t kLongest = 20;  // that people want to read; others are hashes
  std::string text;
  for (const auto& [name, value] : now.from)
    for (const auto& [old_name, old] : then.from) {
      if (old_name != name || old == value) continue;
      text += text.empty() ? "" : "; ";
      text += value.size() > kLongest ? fmt::format("{} is another one", name)
                                      : fmt::format("{} is {}, and was {}", name, value, old);
    }
  return text;
}

// "fp16 (memory, speed), int8-static (memory)".
std::string list(const std::vector<Part>& parts) {
  std::vector<std::pair<std::string, std::string>> of;
  for (const Part& part : parts) {
    const auto known = std::ranges::find(of, part.of, &std::pair<std::string, std::string>::first);
    if (known == of.end())
      of.emplace_back(part.of, part.what);
    else
      known->second += ", " + part.what;
  }
  std::string text;
  for (const auto& [name, what] : of) text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", name, what);
  return text;
}

std::string count_of(const std::vector<Part>& parts) {
  return fmt::format("{} part{}", parts.size(), parts.size() == 1 ? "" : "s");
}

}  // namespace

Checkpoint::Checkpoint(fs::path folder, bool resume, std::string made_with)
    : folder_(std::move(folder)), made_with_(std::move(made_with)) {
  if (!resume) clear();
  earlier_ = parts_in(folder_);
}

void Checkpoint::clear() {
  if (folder_.empty()) return;
  std::error_code failure;
  fs::remove_all(folder_, failure);
  if (failure)
    throw Error(InputClass::Path, "cannot remove the parts of an earlier run: " + failure.message(), folder_.string());
}

std::string Checkpoint::left() const {
  const std::string where = folder_.parent_path().string();
  return earlier_.empty() ? fmt::format("nothing is left of an unfinished run in {}: all is done from the start", where)
                          : fmt::format("{} of an unfinished run {} left in {}", count_of(earlier_),
                                        earlier_.size() == 1 ? "is" : "are", where);
}

std::string Checkpoint::used() {
  std::string text = taken_.empty()
                         ? "nothing came from the unfinished run"
                         : fmt::format("{} came from the unfinished run: {}", count_of(taken_), list(taken_));
  for (const auto& [reason, parts] : again_)
    text += fmt::format(". {} done again, since {}: {}", count_of(parts), reason, list(parts));
  taken_.clear();
  again_.clear();
  return text;
}

// Of the results for this part that are there, the one that is least different says why none of them is this one.
void Checkpoint::done_again(const Part& part) {
  std::string reason;
  for (const Part& then : earlier_) {
    if (!same_part(part, then)) continue;
    const std::string text = difference(part, then);
    if (reason.empty() || text.size() < reason.size()) reason = text;
  }
  if (!reason.empty()) again_[reason].push_back(part);
}

template <class T>
T Checkpoint::result(std::string_view kind, Part part, const std::function<T()>& compute) {
  if (folder_.empty()) return compute();
  part.from.emplace_back("the program", made_with_);
  const std::string name = file_name(kind, part);
  const fs::path file = folder_ / name;
  if (fs::exists(file)) {
    if (!own_.contains(name)) taken_.push_back(part);
    own_.insert(name);
    const MappedFile kept(file);
    ByteReader in(kept.bytes());
    Part then;
    get(in, then);
    T result;
    get(in, result);
    return result;
  }
  done_again(part);
  const T result = compute();
  ByteWriter out;
  put(out, part);
  put(out, result);
  make_folder(folder_);
  write_file(file, out.take());
  own_.insert(name);
  return result;
}

Calibration Checkpoint::calibration(const Part& part, const std::function<Calibration()>& compute) {
  return result<Calibration>("calibration", part, compute);
}
Evaluation Checkpoint::evaluation(const Part& part, const std::function<Evaluation()>& compute) {
  return result<Evaluation>("evaluation", part, compute);
}
Visit Checkpoint::visit(const Part& part, const std::function<Visit()>& compute) {
  return result<Visit>("visit", part, compute);
}
Figure Checkpoint::figure(const Part& part, const std::function<Figure()>& compute) {
  return result<Figure>("figure", part, compute);
}

}  // namespace bw
