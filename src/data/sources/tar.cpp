// Samples in tar archives as WebDataset lays them out: files of one sample share their name up to the first dot, the
// rest of the name is the column: 000.jpg + 000.cls, 001.jpg + 001.cls, ... A folder of .tar shards is read in name
// order.
#include <algorithm>
#include <map>

#include "archive/npy.h"
#include "archive/tar.h"
#include "base/error.h"
#include "base/number.h"
#include "data/image.h"
#include "data/paths.h"
#include "data/sources/source.h"
#include "data/text.h"

namespace bw {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> shards_of(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> shards;
  for (const auto& entry : fs::directory_iterator(path))
    if (extension_of(entry.path()) == "tar") shards.push_back(entry.path());
  std::sort(shards.begin(), shards.end());
  return shards;
}

// What a file of a sample is, by its extension (WebDataset's conventions).
enum class Role { Image, Label, Text, Array, Other };
Role role_of(std::string_view extension) {
  if (extension == "jpg" || extension == "jpeg" || extension == "png") return Role::Image;
  if (extension == "cls") return Role::Label;
  if (extension == "txt") return Role::Text;
  return extension == "npy" ? Role::Array : Role::Other;
}

class TarSource : public Source {
 public:
  explicit TarSource(const SourceRequest& request) : folder_(request.path) {
    for (const fs::path& path : shards_of(request.path)) {
      files_.push_back(path);
      shards_.emplace_back(path);
      add_samples(shards_.size() - 1);
    }
    if (samples_.empty())
      throw Error(InputClass::Data, "holds no samples", folder_.string(),
                  "A sample is NAME.jpg or .png with NAME.cls, .txt or .npy");
    find_columns();
    check_complete();
  }

  std::size_t size() const override { return samples_.size(); }
  const std::vector<Column>& columns() const override { return columns_; }
  std::string id(std::size_t item) const override {
    return files_[samples_[item].shard].filename().string() + ":" + samples_[item].key;
  }
  std::vector<fs::path> files() const override { return files_; }
  std::vector<std::string> notes() const override {
    if (left_out_ == 0) return {};
    return {std::to_string(left_out_) + " files of other kinds in " + folder_.string() + " were left out (" +
            first_left_out_ + ", ...)"};
  }
  Tensor get(std::size_t item, std::size_t column) const override {
    const Tar& shard = shards_[samples_[item].shard];
    const Tar::Entry& entry = shard.entries()[samples_[item].parts.at(columns_[column].name)];
    const std::string place = files_[samples_[item].shard].string() + ": " + entry.name;
    const Bytes content = shard.read(entry);
    const std::string_view text = as_text(content.bytes);
    switch (roles_[column]) {
      case Role::Image:
        return decode_image(content.bytes, place);
      case Role::Label:
        return label(text, place);
      case Role::Text:
        return Tensor::of_strings({}, {std::string(checked_utf8(text, place))});
      default:
        return row_of(with_row(read_npy(content, place)), 0);
    }
  }

 private:
  struct Part {
    std::size_t shard;
    std::string key;
    std::map<std::string, std::size_t> parts;  // column -> entry
  };

  static Tensor with_row(const Tensor& array) {
    Shape shape = array.shape();
    shape.insert(shape.begin(), 1);
    return array.reshaped(shape);
  }
  static Tensor label(std::string_view text, const std::string& place) {
    const auto words = words_of(text);
    std::int64_t value = 0;
    if (words.size() != 1 || !parse_number(words[0], value))
      throw Error(InputClass::Format, "a .cls file must hold one whole number", place);
    return Tensor::scalar(value);
  }

  void add_samples(std::size_t shard) {
    const auto& entries = shards_[shard].entries();
    std::map<std::string, std::size_t> known;  // key -> sample: files of a sample need not stand together
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const std::string& name = entries[i].name;
      const std::size_t slash = name.rfind('/'), base = slash == name.npos ? 0 : slash + 1;
      const std::size_t dot = std::min(name.find('.', base), name.size());
      std::string column = name.substr(std::min(dot + 1, name.size()));
      std::transform(column.begin(), column.end(), column.begin(), [](unsigned char c) { return std::tolower(c); });
      const Role role = role_of(column);
      if (role == Role::Other) {
        if (left_out_++ == 0) first_left_out_ = name;
        continue;
      }
      if (role == Role::Image) column = "image";
      const auto [found, added] = known.emplace(name.substr(0, dot), samples_.size());
      if (added) samples_.push_back({shard, name.substr(0, dot), {}});
      if (!samples_[found->second].parts.emplace(column, i).second)
        throw Error(InputClass::Format, "sample \"" + found->first + "\" has two images", files_[shard].string());
    }
  }

  void find_columns() {
    for (const auto& [name, entry] : samples_[0].parts) {
      roles_.push_back(name == "image" ? Role::Image : role_of(name));
      columns_.push_back({name, Column::Kind::Array, DType::Int64, {}});
      Column& column = columns_.back();
      if (roles_.back() == Role::Image) column = {name, Column::Kind::Image, DType::UInt8, {-1, -1, -1}};
      if (roles_.back() == Role::Text) column = {name, Column::Kind::Text, DType::String, {}};
      if (roles_.back() == Role::Array) {
        const Tensor first = get(0, columns_.size() - 1);
        column.dtype = first.dtype();
        column.shape = Shape(first.rank(), -1);
      }
    }
  }

  void check_complete() const {
    for (const Part& sample : samples_)
      if (sample.parts.size() != columns_.size() ||
          !std::equal(columns_.begin(), columns_.end(), sample.parts.begin(),
                      [](const Column& c, const auto& part) { return c.name == part.first; }))
        throw Error(
            InputClass::Data,
            "sample \"" + sample.key + "\" does not have the same files as the first one, \"" + samples_[0].key + "\"",
            files_[sample.shard].string());
  }

  fs::path folder_;
  std::vector<fs::path> files_;
  std::vector<Tar> shards_;
  std::vector<Part> samples_;
  std::vector<Column> columns_;
  std::vector<Role> roles_;
  std::size_t left_out_ = 0;
  std::string first_left_out_;
};

bool holds_shards(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error) ? !shards_of(path).empty() : extension_of(path) == "tar";
}

}  // namespace

const SourceKind kTar{
    "tar", "tar archives in the WebDataset layout: 000.jpg, 000.cls, ...", holds_shards,
    [](const SourceRequest& request) -> std::unique_ptr<Source> { return std::make_unique<TarSource>(request); }};

}  // namespace bw
