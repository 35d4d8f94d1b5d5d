// The runs of `bitwright bench` on this machine, kept in one SQLite file: the whole report of each, and its key figures
// as columns, so that runs can be compared.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace bw {

struct RunSummary {
  std::int64_t id = 0;
  std::string created, command;
  std::vector<std::string> models;       // names
  std::vector<std::string> recommended;  // by model; "float" for the float model
};

// The key figures of a candidate, or of the float model ("float"), in one run. Speed is compared with the float model
// of the same run, so that runs on different machines can be put side by side.
struct KeyFigures {
  std::string status, runtime;
  std::optional<double> accuracy, accuracy_retention;
  std::optional<double> inference_time, latency_ratio, latency_low, latency_high;
  std::optional<double> model_size, compression_ratio, memory_usage;
};

Json to_json(const KeyFigures& figures);

struct StoredCandidate {
  std::string model, candidate;
  KeyFigures figures;
};

// One candidate in two runs; it may be in one of them alone.
struct RunDifference {
  std::string model, candidate;
  std::optional<KeyFigures> first, second;
};

class Store {
 public:
  // $BITWRIGHT_STORE, or bitwright/runs.db in $XDG_DATA_HOME or ~/.local/share. UsageError when none of them is set.
  static std::filesystem::path usual_path();

  // Makes the file and its folder if they are not there, checks the whole file and brings an older layout up to date.
  // Errors: damaged (exit 1), of a newer version or of another program (exit 3), cannot be opened (exit 3).
  explicit Store(const std::filesystem::path& path);
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  // Keeps a report (report.json, version 1) and gives its id; ids grow and are never used again. On return it is on the
  // disk, whatever happens then; on an error the store is as before. InputError(format) when fields are missing.
  std::int64_t save(const Json& report);

  std::vector<RunSummary> list(std::size_t limit) const;  // newest first
  std::size_t size() const;
  // Of one run: the whole report, and the figures of its candidates. UsageError when there is no such run.
  Json report(std::int64_t id) const;
  std::vector<StoredCandidate> candidates(std::int64_t id) const;
  // In the order of the first run, then what only the second one has.
  std::vector<RunDifference> compare(std::int64_t first, std::int64_t second) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bw
