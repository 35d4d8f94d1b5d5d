// Running text for language models: one long row of tokens, cut into windows that do not overlap; what does not fill
// the last window is dropped. Column "x" is a window, "y" the tokens that follow each of its positions.
#include "base/error.h"
#include "base/file.h"
#include "data/paths.h"
#include "data/sources/source.h"
#include "data/text.h"

namespace bw {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 32;
constexpr std::int64_t kDefaultWindow = 128;

class Corpus : public Source {
 public:
  explicit Corpus(const SourceRequest& request)
      : path_(request.path), window_(request.spec.window > 0 ? request.spec.window : kDefaultWindow) {
    if (request.encoder == nullptr)
      throw Error(InputClass::Data, "running text needs a tokenizer.json or a list of words", path_.string(),
                  "Put tokenizer.json or vocab.txt beside it, or name one in dataset.yaml (source: {tokenizer: ...})");
    const std::string content = read_file(path_, kMaxBytes);
    encode(checked_utf8(content, path_.string()), *request.encoder);
    count_ = ids_.empty() ? 0 : (ids_.size() - 1) / static_cast<std::size_t>(window_);
    if (count_ == 0)
      throw Error(InputClass::Data,
                  std::to_string(ids_.size()) + " tokens do not fill one window of " + std::to_string(window_),
                  path_.string());
  }

  std::size_t size() const override { return count_; }
  const std::vector<Column>& columns() const override { return columns_; }
  Tensor get(std::size_t item, std::size_t column) const override {
    const auto window = static_cast<std::size_t>(window_);
    return Tensor::of<std::int64_t>({window_},
                                    std::span<const std::int64_t>(ids_).subspan(item * window + column, window));
  }
  std::string id(std::size_t item) const override {
    return path_.filename().string() + "[" + std::to_string(item) + "]";
  }
  std::vector<std::string> notes() const override { return notes_; }
  std::vector<std::filesystem::path> files() const override { return {path_}; }

 private:
  // A line at a time, so that a tokenizer's working memory stays small. Where the vocabulary has a token that ends a
  // line or text, it stands for the line break.
  void encode(std::string_view text, const TextEncoder& encoder) {
    std::int64_t end_id = -1;
    for (std::string_view name : {"<eos>", "</s>", "<|endoftext|>"}) {
      end_id = encoder.id_of(name);
      if (end_id < 0) continue;
      notes_.push_back("line breaks of " + path_.filename().string() + " are the token " + std::string(name));
      break;
    }
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const Tokens line = encoder.encode(text.substr(begin, end - begin), false);
      ids_.insert(ids_.end(), line.ids.begin(), line.ids.end());
      if (end < text.size() && end_id >= 0) ids_.push_back(end_id);
      begin = end + 1;
    }
  }

  std::filesystem::path path_;
  std::int64_t window_;
  std::vector<std::int64_t> ids_;
  std::size_t count_ = 0;
  std::vector<std::string> notes_;
  std::vector<Column> columns_{{"x", Column::Kind::Array, DType::Int64, {window_}},
                               {"y", Column::Kind::Array, DType::Int64, {window_}}};
};

}  // namespace

const SourceKind kCorpus{
    "corpus", "running text (.txt) for language models, cut into windows of tokens",
    [](const std::filesystem::path& path) { return extension_of(path) == "txt"; },
    [](const SourceRequest& request) -> std::unique_ptr<Source> { return std::make_unique<Corpus>(request); }};

}  // namespace bw
