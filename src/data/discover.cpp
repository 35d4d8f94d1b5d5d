#include "data/discover.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "data/paths.h"
#include "data/sources/arrays.h"
#include "data/sources/folder.h"
#include "data/split_words.h"

namespace bw {
namespace {

constexpr std::uint64_t kMaxDescription = std::uint64_t{1} << 20;
// "minilm-test.npz" is the split "test" of the group "minilm"; "t10k-images-idx3-ubyte.gz" is "t10k" of "".
struct Candidate {
  std::string group, word;
  fs::path path;
  const SourceKind* kind;
};

// What `path` is read as: by the kind that is asked for, or the first that fits; nullptr when none does.
const SourceKind* kind_of(const fs::path& path, const SourceKind* asked) {
  if (asked == nullptr) return sniff_source(path);
  return asked->sniff(path) ? asked : nullptr;
}

std::optional<Candidate> candidate_of(const fs::path& path, const SourceKind* asked) {
  const SourceKind* kind = kind_of(path, asked);
  if (kind == nullptr) return std::nullopt;
  const std::string name = path.filename().string(), stem = name.substr(0, name.find('.'));
  for (std::string_view word : kSplitWords) {
    if (stem == word) return Candidate{"", std::string(word), path, kind};
    if (kind == &kNpy) continue;  // x_train.npy and y_train.npy are parts of one set
    const bool ends = stem.size() > word.size() && stem.ends_with(word) &&
                      std::string_view("-_").find(stem[stem.size() - word.size() - 1]) != std::string_view::npos;
    if (ends) return Candidate{stem.substr(0, stem.size() - word.size() - 1), std::string(word), path, kind};
    const bool begins = kind == &kIdx && stem.starts_with(word) && stem[word.size()] == '-';
    if (begins) return Candidate{"", std::string(word), path, kind};
  }
  return std::nullopt;
}

bool is_input(const std::string& array, std::span<const InputSignature> inputs) {
  return std::any_of(inputs.begin(), inputs.end(), [&](const InputSignature& input) { return input.name == array; });
}

// How many of the model's inputs are named like an array of an npz.
int matching_names(const Candidate& candidate, std::span<const InputSignature> inputs) {
  if (candidate.kind != &kNpz) return 0;
  const std::vector<std::string> names = array_names(candidate.path);
  return static_cast<int>(
      std::count_if(names.begin(), names.end(), [&](const std::string& name) { return is_input(name, inputs); }));
}

// The parts that arrays are named after, x_train and x_test; none where an array belongs to no part, or is called like
// an input of the model.
std::vector<std::string> parts_of(const fs::path& path, std::span<const InputSignature> inputs) {
  std::vector<std::string> parts;
  for (const std::string& name : array_names(path)) {
    const auto named = part_of_name(name);
    if (!named || is_input(name, inputs)) return {};
    if (std::find(parts.begin(), parts.end(), named->part) == parts.end()) parts.push_back(named->part);
  }
  return parts;
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
    if (!spec_.source.kind.empty()) asked_ = &source_kind(spec_.source.kind, "source");
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
      if (auto candidate = candidate_of(entry, asked_))
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

  // No names of splits: a folder of classes, one data file, or a folder that a source reads as it is.
  void find_single(const fs::path& base) {
    std::vector<fs::path> files;
    for (const fs::path& entry : entries_of(base))
      if (!fs::is_directory(entry) && kind_of(entry, asked_) != nullptr) files.push_back(entry);
    const SourceKind* whole = kind_of(base, asked_);
    const Medium* medium = whole ? medium_of(*whole) : nullptr;
    const bool classes = medium != nullptr && (asked_ != nullptr || holds_class_folders(base, *medium));
    if (classes && !files.empty()) say_not_used(files);
    if (!classes && files.size() == 1) return add_whole(files[0]);
    if (whole == nullptr) nothing_in(base);
    add_whole(base);
  }
  void say_not_used(const std::vector<fs::path>& files) {
    std::string names;
    for (const fs::path& file : files) names += (names.empty() ? "" : ", ") + file.filename().string();
    found_.guesses.push_back("the folders of classes are the data; " + names +
                             " beside them could be read as well, and would be if named with --data");
  }
  void add_whole(const fs::path& path) {
    const SourceKind* kind = kind_of(path, asked_);
    if (kind == &kNpz || kind == &kNpy)
      if (const std::vector<std::string> parts = parts_of(path, inputs_); !parts.empty()) return add_parts(path, parts);
    const std::string name = path.filename().string();
    spec_.splits.push_back(
        {fs::is_directory(path) ? "all" : name.substr(0, name.find('.')), relative(path), spec_.source.labels});
  }
  void add_parts(const fs::path& path, const std::vector<std::string>& parts) {
    std::string names;
    for (const std::string& part : parts) {
      spec_.splits.push_back({part, relative(path), "", part});
      names += (names.empty() ? "" : ", ") + part;
    }
    found_.guesses.push_back("splits are the parts that arrays are named after: " + names);
  }
  std::string relative(const fs::path& path) const {
    const std::string text = fs::relative(path, found_.root).string();
    return text == "." ? "" : text;
  }

  Found& found_;
  DatasetSpec& spec_;
  std::span<const InputSignature> inputs_;
  const SourceKind* asked_ = nullptr;  // the kind that the description names
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
