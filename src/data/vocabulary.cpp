#include <unordered_map>

#include "base/error.h"
#include "base/file.h"
#include "data/encoder.h"
#include "data/text.h"

namespace bw {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 27;

class Vocabulary : public TextEncoder {
 public:
  explicit Vocabulary(const std::filesystem::path& path) : where_(path.string()), text_(read_file(path, kMaxBytes)) {
    const std::string_view text = checked_utf8(text_, where_);
    std::int64_t line = 0;
    for (std::size_t begin = 0; begin < text.size(); ++line) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      std::string_view word = text.substr(begin, end - begin);
      if (word.ends_with('\r')) word.remove_suffix(1);
      if (!ids_.emplace(word, line).second)
        throw Error(InputClass::Semantic, "the word \"" + std::string(word) + "\" stands here twice",
                    where_ + ":" + std::to_string(line + 1));
      begin = end + 1;
    }
    if (ids_.empty()) throw Error(InputClass::Data, "holds no words", where_);
    for (std::string_view name : {"<unk>", "[UNK]", "<UNK>"})
      if (unknown_ < 0) unknown_ = id_of(name);
  }

  Tokens encode(std::string_view text, bool) const override {
    Tokens tokens;
    for (std::string_view word : words_of(text)) {
      const std::int64_t id = id_of(word);
      if (id < 0 && unknown_ < 0)
        throw Error(InputClass::Data,
                    "the word \"" + std::string(word) + "\" is not in the vocabulary, which has no <unk> either",
                    where_);
      tokens.ids.push_back(id < 0 ? unknown_ : id);
    }
    tokens.type_ids.assign(tokens.ids.size(), 0);
    return tokens;
  }
  std::int64_t id_of(std::string_view token) const override {
    const auto found = ids_.find(token);
    return found == ids_.end() ? -1 : found->second;
  }
  std::size_t vocabulary() const override { return ids_.size(); }

 private:
  std::string where_, text_;
  std::unordered_map<std::string_view, std::int64_t> ids_;
  std::int64_t unknown_ = -1;
};

}  // namespace

std::shared_ptr<const TextEncoder> open_vocabulary(const std::filesystem::path& words) {
  return std::make_shared<Vocabulary>(words);
}

}  // namespace bw
