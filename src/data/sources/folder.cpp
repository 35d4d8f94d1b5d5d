#include "data/sources/folder.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "data/image.h"
#include "data/paths.h"
#include "data/sound.h"
#include "data/table.h"
#include "data/text.h"

namespace bw {
namespace {

constexpr std::size_t kMaxFiles = 20'000'000;

bool is_image_file(const fs::path& path) {
  const std::string extension = extension_of(path);
  return extension == "jpg" || extension == "jpeg" || extension == "png";
}
bool is_sound_file(const fs::path& path) {
  return extension_of(path) == "wav";
}

Tensor read_image(const fs::path& path, const Column&) {
  return decode_image(MappedFile(path).bytes(), path.string());
}
Tensor read_sound(const fs::path& path, const Column& column) {
  const MappedFile file(path);
  const std::int64_t rate = sound_format(file.bytes(), path.string()).sample_rate;
  if (rate != column.sample_rate)
    throw Error(InputClass::Unsupported,
                "has " + std::to_string(rate) + " frames a second, the first file has " +
                    std::to_string(column.sample_rate) + ", and nothing is resampled here",
                path.string(),
                "Resample it first: ffmpeg -i IN.wav -ar " + std::to_string(column.sample_rate) + " OUT.wav");
  return decode_wav(file.bytes(), path.string());
}

Column describe_image(const fs::path&) {
  return {"image", Column::Kind::Image, DType::UInt8, {-1, -1, -1}};
}
Column describe_sound(const fs::path& path) {
  const SoundFormat format = sound_format(MappedFile(path).bytes(), path.string());
  return {"audio", Column::Kind::Sound, DType::Float32, {-1, format.channels}, format.sample_rate};
}

constexpr Medium kImageFiles{"JPEG or PNG images", "neither .jpg nor .png", is_image_file, describe_image, read_image},
    kSoundFiles{"WAV files", "not .wav", is_sound_file, describe_sound, read_sound};

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

class FolderSource : public Source {
 public:
  FolderSource(const SourceRequest& request, const Medium& medium)
      : medium_(medium), root_(request.root), folder_(request.path) {
    columns_.emplace_back();
    if (request.labels.empty())
      scan(request.classes);
    else
      read_list(beneath(root_, request.labels, "labels"));
    if (files_.empty()) throw Error(InputClass::Data, "holds no " + std::string(medium_.says), folder_.string());
    columns_[0] = medium_.describe(real(0));
  }

  std::size_t size() const override { return files_.size(); }
  const std::vector<Column>& columns() const override { return columns_; }
  Tensor get(std::size_t item, std::size_t column) const override {
    if (column == 1) return label(item);
    return medium_.read(real(item), columns_[0]);
  }
  std::string id(std::size_t item) const override { return fs::relative(files_[item], folder_).string(); }
  std::vector<std::string> classes() const override { return classes_; }
  std::vector<std::string> notes() const override {
    std::vector<std::string> notes = notes_;
    if (left_out_ > 0)
      notes.push_back(std::to_string(left_out_) + " files in " + folder_.string() + " are " +
                      std::string(medium_.is_not) + " and were left out (" + first_left_out_ + ", ...)");
    return notes;
  }
  std::vector<fs::path> files() const override { return files_; }

 private:
  Tensor label(std::size_t item) const {
    if (labels_.dtype() == DType::Float32) return Tensor::scalar(labels_.data<float>()[item]);
    return Tensor::scalar(labels_.data<std::int64_t>()[item]);
  }

  fs::path real(std::size_t item) const {
    return beneath(root_, fs::relative(files_[item], root_).string(), folder_.string());
  }

  void scan(std::optional<std::int64_t> classes) {
    std::vector<std::int64_t> labels;
    const std::vector<fs::path> entries = sorted_entries(folder_);
    std::vector<std::pair<fs::path, std::vector<fs::path>>> folders;
    for (const fs::path& entry : entries)
      if (fs::is_directory(entry)) folders.emplace_back(entry, sorted_entries(entry));
    const bool all_count = classes && std::ssize(folders) == *classes;
    for (const auto& [path, inside] : folders) {
      const auto number = static_cast<std::int64_t>(classes_.size());
      const bool empty = std::none_of(inside.begin(), inside.end(), medium_.is_file);
      if (empty)
        notes_.push_back("the folder " + path.filename().string() + " in " + folder_.string() + " holds no " +
                         std::string(medium_.says) +
                         (all_count ? ": it is a class without samples, since the model tells as many classes apart as "
                                      "there are folders"
                                    : " and is no class"));
      if (!empty || all_count) classes_.push_back(path.filename().string());
      add(inside);
      labels.resize(files_.size(), number);
    }
    if (!files_.empty()) {
      columns_.push_back({"folder", Column::Kind::Array, DType::Int64, {}});
      labels_ = Tensor::of<std::int64_t>({static_cast<std::int64_t>(labels.size())}, labels);
      for (const fs::path& entry : entries) leave_out(entry);
    } else {
      classes_.clear();
      notes_.clear();
      add(entries);
    }
  }
  void add(const std::vector<fs::path>& entries) {
    for (const fs::path& entry : entries)
      if (medium_.is_file(entry))
        files_.push_back(entry);
      else
        leave_out(entry);
  }
  void leave_out(const fs::path& entry) {
    if (fs::is_directory(entry)) return;
    if (left_out_++ == 0) first_left_out_ = entry.filename().string();
  }

  // NAME<tab>LABEL a line; names are relative to the files' folder.
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

  const Medium& medium_;
  fs::path root_, folder_;
  std::vector<Column> columns_;
  std::vector<std::string> notes_;
  std::vector<fs::path> files_;
  Tensor labels_;
  std::vector<std::string> classes_;
  std::size_t left_out_ = 0;
  std::string first_left_out_;
};

bool holds(const fs::path& path, const Medium& medium) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return false;
  const std::vector<fs::path> entries = sorted_entries(path);
  return std::any_of(entries.begin(), entries.end(), medium.is_file) || holds_class_folders(path, medium);
}

}  // namespace

bool holds_class_folders(const fs::path& path, const Medium& medium) {
  const std::vector<fs::path> entries = sorted_entries(path);
  return std::any_of(entries.begin(), entries.end(), [&](const fs::path& entry) {
    if (!fs::is_directory(entry)) return false;
    const std::vector<fs::path> inside = sorted_entries(entry);
    return std::any_of(inside.begin(), inside.end(), medium.is_file);
  });
}

const Medium* medium_of(const SourceKind& kind) {
  return &kind == &kImages ? &kImageFiles : &kind == &kAudio ? &kSoundFiles : nullptr;
}

const Medium* medium_of(const fs::path& file) {
  for (const Medium* medium : {&kImageFiles, &kSoundFiles})
    if (medium->is_file(file)) return medium;
  return nullptr;
}

const SourceKind kImages{"images", "a folder of JPEG and PNG files: one folder a class, or a list of names and labels",
                         [](const fs::path& path) { return holds(path, kImageFiles); },
                         [](const SourceRequest& request) -> std::unique_ptr<Source> {
                           return std::make_unique<FolderSource>(request, kImageFiles);
                         }};

const SourceKind kAudio{"audio", "a folder of WAV files: one folder a class, or a list of names and labels",
                        [](const fs::path& path) { return holds(path, kSoundFiles); },
                        [](const SourceRequest& request) -> std::unique_ptr<Source> {
                          return std::make_unique<FolderSource>(request, kSoundFiles);
                        }};

}  // namespace bw
