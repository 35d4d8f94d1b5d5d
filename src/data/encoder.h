// Text into token ids: by a tokenizer.json (Hugging Face's format) or by a list of words, one a line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bw {

struct Tokens {
  std::vector<std::int64_t> ids, type_ids;
};

class TextEncoder {
 public:
  virtual ~TextEncoder() = default;
  // Thread safe. `special`: with the tokens that a model expects around a text ([CLS] ... [SEP]).
  virtual Tokens encode(std::string_view text, bool special) const = 0;
  virtual std::int64_t id_of(std::string_view token) const = 0;  // -1 when there is none
  virtual std::size_t vocabulary() const = 0;
};

// InputError: format (no tokenizer.json), semantic (an id twice, or outside the vocabulary), limit.
std::shared_ptr<const TextEncoder> open_tokenizer(const std::filesystem::path& tokenizer_json);

// Words between white space; the number of a word is its line, from 0. Words that are not in the list become <unk> (or
// [UNK]); InputError(data) when there is neither.
std::shared_ptr<const TextEncoder> open_vocabulary(const std::filesystem::path& words);

}  // namespace bw
