// Tokens of the text form. Every error names line and column.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bw {

struct Token {
  enum class Kind : std::uint8_t { Word, Value, String, Number, Mark, End };
  Kind kind = Kind::End;
  std::string text;  // of a Value without "%", of a String without quotes and escapes
  int line = 1, column = 1;

  bool is(char mark) const { return kind == Kind::Mark && text[0] == mark; }
  bool is(std::string_view word) const { return kind == Kind::Word && text == word; }
};

class Lexer {
 public:
  Lexer(std::string_view text, std::string_view where);

  const Token& peek() const { return token_; }
  Token take();
  bool accept(char mark);
  bool accept(std::string_view word);
  void expect(char mark);
  std::string expect(Token::Kind kind, std::string_view what);
  std::int64_t expect_integer();
  [[noreturn]] void fail(const std::string& what) const;  // InputError(format) at the current token

 private:
  void advance();
  char step();
  std::string quoted();

  std::string_view text_;
  std::string where_;
  std::size_t at_ = 0;
  int line_ = 1, column_ = 1;
  Token token_;
};

bool is_name_char(char c);  // may stand in a value name or word without quotes

}  // namespace bw
