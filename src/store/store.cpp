#include "store/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "store/database.h"

namespace bw {
namespace {

constexpr std::int64_t kApplication = 0x62777274;  // "bwrt", in the file's header: this is a store of bitwright

// What brings the layout from version i to i + 1. Never change one that was released; add another.
constexpr const char* kMigrations[] = {
    R"(CREATE TABLE runs (
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         created TEXT NOT NULL,
         command TEXT NOT NULL,
         report TEXT NOT NULL) STRICT;
       CREATE TABLE models (
         run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
         position INTEGER NOT NULL,
         name TEXT NOT NULL,
         sha256 TEXT NOT NULL,
         dataset TEXT NOT NULL,
         metric TEXT,
         recommended TEXT,
         PRIMARY KEY (run, position)) STRICT, WITHOUT ROWID;
       CREATE INDEX models_by_sha256 ON models(sha256);
       CREATE TABLE candidates (
         run INTEGER NOT NULL,
         model INTEGER NOT NULL,
         position INTEGER NOT NULL,
         name TEXT NOT NULL,
         recipe TEXT NOT NULL,
         target TEXT NOT NULL,
         status TEXT NOT NULL,
         accuracy REAL, accuracy_retention REAL,
         inference_time REAL, latency_ratio REAL, latency_low REAL, latency_high REAL,
         model_size REAL, compression_ratio REAL, memory_usage REAL,
         PRIMARY KEY (run, model, position),
         FOREIGN KEY (run, model) REFERENCES models(run, position) ON DELETE CASCADE) STRICT, WITHOUT ROWID;)",
    "ALTER TABLE candidates ADD COLUMN runtime TEXT NOT NULL DEFAULT 'onnxruntime'",  // there was no other
};
constexpr std::int64_t kVersion = std::size(kMigrations);

// Figures that a candidate's row holds: the column, and where report.json has the number.
struct KeyColumn {
  const char* name;
  const char* pointer;
  std::optional<double> KeyFigures::* member;
};
constexpr KeyColumn kKeyColumns[] = {
    {"accuracy", "/quantized_metrics/accuracy/value", &KeyFigures::accuracy},
    {"accuracy_retention", "/accuracy_retention/value", &KeyFigures::accuracy_retention},
    {"inference_time", "/quantized_metrics/inference_time/value", &KeyFigures::inference_time},
    {"latency_ratio", "/latency/ratio/value", &KeyFigures::latency_ratio},
    {"latency_low", "/latency/ratio/low", &KeyFigures::latency_low},
    {"latency_high", "/latency/ratio/high", &KeyFigures::latency_high},
    {"model_size", "/quantized_metrics/model_size/value", &KeyFigures::model_size},
    {"compression_ratio", "/quantized_metrics/compression_ratio/value", &KeyFigures::compression_ratio},
    {"memory_usage", "/quantized_metrics/memory_usage/value", &KeyFigures::memory_usage},
};

std::string columns() {
  std::string names;
  for (const KeyColumn& column : kKeyColumns) names += fmt::format(", {}", column.name);
  return names;
}

// A number of the report; nothing where it or a part above it is null.
std::optional<double> number_at(const Json& from, const char* pointer) {
  const Json::json_pointer place(pointer);
  if (!from.contains(place) || !from.at(place).is_number()) return std::nullopt;
  return from.at(place).get<double>();
}

std::optional<std::string> text_or_null(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional(value.get<std::string>());
}

// The float model as a candidate's row.
Json float_row(const Json& model) {
  return {{"name", "float"}, {"recipe", ""},
          {"target", ""},    {"runtime", model.at("model").at("runtime")},
          {"status", "ok"},  {"quantized_metrics", model.at("original_metrics")}};
}

