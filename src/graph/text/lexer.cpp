#include "graph/text/lexer.h"

#include <cctype>
#include <charconv>

#include "base/error.h"

namespace bw {

bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '/' || c == '-';
}

Lexer::Lexer(std::string_view text, std::string_view where) : text_(text), where_(where) {
  advance();
}

void Lexer::fail(const std::string& what) const {
  throw Error(InputClass::Format, what,
              where_ + ":" + std::to_string(token_.line) + ":" + std::to_string(token_.column));
}

char Lexer::step() {
  const char c = text_[at_++];
  ++column_;
  if (c == '\n') {
    ++line_;
    column_ = 1;
  }
  return c;
}

std::string Lexer::quoted() {
  std::string result;
  while (at_ < text_.size()) {
    char c = step();
    if (c == '"') return result;
    if (c == '\n') break;
    if (c == '\\') {
      const char kind = at_ < text_.size() ? step() : '\0';
      unsigned code = 0;
      if (kind == 'n')
        c = '\n';
      else if (kind == '"' || kind == '\\')
        c = kind;
      else if (kind == 'x' && text_.size() - at_ >= 2 &&
               std::from_chars(text_.data() + at_, text_.data() + at_ + 2, code, 16).ptr == text_.data() + at_ + 2) {
        c = static_cast<char>(code);
        step();
        step();
      } else {
        fail("a string has an unknown escape");
      }
    }
    result += c;
  }
  fail("a string does not end on its line");
}

void Lexer::advance() {
  while (at_ < text_.size() && (std::isspace(static_cast<unsigned char>(text_[at_])) || text_[at_] == '#')) {
    if (step() == '#')
      while (at_ < text_.size() && text_[at_] != '\n') step();
  }
  token_ = {Token::Kind::End, "", line_, column_};
  if (at_ == text_.size()) return;
  const char c = step();
  const auto while_name = [&] {
    while (at_ < text_.size() && is_name_char(text_[at_])) token_.text += step();
  };
  if (c == '"') {
    token_.kind = Token::Kind::String;
    token_.text = quoted();
  } else if (c == '%') {
    token_.kind = Token::Kind::Value;
    if (at_ < text_.size() && text_[at_] == '"') {
      step();
      token_.text = quoted();
    } else {
      while_name();
    }
  } else if (std::isdigit(static_cast<unsigned char>(c)) || c == '-' || c == '+' || c == '.') {
    token_.kind = Token::Kind::Number;
    token_.text = c;
    while (at_ < text_.size() && (is_name_char(text_[at_]) || text_[at_] == '+')) token_.text += step();
  } else if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') {
    token_.kind = Token::Kind::Word;
    token_.text = c;
    while_name();
  } else {
    token_.kind = Token::Kind::Mark;
    token_.text = c;
  }
}

Token Lexer::take() {
  Token taken = std::move(token_);
  advance();
  return taken;
}

bool Lexer::accept(char mark) {
  if (!token_.is(mark)) return false;
  advance();
  return true;
}

bool Lexer::accept(std::string_view word) {
  if (!token_.is(word)) return false;
  advance();
  return true;
}

void Lexer::expect(char mark) {
  if (!accept(mark)) fail(std::string("'") + mark + "' must stand here");
}

std::string Lexer::expect(Token::Kind kind, std::string_view what) {
  if (token_.kind != kind) fail(std::string(what) + " must stand here");
  return take().text;
}

std::int64_t Lexer::expect_integer() {
  std::int64_t value = 0;
  const std::string& text = token_.text;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (token_.kind != Token::Kind::Number || result.ec != std::errc{} || result.ptr != text.data() + text.size())
    fail("an integer must stand here");
  advance();
  return value;
}

}  // namespace bw
