#include "data/discover.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "archive/zip.h"
#include "base/error.h"
#include "base/file.h"
#include "data/paths.h"
#include "data/sources/source.h"

namespace bw {
namespace {

constexpr std::uint64_t kMaxDescription = std::uint64_t{1} << 20;
constexpr std::array<std::string_view, 15> kSplitWords{"calibration", "calib",      "train",   "training", "evaluation",
                                                       "eval",        "test",       "testing", "t10k",     "val",
                                                       "valid",       "validation", "dev",     "all",      "data"};

// "minilm-test.npz" is the split "test" of the group "minilm"; "t10k-images-idx3-ubyte.gz" is "t10k" of "".
struct Candidate {
  std::string group, word;
  fs::path path;
  const SourceKind* kind;
};

std::optional<Candidate> candidate_of(const fs::path& path) {
  const SourceKind* kind = sniff_source(path);
  if (kind == nullptr) return std::nullopt;
  const std::string name = path.filename().string(), stem = name.substr(0, name.find('.'));
  for (std::string_view word : kSplitWords) {
    if (stem == word) return Candidate{"", std::string(word), path, kind};
    const bool ends = stem.size() > word.size() && stem.ends_with(word) &&
                      std::string_view("-_").find(stem[stem.size() - word.size() - 1]) != std::string_view::npos;
    if (ends) return Candidate{stem.substr(0, stem.size() - word.size() - 1), std::string(word), path, kind};
    const bool begins = kind == &kIdx && stem.starts_with(word) && stem[word.size()] == '-';
    if (begins) return Candidate{"", std::string(word), path, kind};
  }
  return std::nullopt;
}

// How many of the model's inputs are named like an array of an npz.
int matching_names(const Candidate& candidate, std::span<const InputSignature> inputs) {
  if (candidate.kind != &kNpz) return 0;
  const Zip zip(candidate.path);
  return static_cast<int>(std::count_if(inputs.begin(), inputs.end(), [&](const InputSignature& input) {
    return std::any_of(zip.entries().begin(), zip.entries().end(),
                       [&](const Zip::Entry& entry) { return entry.name == input.name + ".npy"; });
  }));
}

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(folder)) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

class Discovery {
 public:
  Discovery(Found& found, std::span<const InputSignature> inputs) : found_(found), spec_(found.spec), inputs_(inputs) {}

  void run() {
    if (spec_.splits.empty()) find_splits();
    if (!spec_.source.kind.empty()) return;
    const fs::path first = beneath(found_.root, path_of(spec_.splits.front()), "dataset");
    const SourceKind* kind = sniff_source(first);
    if (kind == nullptr) nothing_in(first);
    spec_.source.kind = kind->name;
    found_.guesses.push_back("the source is of kind " + spec_.source.kind);
  }

 private:
  const std::string& path_of(const SplitSpec& split) const {
    return split.path.empty() ? spec_.source.path : split.path;
  }

  [[noreturn]] void nothing_in(const fs::path& path) const {
    std::string kinds;
    for (const SourceKind* kind : source_kinds())
      kinds += "\n  " + std::string(kind->name) + ": " + std::string(kind->says);
    throw Error(InputClass::Data, "there is nothing here that can be read as data", path.string(),
                "What can be read:" + kinds);
  }

  void find_splits() {
    const fs::path base = beneath(found_.root, spec_.source.path, "source");
    if (!fs::is_directory(base)) return add_whole(base);
    std::map<std::pair<const SourceKind*, std::string>, std::vector<Candidate>> groups;
    std::vector<const Candidate*> order;
    for (const fs::path& entry : entries_of(base))
      if (auto candidate = candidate_of(entry);
          candidate && (spec_.source.kind.empty() || candidate->kind->name == spec_.source.kind))
        groups[{candidate->kind, candidate->group}].push_back(std::move(*candidate));
    if (groups.empty()) return find_single(base);
    take(*best_of(groups));
    if (groups.size() > 1)
      found_.guesses.push_back(std::to_string(groups.size()) + " sets of files lie in " + base.string() +
                               ": the one with " + spec_.splits.front().path + " is taken");
  }

