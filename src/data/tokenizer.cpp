#include <bwtok.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "data/encoder.h"

namespace bw {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 27;
constexpr std::int64_t kMaxTokens = 1 << 22;

// Takes over a text of the library.
std::string take(char* text) {
  const std::string copy = text ? text : "no reason given";
  bwtok_string_free(text);
  return copy;
}

// Each id may stand for one token only: a repeated or wild id would silently feed a model wrong rows of its embedding.
void check_ids(const Json& file, const std::string& where) {
  if (!file.is_object() || !file.contains("model") || !file["model"].is_object())
    throw Error(InputClass::Format, "is no tokenizer.json: it has no \"model\"", where);
  const Json& model = file["model"];
  if (!model.contains("vocab") || !model["vocab"].is_object()) return;  // Unigram lists tokens: ids are positions
  std::set<std::int64_t> seen;
  for (const auto& [token, id] : model["vocab"].items()) {
    if (!id.is_number_integer())
      throw Error(InputClass::Format, "the id of token \"" + token + "\" is no whole number", where);
    const auto number = id.get<std::int64_t>();
    if (number < 0 || number >= kMaxTokens)
      throw Error(InputClass::Semantic, "token \"" + token + "\" has the id " + std::to_string(number), where);
    if (!seen.insert(number).second)
      throw Error(InputClass::Semantic,
                  "two tokens have the id " + std::to_string(number) + " (\"" + token + "\" is one)", where);
  }
}

class Tokenizer : public TextEncoder {
 public:
  explicit Tokenizer(const std::filesystem::path& path) : where_(path.string()) {
    const std::string text = read_file(path, kMaxBytes);
    check_ids(parse_json(text, where_), where_);
    char* error = nullptr;
    tokenizer_ = bwtok_create(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), &error);
    if (tokenizer_ == nullptr)
      throw Error(InputClass::Format, "is not a tokenizer that can be used: " + take(error), where_);
  }
  ~Tokenizer() override { bwtok_free(tokenizer_); }
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  Tokens encode(std::string_view text, bool special) const override {
    bwtok_encoding encoding{};
    char* error = nullptr;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    if (bwtok_encode(tokenizer_, bytes, text.size(), special ? 1 : 0, &encoding, &error) != 0)
      throw Error(InputClass::Data, "a text cannot be encoded: " + take(error), where_);
    Tokens tokens{{encoding.ids, encoding.ids + encoding.length},
                  {encoding.type_ids, encoding.type_ids + encoding.length}};
    bwtok_encoding_free(&encoding);
    return tokens;
  }
  std::int64_t id_of(std::string_view token) const override {
    return bwtok_token_to_id(tokenizer_, reinterpret_cast<const std::uint8_t*>(token.data()), token.size());
  }
  std::size_t vocabulary() const override { return bwtok_vocab_size(tokenizer_); }

 private:
  std::string where_;
  bwtok* tokenizer_ = nullptr;
};

}  // namespace

std::shared_ptr<const TextEncoder> open_tokenizer(const std::filesystem::path& tokenizer_json) {
  return std::make_shared<Tokenizer>(tokenizer_json);
}

}  // namespace bw
