#include "data/sources/source.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.h"
#include "base/names.h"
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
  static constexpr std::array<const SourceKind*, 8> kKinds{&kImages, &kAudio, &kNpz,   &kTar,
                                                           &kIdx,    &kNpy,   &kTable, &kCorpus};
  return kKinds;
}

const SourceKind& source_kind(std::string_view name, std::string_view where) {
  std::vector<std::string_view> known;
  for (const SourceKind* kind : source_kinds()) {
    if (kind->name == name) return *kind;
    known.push_back(kind->name);
  }
  throw Error(InputClass::Unsupported, "unknown source kind \"" + std::string(name) + "\"", std::string(where),
              known_names(name, known));
}

const SourceKind* sniff_source(const std::filesystem::path& path) {
  for (const SourceKind* kind : source_kinds())
    if (kind->sniff(path)) return kind;
  return nullptr;
}

const Column* find_column(const Source& source, std::string_view name) {
  const std::vector<Column>& columns = source.columns();
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

std::ptrdiff_t text_count(const Source& source) {
  return std::count_if(source.columns().begin(), source.columns().end(),
                       [](const Column& column) { return column.kind == Column::Kind::Text; });
}

std::string column_names(const Source& source) {
  std::string names;
  for (const Column& column : source.columns())
    names +=
        (names.empty() ? "" : ", ") + column.name + " " + std::string(name_of(column.dtype)) + to_string(column.shape);
  std::string left;
  for (const std::string& name : source.left_out()) left += (left.empty() ? "; left out: " : ", ") + name;
  return names + left;
}

std::size_t column_named(const Source& source, std::string_view name, std::string_view where) {
  for (std::size_t i = 0; i < source.columns().size(); ++i)
    if (source.columns()[i].name == name) return i;
  throw Error(InputClass::Semantic, "there is no \"" + std::string(name) + "\" in the data", std::string(where),
              did_you_mean(name, names_of(source.columns())) + "There are: " + column_names(source));
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