void save_candidates(const Database& database, std::int64_t run, std::int64_t position, const Json& model) {
  std::string marks = "?,?,?,?,?,?,?,?";
  for ([[maybe_unused]] const KeyColumn& column : kKeyColumns) marks += ",?";
  Statement insert = database.prepare(
      fmt::format("INSERT INTO candidates (run, model, position, name, recipe, target, runtime, status{}) VALUES ({})",
                  columns(), marks));
  std::int64_t at = 0;
  const auto add = [&](const Json& candidate) {
    insert.bind(run).bind(position).bind(at++);
    for (const char* field : {"name", "recipe", "target", "runtime", "status"})
      insert.bind(candidate.at(field).get<std::string>());
    for (const KeyColumn& column : kKeyColumns) insert.bind(number_at(candidate, column.pointer));
    insert.run();
  };
  if (!model.at("original_metrics").is_null()) add(float_row(model));
  for (const Json& candidate : model.at("candidates")) add(candidate);
}

void save_models(const Database& database, std::int64_t run, const Json& models) {
  Statement insert = database.prepare(
      "INSERT INTO models (run, position, name, sha256, dataset, metric, recommended) VALUES (?,?,?,?,?,?,?)");
  std::int64_t position = 0;
  for (const Json& model : models) {
    insert.bind(run).bind(position);
    insert.bind(model.at("model").at("name").get<std::string>())
        .bind(model.at("model").at("sha256").get<std::string>());
    insert.bind(model.at("dataset").at("name").get<std::string>()).bind(text_or_null(model.at("dataset").at("metric")));
    insert.bind(text_or_null(model.at("recommended").at("candidate"))).run();
    save_candidates(database, run, position++, model);
  }
}

void check_whole(const Database& database) {
  Statement check = database.prepare("PRAGMA quick_check(1)");
  if (check.step() && check.text(0) != "ok")
    throw Error(ErrorKind::Internal, "the store is damaged: " + check.text(0), database.path().string(),
                "Move the file and its -wal and -shm away; the next run makes a new one");
}

// A new file has neither tables nor a mark. Tables are looked for first: who sees them also sees the mark that another
// process has set in the same transaction.
void check_ours(const Database& database) {
  const bool is_new = database.integer("SELECT count(*) FROM sqlite_schema") == 0;
  const std::int64_t mark = database.integer("PRAGMA application_id");
  if (mark != kApplication && (mark != 0 || !is_new))
    throw Error(InputClass::Format, "this is a database of another program", database.path().string(),
                "BITWRIGHT_STORE must name a file of its own");
  if (const std::int64_t version = database.integer("PRAGMA user_version"); version > kVersion)
    throw Error(InputClass::Unsupported,
                fmt::format("a newer bitwright made this store: its layout is version {}, this one knows {}", version,
                            kVersion),
                database.path().string(), "Use that bitwright, or name another file with BITWRIGHT_STORE");
}

void migrate(const Database& database) {
  if (database.integer("PRAGMA user_version") == kVersion) return;
  Transaction transaction(database);
  check_ours(database);  // another process may have been first
  for (std::int64_t from = database.integer("PRAGMA user_version"); from < kVersion; ++from)
    database.run(kMigrations[from]);
  database.run(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplication, kVersion));
  transaction.commit();
}

[[noreturn]] void refuse_run(std::int64_t id) {
  throw Error(ErrorKind::Usage, fmt::format("there is no run {}", id), {},
              "`bitwright runs list` shows those that there are");
}

fs::path made_folder_of(const fs::path& path) {
  std::error_code failure;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), failure);
  if (failure)
    throw Error(InputClass::Path, "cannot make the store's folder: " + failure.message(), path.parent_path().string(),
                "BITWRIGHT_STORE names another place for it");
  return path;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

struct Store::State {
  Database database;
};

fs::path Store::usual_path() {
  if (const std::string path = environment("BITWRIGHT_STORE"); !path.empty()) return path;
  if (const fs::path data = environment("XDG_DATA_HOME"); data.is_absolute()) return data / "bitwright" / "runs.db";
  if (const fs::path home = environment("HOME"); home.is_absolute()) return home / ".local/share/bitwright/runs.db";
  throw Error(ErrorKind::Usage,
              "there is no place for the store: neither BITWRIGHT_STORE nor XDG_DATA_HOME nor HOME is set");
}

