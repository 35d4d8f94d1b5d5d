// idx files, the format of MNIST and Fashion-MNIST, plain or gzipped: train-images-idx3-ubyte(.gz) with its labels in
// train-labels-idx1-ubyte(.gz) beside it. A folder holds such pairs: "train" and "t10k".
#include <algorithm>

#include "archive/archive.h"
#include "archive/npy.h"
#include "base/error.h"
#include "base/file.h"
#include "data/paths.h"
#include "data/sources/source.h"

namespace bw {
namespace {

// Header: 0, 0, element type, rank, then each dimension as a big-endian 32-bit number.
DType dtype_of_code(std::uint64_t code, const std::string& where) {
  switch (code) {
    case 0x08:
      return DType::UInt8;
    case 0x09:
      return DType::Int8;
    default:
      throw Error(InputClass::Unsupported, "has element type " + std::to_string(code), where,
                  "idx files of bytes (type 8 or 9) are read");
  }
}

Tensor read_idx(const fs::path& path) {
  const std::string where = path.string();
  const MappedFile file(path);
  Bytes content{file.bytes(), file.owner()};
  if (extension_of(path) == "gz") content = inflate_gzip(file.bytes(), {}, where);
  if (big_endian(content.bytes, 0, 2, where) != 0) throw Error(InputClass::Format, "is not an idx file", where);
  const DType dtype = dtype_of_code(big_endian(content.bytes, 2, 1, where), where);
  const std::uint64_t rank = big_endian(content.bytes, 3, 1, where);
  if (rank < 1 || rank > 4) throw Error(InputClass::Format, "has " + std::to_string(rank) + " dimensions", where);
  Shape shape;
  for (std::uint64_t i = 0; i < rank; ++i)
    shape.push_back(static_cast<std::int64_t>(big_endian(content.bytes, 4 + 4 * i, 4, where)));
  const auto data = content.bytes.subspan(4 + 4 * rank);
  std::uint64_t promised = 0;
  try {
    promised = element_count(shape);
  } catch (const Error& error) {
    throw error.within(where);
  }
  if (promised != data.size())
    throw Error(InputClass::Format,
                "promises " + std::to_string(promised) + " bytes and holds " + std::to_string(data.size()), where,
                "The file is truncated or damaged");
  return Tensor::wrap(dtype, shape, data, content.owner);
}

bool is_images_file(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.find("-idx3-") != name.npos || name.find("-idx4-") != name.npos || name.find(".idx3") != name.npos;
}

// "t10k-images-idx3-ubyte.gz" -> "t10k-labels-idx1-ubyte.gz", when it is there.
fs::path labels_beside(const fs::path& images) {
  std::string name = images.filename().string();
  const std::size_t word = name.find("images"), rank = name.find("idx3");
  if (word == name.npos || rank == name.npos) return {};
  name.replace(rank, 4, "idx1").replace(word, 6, "labels");
  const fs::path path = images.parent_path() / name;
  return fs::exists(path) ? path : fs::path();
}

class Idx : public Source {
 public:
  explicit Idx(const SourceRequest& request) : path_(request.path), images_(read_idx(path_)) {
    const fs::path labels =
        request.labels.empty() ? labels_beside(path_) : beneath(request.root, request.labels, "labels");
    if (images_.rank() < 2 || images_.shape()[0] == 0)
      throw Error(InputClass::Data, "holds no samples", path_.string());
    Shape shape(images_.shape().begin() + 1, images_.shape().end());
    const bool gray = shape.size() == 2 && images_.dtype() == DType::UInt8;
    if (gray) shape.push_back(1);
    columns_.push_back({"image", gray ? Column::Kind::Image : Column::Kind::Array, images_.dtype(), shape});
    if (labels.empty()) return;
    labels_ = read_idx(labels);
    labels_path_ = labels;
    if (labels_.rank() != 1 || labels_.shape()[0] != images_.shape()[0])
      throw Error(
          InputClass::Data,
          "holds labels " + to_string(labels_.shape()) + " for " + std::to_string(images_.shape()[0]) + " samples",
          labels.string());
    columns_.push_back({"label", Column::Kind::Array, DType::Int64, {}});
  }

  std::size_t size() const override { return static_cast<std::size_t>(images_.shape()[0]); }
  const std::vector<Column>& columns() const override { return columns_; }
  Tensor get(std::size_t item, std::size_t column) const override {
    if (column == 0) return row_of(images_, item).reshaped(columns_[0].shape);
    return Tensor::scalar(static_cast<std::int64_t>(labels_.bytes()[item]));
  }
  std::string id(std::size_t item) const override {
    return path_.filename().string() + "[" + std::to_string(item) + "]";
  }
  std::vector<fs::path> files() const override {
    if (labels_path_.empty()) return {path_};
    return {path_, labels_path_};
  }

 private:
  fs::path path_, labels_path_;
  Tensor images_, labels_;
  std::vector<Column> columns_;
};

}  // namespace

const SourceKind kIdx{
    "idx", "MNIST's format, plain or gzipped (...-images-idx3-ubyte.gz)", is_images_file,
    [](const SourceRequest& request) -> std::unique_ptr<Source> { return std::make_unique<Idx>(request); }};

}  // namespace bw
