// NumPy's arrays: an npz archive, an npy file, or a folder of npy files, one an array. Every array whose first axis
// counts the samples is a column; a single number is the same for every sample.
#include "data/sources/arrays.h"

#include <algorithm>
#include <map>

#include "archive/npy.h"
#include "archive/zip.h"
#include "base/error.h"
#include "data/paths.h"
#include "data/sources/source.h"
#include "data/split_words.h"

namespace bw {
namespace {

namespace fs = std::filesystem;

// Shape of one item: bytes in two dimensions are a gray image [H, W, 1].
Shape item_shape(const StoredArray& array) {
  Shape shape = array.shape;
  if (shape.empty()) return shape;
  shape.erase(shape.begin());
  if (array.dtype == DType::UInt8 && shape.size() == 2) shape.push_back(1);
  return shape;
}
bool is_image(const StoredArray& array) {
  const Shape shape = item_shape(array);
  return array.dtype == DType::UInt8 && shape.size() == 3 && (shape[2] == 1 || shape[2] == 3);
}

std::vector<fs::path> npy_files(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path))
    if (extension_of(entry.path()) == "npy") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

using Arrays = std::map<std::string, StoredArray>;

Arrays read_npz_file(const fs::path& path, std::vector<RefusedArray>& refused) {
  return open_npz(path, {}, &refused);
}

Arrays read_npy_files(const fs::path& path, std::vector<RefusedArray>& refused) {
  Arrays arrays;
  if (!fs::is_directory(path)) {  // named alike in every split: train.npy, test.npy
    arrays.emplace("array", open_npy(path));
    return arrays;
  }
  for (const fs::path& file : npy_files(path)) try {
      arrays.emplace(file.stem().string(), open_npy(file));
    } catch (const Error& error) {
      if (error.input_class() != InputClass::Unsupported) throw;
      refused.push_back({file.stem().string(), error.message()});
    }
  return arrays;
}

class ArraySource : public Source {
 public:
  ArraySource(const SourceRequest& request, std::vector<fs::path> files,
              Arrays (*read)(const fs::path&, std::vector<RefusedArray>&))
      : path_(request.path), files_(std::move(files)) {
    std::vector<RefusedArray> refused;
    Arrays arrays = of_part(read(path_, refused), request.part);
    for (const RefusedArray& array : refused) left_out_.push_back(array.name + " (" + array.reason + ")");
    size_ = rows_of_most(arrays);
    for (auto& [name, array] : arrays) add(name, std::move(array));
    if (columns_.empty() || size_ == 0)
      throw Error(InputClass::Data, columns_.empty() ? "holds no arrays of samples" : "holds no samples",
                  path_.string(), left_out_.empty() ? "" : "There are: " + column_names(*this));
  }

  std::size_t size() const override { return size_; }
  const std::vector<Column>& columns() const override { return columns_; }
  Tensor get(std::size_t item, std::size_t column) const override {
    const StoredArray& array = arrays_[column];
    if (array.shape.empty()) return Tensor::copy(array.dtype, {}, array.content.bytes);
    return row_of(array, item).reshaped(columns_[column].shape);
  }
  std::string id(std::size_t item) const override {
    return path_.filename().string() + "[" + std::to_string(item) + "]";
  }
  std::vector<std::string> notes() const override {
    std::vector<std::string> notes;
    for (const std::string& left : left_out_)
      notes.push_back("an array of " + path_.filename().string() + " was left out: " + left);
    return notes;
  }
  std::vector<std::string> left_out() const override { return left_out_; }
  std::vector<fs::path> files() const override { return files_; }

 private:
  // Arrays of the part by their names within it, and those that belong to no part.
  static Arrays of_part(Arrays all, const std::string& part) {
    if (part.empty()) return all;
    Arrays arrays;
    for (auto& [name, array] : all) {
      const auto named = part_of_name(name);
      if (!named || named->part == part) arrays.emplace(named ? named->base : name, std::move(array));
    }
    return arrays;
  }

  // The number of rows that most arrays have. InputError(data) when no number is the most frequent.
  std::size_t rows_of_most(const Arrays& arrays) const {
    std::map<std::size_t, std::string> first;
    std::map<std::size_t, std::size_t> counts;
    for (const auto& [name, array] : arrays) {
      if (array.shape.empty()) continue;
      const auto rows = static_cast<std::size_t>(array.shape[0]);
      ++counts[rows];
      first.emplace(rows, name);
    }
    std::size_t best = 0, most = 0;
    for (const auto& [rows, count] : counts)
      if (count > most) best = rows, most = count;
    for (const auto& [rows, count] : counts)
      if (rows != best && count == most)
        throw Error(InputClass::Data,
                    "\"" + first[best] + "\" has " + std::to_string(best) + " rows, \"" + first[rows] + "\" has " +
                        std::to_string(rows),
                    path_.string(), "Every array needs one row for each sample");
    return best;
  }

  void add(const std::string& name, StoredArray array) {
    if (!array.shape.empty() && static_cast<std::size_t>(array.shape[0]) != size_) {
      left_out_.push_back(name + " (" + std::to_string(array.shape[0]) + " rows, the others have " +
                          std::to_string(size_) + ")");
      return;
    }
    columns_.push_back(
        {name, is_image(array) ? Column::Kind::Image : Column::Kind::Array, array.dtype, item_shape(array)});
    arrays_.push_back(std::move(array));
  }

  fs::path path_;
  std::vector<fs::path> files_;
  std::vector<Column> columns_;
  std::vector<StoredArray> arrays_;
  std::vector<std::string> left_out_;
  std::size_t size_ = 0;
};

bool holds_npy(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error) ? !npy_files(path).empty() : extension_of(path) == "npy";
}

}  // namespace

std::vector<std::string> array_names(const fs::path& path) {
  std::vector<std::string> names;
  if (extension_of(path) == "npz" && !fs::is_directory(path)) {
    const Zip zip(path);
    for (const Zip::Entry& entry : zip.entries())
      if (entry.name.ends_with(".npy")) names.push_back(entry.name.substr(0, entry.name.size() - 4));
  } else if (holds_npy(path)) {
    for (const fs::path& file : npy_files(path)) names.push_back(file.stem().string());
  }
  return names;
}

std::optional<PartName> part_of_name(std::string_view name) {
  for (std::string_view word : kSplitWords) {
    if (word == "all" || word == "data" || name.size() < word.size() + 2) continue;  // x_data is no part of x
    const auto is_gap = [](char c) { return c == '_' || c == '-'; };
    if (name.ends_with(word) && is_gap(name[name.size() - word.size() - 1]))
      return PartName{std::string(name.substr(0, name.size() - word.size() - 1)), std::string(word)};
    if (name.starts_with(word) && is_gap(name[word.size()]))
      return PartName{std::string(name.substr(word.size() + 1)), std::string(word)};
  }
  return std::nullopt;
}

const SourceKind kNpz{"npz", "NumPy arrays, one row a sample (.npz); x_train and x_test are parts of one array",
                      [](const fs::path& path) { return extension_of(path) == "npz"; },
                      [](const SourceRequest& request) -> std::unique_ptr<Source> {
                        return std::make_unique<ArraySource>(request, std::vector{request.path}, read_npz_file);
                      }};

const SourceKind kNpy{"npy",
                      "a NumPy array, one row a sample (.npy), or a folder of them, one for each input and label",
                      holds_npy, [](const SourceRequest& request) -> std::unique_ptr<Source> {
                        return std::make_unique<ArraySource>(request, npy_files(request.path), read_npy_files);
                      }};

}  // namespace bw
