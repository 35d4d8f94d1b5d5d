// A folder of JPEG and PNG files: one folder a class, or a file that lists names and labels, or neither (no labels).
#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "data/image.h"
#include "data/paths.h"
#include "data/sources/source.h"
#include "data/table.h"
#include "data/text.h"

namespace bw {
namespace {

constexpr std::size_t kMaxFiles = 20'000'000;

bool is_image_file(const fs::path& path) {
  const std::string extension = extension_of(path);
  return extension == "jpg" || extension == "jpeg" || extension == "png";
}

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!it->path().filename().string().starts_with('.')) entries.push_back(it->path());
    if (entries.size() > kMaxFiles)
      throw Error(InputClass::Limit, "more than " + std::to_string(kMaxFiles) + " files", folder.string());
  }
  if (error) throw Error(InputClass::Path, error.message(), folder.string());
  std::sort(entries.begin(), entries.end());
  return entries;
}

class Images : public Source {
 public:
  explicit Images(const SourceRequest& request) : root_(request.root), folder_(request.path) {
    columns_.push_back({"image", Column::Kind::Image, DType::UInt8, {-1, -1, -1}});
    if (request.labels.empty())
      scan();
    else
      read_list(beneath(root_, request.labels, "labels"));
    if (files_.empty()) throw Error(InputClass::Data, "holds no JPEG or PNG images", folder_.string());
  }

  std::size_t size() const override { return files_.size(); }
  const std::vector<Column>& columns() const override { return columns_; }
  Tensor get(std::size_t item, std::size_t column) const override {
    if (column == 1) return label(item);
    const fs::path path = beneath(root_, fs::relative(files_[item], root_).string(), folder_.string());
    return decode_image(MappedFile(path).bytes(), path.string());
  }
  std::string id(std::size_t item) const override { return fs::relative(files_[item], folder_).string(); }
  std::vector<std::string> classes() const override { return classes_; }
  std::vector<std::string> notes() const override {
    if (left_out_ == 0) return {};
    return {std::to_string(left_out_) + " files in " + folder_.string() +
            " are neither .jpg nor .png and were left out (" + first_left_out_ + ", ...)"};
  }
  std::vector<fs::path> files() const override { return files_; }

 private:
  Tensor label(std::size_t item) const {
    if (labels_.dtype() == DType::Float32) return Tensor::scalar(labels_.data<float>()[item]);
    return Tensor::scalar(labels_.data<std::int64_t>()[item]);
  }

  void scan() {
    std::vector<std::int64_t> labels;
    const std::vector<fs::path> entries = sorted_entries(folder_);
    for (const fs::path& entry : entries) {
      if (!fs::is_directory(entry)) continue;
      const auto number = static_cast<std::int64_t>(classes_.size());
      classes_.push_back(entry.filename().string());
      add(sorted_entries(entry));
      labels.resize(files_.size(), number);
    }
    if (!files_.empty()) {
      columns_.push_back({"folder", Column::Kind::Array, DType::Int64, {}});
      labels_ = Tensor::of<std::int64_t>({static_cast<std::int64_t>(labels.size())}, labels);
      for (const fs::path& entry : entries) leave_out(entry);
    } else {
      classes_.clear();
      add(entries);
    }
  }
  void add(const std::vector<fs::path>& entries) {
    for (const fs::path& entry : entries)
      if (is_image_file(entry))
        files_.push_back(entry);
      else
        leave_out(entry);
  }
  void leave_out(const fs::path& entry) {
    if (fs::is_directory(entry)) return;
    if (left_out_++ == 0) first_left_out_ = entry.filename().string();
  }

  // NAME<tab>LABEL a line; names are relative to the images' folder.
  void read_list(const fs::path& list) {
    const Table table = read_table(list, {"name", "label"});
    std::vector<std::string> labels;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      files_.push_back(beneath(folder_, table.cell(row, 0), table.place(row)));
      labels.emplace_back(table.cell(row, 1));
    }
    TextLabels read = read_text_labels(labels);
    columns_.push_back({"label", Column::Kind::Array, read.values.dtype(), {}});
    labels_ = read.values;
    classes_ = std::move(read.classes);
  }

  fs::path root_, folder_;
  std::vector<Column> columns_;
  std::vector<fs::path> files_;
  Tensor labels_;
  std::vector<std::string> classes_;
  std::size_t left_out_ = 0;
  std::string first_left_out_;
};

bool holds_images(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return false;
  for (const fs::path& entry : sorted_entries(path)) {
    if (is_image_file(entry)) return true;
    if (!fs::is_directory(entry, error)) continue;
    const std::vector<fs::path> inner = sorted_entries(entry);
    if (std::any_of(inner.begin(), inner.end(), is_image_file)) return true;
  }
  return false;
}

}  // namespace

const SourceKind kImages{
    "images", "a folder of JPEG and PNG files: one folder a class, or a list of names and labels", holds_images,
    [](const SourceRequest& request) -> std::unique_ptr<Source> { return std::make_unique<Images>(request); }};

}  // namespace bw