Store::Store(const fs::path& path) : state_(new State{Database(made_folder_of(path))}) {
  const Database& database = state_->database;
  check_ours(database);
  check_whole(database);
  database.run_until_free(
      "PRAGMA journal_mode = WAL");  // a file system that cannot share memory keeps its journal, as safe but slower
  database.run("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  migrate(database);
}

Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

std::int64_t Store::save(const Json& report) {
  const Database& database = state_->database;
  const std::string text = to_line(report);
  Transaction transaction(database);
  try {
    database.prepare("INSERT INTO runs (created, command, report) VALUES (?,?,?)")
        .bind(report.at("created").get<std::string>())
        .bind(report.at("command").get<std::string>())
        .bind(text)
        .run();
    const std::int64_t id = database.last_row();
    save_models(database, id, report.at("models"));
    transaction.commit();
    return id;
  } catch (const Json::exception& fault) {
    throw Error(InputClass::Format, std::string("this is not a report.json of version 1: ") + fault.what());
  }
}

std::vector<RunSummary> Store::list(std::size_t limit) const {
  Statement runs = state_->database.prepare("SELECT id, created, command FROM runs ORDER BY id DESC LIMIT ?");
  runs.bind(static_cast<std::int64_t>(std::min<std::size_t>(limit, INT64_MAX)));
  std::vector<RunSummary> list;
  while (runs.step()) {
    RunSummary& run = list.emplace_back(RunSummary{runs.integer(0), runs.text(1), runs.text(2), {}, {}});
    Statement models = state_->database.prepare(
        "SELECT name, coalesce(recommended, 'float') FROM models WHERE run = ? ORDER BY position");
    models.bind(run.id);
    while (models.step()) {
      run.models.push_back(models.text(0));
      run.recommended.push_back(models.text(1));
    }
  }
  return list;
}

std::size_t Store::size() const {
  return static_cast<std::size_t>(state_->database.integer("SELECT count(*) FROM runs"));
}

Json Store::report(std::int64_t id) const {
  Statement run = state_->database.prepare("SELECT report FROM runs WHERE id = ?");
  if (!run.bind(id).step()) refuse_run(id);
  return parse_json(run.text(0), fmt::format("run {}", id));
}

std::vector<StoredCandidate> Store::candidates(std::int64_t id) const {
  const Database& database = state_->database;
  if (!database.prepare("SELECT 1 FROM runs WHERE id = ?").bind(id).step()) refuse_run(id);
  Statement rows =
      database.prepare(fmt::format("SELECT m.name, c.name, status, c.runtime{} FROM candidates c JOIN models m ON "
                                   "m.run = c.run AND m.position = c.model "
                                   "WHERE c.run = ? ORDER BY c.model, c.position",
                                   columns()));
  rows.bind(id);
  std::vector<StoredCandidate> list;
  while (rows.step()) {
    StoredCandidate& row = list.emplace_back();
    row.model = rows.text(0);
    row.candidate = rows.text(1);
    row.figures.status = rows.text(2);
    row.figures.runtime = rows.text(3);
    int at = 4;
    for (const KeyColumn& column : kKeyColumns) row.figures.*column.member = rows.number(at++);
  }
  return list;
}

std::vector<RunDifference> Store::compare(std::int64_t first, std::int64_t second) const {
  std::vector<RunDifference> differences;
  for (const StoredCandidate& row : candidates(first))
    differences.push_back({row.model, row.candidate, row.figures, {}});
  for (const StoredCandidate& row : candidates(second)) {
    const auto same = [&](const RunDifference& difference) {
      return difference.model == row.model && difference.candidate == row.candidate && !difference.second;
    };
    const auto found = std::find_if(differences.begin(), differences.end(), same);
    if (found == differences.end())
      differences.push_back({row.model, row.candidate, {}, row.figures});
    else
      found->second = row.figures;
  }
  return differences;
}

Json to_json(const KeyFigures& figures) {
  Json json{{"status", figures.status}, {"runtime", figures.runtime}};
  for (const KeyColumn& column : kKeyColumns) {
    const std::optional<double>& value = figures.*column.member;
    json[column.name] = value ? Json(*value) : Json(nullptr);
  }
  return json;
}

}  // namespace bw
