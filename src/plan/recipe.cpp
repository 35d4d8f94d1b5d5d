#include "plan/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/error.h"

namespace bw {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Recipe recipe() {
    Recipe recipe;
    do recipe.steps.push_back(step());
    while (take('+'));
    if (at_ != text_.size()) fail("'+' or the end");
    return recipe;
  }

 private:
  Step step() {
    Step step{.method = word("a method's name"), .parameters = {}};
    if (!take('(')) return step;
    if (take(')')) return step;
    do {
      const std::string key = word("a parameter's name");
      if (!take('=')) fail("'='");
      if (!step.parameters.emplace(key, value()).second) fail("another name than '" + key + "', which stands there");
    } while (take(','));
    if (!take(')')) fail("',' or ')'");
    return step;
  }

  std::string word(const char* wanted) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    if (at_ == begin) fail(wanted);
    return std::string(text_.substr(begin, at_ - begin));
  }

  // A word, or anything in double quotes ("" stands for one inside).
  std::string value() {
    if (!take('"')) return word("a value");
    std::string text;
    for (;;) {
      if (at_ == text_.size()) fail("a closing '\"'");
      const char c = text_[at_++];
      if (c == '"' && !take('"')) return text;
      text += c;
    }
  }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // Node names may stand as values, so everything that does not structure a recipe is part of a word.
  static bool is_word(char c) {
    return !std::isspace(static_cast<unsigned char>(c)) && std::string_view("+(),=").find(c) == std::string_view::npos;
  }

  friend std::string in_quotes_where_needed(const std::string& value);

  [[noreturn]] void fail(const std::string& wanted) const {
    throw Error(ErrorKind::Usage, fmt::format("expected {} at position {}", wanted, at_ + 1),
                fmt::format("recipe '{}'", text_), "Write METHOD(name=value,...)+METHOD..., see 'bitwright methods'");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// The text that Parser::value() reads as this.
std::string in_quotes_where_needed(const std::string& value) {
  const bool plain =
      !value.empty() && value.find('"') == value.npos && std::all_of(value.begin(), value.end(), Parser::is_word);
  if (plain) return value;
  std::string text = "\"";
  for (const char c : value) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

}  // namespace

Recipe parse_recipe(std::string_view text) {
  return Parser(text).recipe();
}

std::string to_string(const Recipe& recipe) {
  std::string text;
  for (const Step& step : recipe.steps) {
    if (!text.empty()) text += '+';
    text += step.method;
    std::string list;
    for (const auto& [name, value] : step.parameters)
      list += fmt::format("{}{}={}", list.empty() ? "" : ",", name, in_quotes_where_needed(value));
    if (!list.empty()) text += fmt::format("({})", list);
  }
  return text;
}

}  // namespace bw
