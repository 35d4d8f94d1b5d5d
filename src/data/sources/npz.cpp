// An npz archive: every array whose first axis counts the samples is a column.
#include <map>

#include "archive/npy.h"
#include "base/error.h"
#include "data/paths.h"
#include "data/sources/source.h"

namespace bw {
namespace {

// Shape of one item: bytes in two dimensions are a gray image [H, W, 1].
Shape item_shape(const StoredArray& array) {
  Shape shape = array.shape;
  shape.erase(shape.begin());
  if (array.dtype == DType::UInt8 && shape.size() == 2) shape.push_back(1);
  return shape;
}
bool is_image(const StoredArray& array) {
  const Shape shape = item_shape(array);
  return array.dtype == DType::UInt8 && shape.size() == 3 && (shape[2] == 1 || shape[2] == 3);
}

class Npz : public Source {
 public:
  explicit Npz(const SourceRequest& request) : path_(request.path) {
    for (auto& [name, array] : open_npz(path_)) {
      const std::string place = path_.string() + ": " + name;
      if (array.shape.empty()) {
        notes_.push_back("array \"" + name + "\" of " + path_.filename().string() +
                         " is a single number and was left out");
        continue;
      }
      const auto rows = static_cast<std::size_t>(array.shape[0]);
      if (!columns_.empty() && rows != size_)
        throw Error(InputClass::Data,
                    "\"" + name + "\" has " + std::to_string(rows) + " rows, \"" + columns_.front().name + "\" has " +
                        std::to_string(size_),
                    path_.string(), "Every array needs one row for each sample");
      if (rows == 0) throw Error(InputClass::Data, "holds no samples", place);
      size_ = rows;
      const Shape shape = item_shape(array);
      columns_.push_back({name, is_image(array) ? Column::Kind::Image : Column::Kind::Array, array.dtype, shape});
      arrays_.push_back(std::move(array));
    }
    if (columns_.empty()) throw Error(InputClass::Data, "holds no arrays", path_.string());
  }

  std::size_t size() const override { return size_; }
  const std::vector<Column>& columns() const override { return columns_; }
  Tensor get(std::size_t item, std::size_t column) const override {
    return row_of(arrays_[column], item).reshaped(columns_[column].shape);
  }
  std::string id(std::size_t item) const override {
    return path_.filename().string() + "[" + std::to_string(item) + "]";
  }
  std::vector<std::string> notes() const override { return notes_; }
  std::vector<std::filesystem::path> files() const override { return {path_}; }

 private:
  std::filesystem::path path_;
  std::vector<Column> columns_;
  std::vector<StoredArray> arrays_;
  std::vector<std::string> notes_;
  std::size_t size_ = 0;
};

}  // namespace

const SourceKind kNpz{
    "npz", "NumPy arrays, one row a sample (.npz)",
    [](const std::filesystem::path& path) { return extension_of(path) == "npz"; },
    [](const SourceRequest& request) -> std::unique_ptr<Source> { return std::make_unique<Npz>(request); }};

}  // namespace bw