  // Most input names first, then the catalog's order, then the group's name.
  template <class Groups>
  const std::vector<Candidate>* best_of(const Groups& groups) const {
    const std::vector<Candidate>* best = nullptr;
    int best_score = -1;
    for (const SourceKind* kind : source_kinds())
      for (const auto& [key, candidates] : groups)
        if (const int score = key.first == kind ? matching_names(candidates.front(), inputs_) : -1;
            score > best_score) {
          best = &candidates;
          best_score = score;
        }
    return best;
  }

  void take(const std::vector<Candidate>& candidates) {
    if (spec_.source.kind.empty()) {
      spec_.source.kind = candidates.front().kind->name;
      found_.guesses.push_back("the source is of kind " + spec_.source.kind);
    }
    std::string names;
    for (const Candidate& candidate : candidates) {
      spec_.splits.push_back({candidate.word, relative(candidate.path), ""});
      names += (names.empty() ? "" : ", ") + candidate.path.filename().string();
    }
    found_.guesses.push_back("splits are named after the files " + names);
  }

  // No names of splits: a folder that a source reads as it is, or one data file in it.
  void find_single(const fs::path& base) {
    std::vector<fs::path> files;
    for (const fs::path& entry : entries_of(base))
      if (!fs::is_directory(entry) && sniff_source(entry) != nullptr) files.push_back(entry);
    if (files.size() == 1) return add_whole(files[0]);
    if (sniff_source(base) == nullptr) nothing_in(base);
    add_whole(base);
  }
  void add_whole(const fs::path& path) {
    const std::string name = path.filename().string();
    spec_.splits.push_back(
        {fs::is_directory(path) ? "all" : name.substr(0, name.find('.')), relative(path), spec_.source.labels});
  }
  std::string relative(const fs::path& path) const {
    const std::string text = fs::relative(path, found_.root).string();
    return text == "." ? "" : text;
  }

  Found& found_;
  DatasetSpec& spec_;
  std::span<const InputSignature> inputs_;
};

bool is_description(const fs::path& path) {
  return extension_of(path) == "yaml" || extension_of(path) == "yml";
}

fs::path root_of(const fs::path& description, const std::string& root) {
  const fs::path folder = description.has_parent_path() ? description.parent_path() : fs::path(".");
  return root.empty() ? folder : folder / expand_environment(root, description.string() + ": root");
}

}  // namespace

Found discover(const fs::path& path, const fs::path& data_root, std::span<const InputSignature> inputs) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status))
    throw Error(InputClass::Path, "does not exist", path.string(), "Give a folder, a dataset.yaml or a data file");
  Found found;
  const fs::path real = fs::canonical(path);
  found.name = real.filename().string();
  fs::path description;
  if (is_description(path))
    description = path;
  else if (fs::is_directory(path) && fs::exists(path / "dataset.yaml"))
    description = path / "dataset.yaml";
  if (!description.empty()) {
    found.spec = parse_spec(read_file(description, kMaxDescription), description.string());
    found.root = data_root.empty() ? root_of(description, found.spec.root) : data_root;
    // "dataset.yaml" says nothing about the set; the folder that it lies in does.
    if (is_description(path))
      found.name = real.stem() == "dataset" ? real.parent_path().filename().string() : real.stem().string();
  } else if (fs::is_directory(status)) {
    found.root = path;
  } else {
    found.root = path.has_parent_path() ? path.parent_path() : fs::path(".");
    found.spec.source.path = path.filename().string();
  }
  if (!fs::is_directory(found.root, error))
    throw Error(InputClass::Path, "is no folder", found.root.string(), "Say with --data-root where the data lies");
  Discovery(found, inputs).run();
  return found;
}

}  // namespace bw
