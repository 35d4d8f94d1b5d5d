// Where samples come from. A source is a table: items in a fixed order, columns of images, texts or arrays. It knows
// nothing of models; what a model's input is made of is data/feed.h's business.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/encoder.h"
#include "data/spec.h"
#include "tensor/tensor.h"

namespace bw {

struct Column {
  enum class Kind {
    Image,  // uint8 [H, W, C]
    Sound,  // float32 [frames, channels], -1 to 1
    Text,   // String []
    Array,  // numbers of one dtype and shape
  };
  std::string name;
  Kind kind = Kind::Array;
  DType dtype = DType::Undefined;
  Shape shape;                   // of one item; -1 where items differ
  std::int64_t sample_rate = 0;  // sound: frames a second, the same for all items
};

class Source {
 public:
  virtual ~Source() = default;
  virtual std::size_t size() const = 0;
  virtual const std::vector<Column>& columns() const = 0;
  // Thread safe. InputError naming the file and item.
  virtual Tensor get(std::size_t item, std::size_t column) const = 0;
  virtual std::string id(std::size_t item) const = 0;
  virtual std::vector<std::string> classes() const { return {}; }  // names of the labels' numbers, when known
  virtual std::vector<std::string> notes() const { return {}; }    // what the user should know: files left out, ...
  virtual std::vector<std::string> left_out() const {
    return {};
  }  // what is no column, with the reason: "names (text)"
  virtual std::vector<std::filesystem::path> files() const = 0;  // what it was made of
};

// What a source is opened with.
struct SourceRequest {
  std::filesystem::path root;           // nothing outside it is read
  std::filesystem::path path;           // file or folder, beneath root
  std::string labels;                   // file of labels, relative to root; "" is none
  std::string part;                     // arrays: those whose names end or begin with this word; "" is all
  std::optional<std::int64_t> classes;  // how many the model tells apart, when known
  SourceSpec spec;
  std::shared_ptr<const TextEncoder> encoder;  // corpus; null when there is none
};

struct SourceKind {
  std::string_view name, says;
  bool (*sniff)(const std::filesystem::path& path);  // could it be one? Looks at names, not content
  std::unique_ptr<Source> (*open)(const SourceRequest& request);
};

// The catalog: one file and one line an entry. Order matters for sniffing: the first that fits is taken.
std::span<const SourceKind* const> source_kinds();
const SourceKind& source_kind(std::string_view name, std::string_view where);  // InputError(unsupported) naming all
const SourceKind* sniff_source(const std::filesystem::path& path);             // nullptr when none fits

extern const SourceKind kImages, kAudio, kTar, kIdx, kNpz, kNpy, kTable, kCorpus;

const Column* find_column(const Source& source, std::string_view name);  // nullptr when there is none
std::ptrdiff_t text_count(const Source& source);                         // columns of texts
std::string column_names(const Source& source);  // with dtype and shape, and what was left out; for messages
// The column of that name. InputError(semantic) naming those that are there.
std::size_t column_named(const Source& source, std::string_view name, std::string_view where);

// Labels written as text: numbers stay what they are, names are numbered in sorted order.
struct TextLabels {
  Tensor values;                     // int64 [N], or float32 [N] when a label has a decimal point
  std::vector<std::string> classes;  // sorted names; empty for numbers
};
TextLabels read_text_labels(std::span<const std::string> labels);

}  // namespace bw
