// A CSV or TSV file, one sample a row. Columns of numbers are labels or scores, columns of names of image or WAV files
// beside the table are those files, the others texts.
#include <algorithm>

#include "data/table.h"

#include "archive/npy.h"
#include "base/error.h"
#include "data/paths.h"
#include "data/sources/folder.h"
#include "data/text.h"

namespace bw {
namespace {

constexpr std::size_t kMaxNames = 1000;

class TextTable : public Source {
 public:
  explicit TextTable(const SourceRequest& request)
      : path_(request.path), table_(read_table(path_, request.spec.columns)) {
    if (table_.rows() == 0) throw Error(InputClass::Data, "holds no rows", path_.string());
    if (!table_.had_header() && request.spec.columns.empty())
      notes_.push_back(path_.filename().string() + " has no header line: its columns are called \"0\", \"1\", ...");
    for (std::size_t column = 0; column < table_.columns().size(); ++column) add_column(column);
  }

  std::size_t size() const override { return table_.rows(); }
  const std::vector<Column>& columns() const override { return columns_; }
  Tensor get(std::size_t item, std::size_t column) const override {
    if (values_[column]) return row_of(values_[column], item);
    if (media_[column] != nullptr) return media_[column]->read(file(item, column), columns_[column]);
    return Tensor::of_strings({}, {std::string(table_.cell(item, column))});
  }
  std::string id(std::size_t item) const override {
    return path_.filename().string() + ":" + std::string(table_.place(item).substr(path_.string().size() + 1));
  }
  std::vector<std::string> classes() const override { return classes_; }
  std::vector<std::string> notes() const override { return notes_; }
  std::vector<std::filesystem::path> files() const override { return {path_}; }

 private:
  std::filesystem::path file(std::size_t row, std::size_t column) const {
    const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
    return beneath(folder, table_.cell(row, column), table_.place(row));
  }

  // What all cells of a column name, when they do: image files, or WAV files.
  const Medium* medium_of_column(const std::vector<std::string>& cells) const {
    const Medium* medium = medium_of(std::filesystem::path(cells[0]));
    const bool all = medium != nullptr && std::all_of(cells.begin(), cells.end(), [&](const std::string& cell) {
                       return medium_of(std::filesystem::path(cell)) == medium;
                     });
    return all ? medium : nullptr;
  }

  // A column is a label when all its cells are numbers, or single words of which there are few; else text.
  void add_column(std::size_t column) {
    std::vector<std::string> cells;
    for (std::size_t row = 0; row < table_.rows(); ++row) cells.emplace_back(table_.cell(row, column));
    const std::string& name = table_.columns()[column];
    media_.push_back(medium_of_column(cells));
    if (const Medium* medium = media_.back()) {
      columns_.push_back(medium->describe(file(0, column)));
      columns_.back().name = name;
      values_.emplace_back();
      return;
    }
    const bool words =
        std::all_of(cells.begin(), cells.end(), [](const std::string& cell) { return words_of(cell).size() == 1; });
    TextLabels labels;
    if (words) labels = read_text_labels(cells);
    const bool few =
        labels.classes.size() <= kMaxNames && (labels.classes.size() * 2 <= cells.size() || labels.classes.empty());
    if (words && few) {
      columns_.push_back({name, Column::Kind::Array, labels.values.dtype(), {}});
      values_.push_back(labels.values);
      if (!labels.classes.empty()) classes_ = labels.classes;
    } else {
      columns_.push_back({name, Column::Kind::Text, DType::String, {}});
      values_.emplace_back();
    }
  }

  std::filesystem::path path_;
  Table table_;
  std::vector<Column> columns_;
  std::vector<Tensor> values_;        // by column; undefined for texts and files
  std::vector<const Medium*> media_;  // by column; null for all but files
  std::vector<std::string> classes_, notes_;
};

}  // namespace

const SourceKind kTable{
    "text",
    "a CSV or TSV file: texts (for a tokenizer.json or a list of words), names of image or WAV files beside it, "
    "labels, "
    "scores",
    [](const std::filesystem::path& path) { return extension_of(path) == "tsv" || extension_of(path) == "csv"; },
    [](const SourceRequest& request) -> std::unique_ptr<Source> { return std::make_unique<TextTable>(request); }};

}  // namespace bw
