#include "run/ort/words.h"

#include <array>

namespace bw::ort {
namespace {

// "/build/onnxruntime/core/graph/graph.cc:123": where in its own source the runtime found a fault.
bool is_source_place(std::string_view word) {
  const std::size_t colon = word.rfind(':');
  if (colon == word.npos || word.find('/') == word.npos) return false;
  const std::string_view file = word.substr(0, colon), line = word.substr(colon + 1);
  return (file.ends_with(".cc") || file.ends_with(".cpp") || file.ends_with(".h")) && !line.empty() &&
         line.find_first_not_of("0123456789") == line.npos;
}

std::string without_places(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::string clean;
  for (std::size_t at = text.find_first_not_of(kBlanks); at != text.npos; at = text.find_first_not_of(kBlanks, at)) {
    const std::string_view word = text.substr(at, text.find_first_of(kBlanks, at) - at);
    if (!is_source_place(word)) clean.append(clean.empty() ? "" : " ").append(word);
    at += word.size();
  }
  return clean;
}

// The end of a list of parameters that begins at `open`, or npos.
std::size_t closing(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    depth += (text[i] == '(') - (text[i] == ')');
    if (depth == 0) return i;
  }
  return text.npos;
}

// "static common::Status onnxruntime::Model::Load(const PathString&, int) " and the like: everything from the start of
// the sentence to the end of the parameters of a function of a namespace.
void drop_signature(std::string& text) {
  constexpr std::string_view kNamespaces[] = {"onnxruntime::", "onnx::"};
  for (const std::string_view space : kNamespaces)
    for (std::size_t at = text.find(space); at != text.npos; at = text.find(space, at + 1)) {
      const std::size_t open = text.find('(', at);
      if (open == text.npos || text.substr(at, open - at).find_first_of(".'\"") != std::string::npos) continue;
      std::size_t end = closing(text, open);
      if (end == text.npos) continue;
      for (const std::string_view suffix : {" const", " mutable"})
        if (text.compare(end + 1, suffix.size(), suffix) == 0) end += suffix.size();
      if (text.compare(end + 1, 7, " [with ") == 0 && text.find(']', end) != text.npos) end = text.find(']', end);
      // The return type stands before it, behind the end of what was said.
      const std::size_t before = text.find_last_of(":.", at > 0 ? at - 1 : 0);
      std::size_t begin = at;
      if (before == text.npos || before + 1 >= at)
        begin = before == text.npos ? 0 : at;
      else
        begin = before + 1;
      text.erase(begin, end + 1 - begin);
      at = begin;
      if (at >= text.size()) break;
    }
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

struct Phrase {
  std::string_view from, to;
};
constexpr std::array kPhrases{Phrase{"This is an invalid model. ", ""}, Phrase{"failed:", "failed: "},
                              Phrase{"Non-zero status code returned while running ", "while running "},
                              Phrase{"Status Message: ", ""}, Phrase{"ONNX Runtime only *guarantees* ", "only guarantees "},
                              Phrase{"..", "."}, Phrase{"  ", " "}};

}  // namespace

std::string cleaned(std::string_view words) {
  std::string text = without_places(words);
  drop_signature(text);
  for (const Phrase& phrase : kPhrases) replace_all(text, phrase.from, phrase.to);
  const std::size_t first = text.find_first_not_of(' ');
  return first == text.npos ? "" : text.substr(first);
}

}  // namespace bw::ort
