#include "data/sources/source.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.h"
#include "base/number.h"
#include "data/text.h"

namespace bw {
namespace {

template <class T>
bool all_numbers(std::span<const std::string> labels, std::vector<T>& values) {
  values.resize(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (!parse_number(std::string_view(labels[i]), values[i])) return false;
  return true;
}

}  // namespace

std::span<const SourceKind* const> source_kinds() {
  static constexpr std::array<const SourceKind*, 6> kKinds{&kNpz, &kTar, &kIdx, &kTable, &kCorpus, &kImages};
  return kKinds;
}

const SourceKind& source_kind(std::string_view name, std::string_view where) {
  std::string names;
  for (const SourceKind* kind : source_kinds()) {
    if (kind->name == name) return *kind;
    names += (names.empty() ? "" : ", ") + std::string(kind->name);
  }
  throw Error(InputClass::Unsupported, "unknown source kind \"" + std::string(name) + "\"", std::string(where),
              "One of: " + names);
}

const SourceKind* sniff_source(const std::filesystem::path& path) {
  for (const SourceKind* kind : source_kinds())
    if (kind->sniff(path)) return kind;
  return nullptr;
}

std::size_t column_named(const Source& source, std::string_view name, std::string_view where) {
  std::string names;
  for (std::size_t i = 0; i < source.columns().size(); ++i) {
    if (source.columns()[i].name == name) return i;
    names += (names.empty() ? "" : ", ") + source.columns()[i].name;
  }
  throw Error(InputClass::Semantic, "there is no \"" + std::string(name) + "\" in the data", std::string(where),
              "There are: " + names);
}

TextLabels read_text_labels(std::span<const std::string> labels) {
  TextLabels result;
  const auto count = static_cast<std::int64_t>(labels.size());
  std::vector<std::int64_t> whole;
  std::vector<double> real;
  if (all_numbers(labels, whole)) {
    result.values = Tensor::of<std::int64_t>({count}, whole);
  } else if (all_numbers(labels, real)) {
    result.values = Tensor::of<float>({count}, std::vector<float>(real.begin(), real.end()));
  } else {
    const std::set<std::string> names(labels.begin(), labels.end());
    result.classes.assign(names.begin(), names.end());
    for (std::size_t i = 0; i < labels.size(); ++i)
      whole[i] = std::lower_bound(result.classes.begin(), result.classes.end(), labels[i]) - result.classes.begin();
    result.values = Tensor::of<std::int64_t>({count}, whole);
  }
  return result;
}

}  // namespace bw
