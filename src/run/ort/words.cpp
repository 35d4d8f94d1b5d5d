#include "run/ort/words.h"

#include <array>
#include <regex>

namespace bw::ort {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string on_one_line(std::string_view text) {
  std::string line;
  for (std::size_t at = text.find_first_not_of(kBlanks); at != text.npos; at = text.find_first_not_of(kBlanks, at)) {
    const std::string_view word = text.substr(at, text.find_first_of(kBlanks, at) - at);
    line.append(line.empty() ? "" : " ").append(word);
    at += word.size();
  }
  return line;
}

// --- where in its own source the runtime found a fault: "/a/b/model.cc:256 SIGNATURE " or "concatbase.h:133 NAME "
// -------------------------------------------------------------------------------------------------------------------

struct Place {
  std::size_t begin = std::string_view::npos, end = 0;
  bool whole = false;  // with its folders: then a signature follows, else a bare name
};

Place next_place(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kEnds{".cc:", ".h:", ".cpp:", ".hpp:", ".cu:"};
  Place first;
  for (const std::string_view end : kEnds)
    for (std::size_t at = text.find(end); at != text.npos; at = text.find(end, at + 1)) {
      const std::size_t digits = at + end.size(), after = text.find_first_not_of("0123456789", digits);
      if (after == digits || (after != text.npos && text[after] != ' ') || at >= first.begin) continue;
      // The word may hang on what is said before it: "failed:/onnxruntime_src/...".
      const std::size_t before = text.find_last_of(" :", at - 1);
      const std::size_t begin = before == text.npos ? 0 : before + 1;
      first = {begin, after == text.npos ? text.size() : after + 1,
               text.substr(begin, at - begin).find('/') != text.npos};
      break;
    }
  return first;
}

// Behind the parameters of the signature at the start of `text` and what belongs to it; 0 when there is none.
std::size_t signature_end(std::string_view text) {
  int depth = 0;
  bool parameters = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == ' ' && depth == 0 && parameters) break;
    parameters |= c == '(';
    depth += (c == '(' || c == '[' || c == '{') - (c == ')' || c == ']' || c == '}');
    depth += (c == '<') - (c == '>' && at > 0 && text[at - 1] != '-');
  }
  if (depth != 0 || !parameters) return 0;
  for (const std::string_view tail : {" const", " noexcept", " &&", " &"})
    if (text.substr(at).starts_with(tail) && text.substr(at + tail.size()).starts_with(' ')) at += tail.size();
  if (text.substr(at).starts_with(" [with "))
    if (const std::size_t close = text.find(']', at); close != text.npos) at = close + 1;
  return at;
}

// Behind the condition in C++ at the start of `text` that did not hold, where words follow: "a == b was false. Words".
std::size_t condition_end(std::string_view text) {
  constexpr std::string_view kEnd = " was false. ";
  const std::size_t at = text.find(kEnd);
  return at == text.npos || text.find(". ") < at ? 0 : at + kEnd.size();
}

std::string without_places(std::string text) {
  for (Place place = next_place(text); place.begin != std::string_view::npos; place = next_place(text)) {
    const std::string_view rest = std::string_view(text).substr(place.end);
    std::size_t length = place.whole ? signature_end(rest) : std::min(rest.find(' '), rest.size());
    while (length < rest.size() && rest[length] == ' ') ++length;
    if (place.whole) length += condition_end(rest.substr(length));
    text.erase(place.begin, place.end - place.begin + length);
  }
  return text;
}

// --- how the runtime says things, and how we do
// -------------------------------------------------------------------------------------------------------------------

struct Saying {
  const char *theirs, *ours;
};

constexpr Saying kSayings[] = {
    {R"re(\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : )re", ""},
    {R"re(\[(ShapeInferenceError|TypeInferenceError)\] )re", ""},
    {R"re(Load model from .*? failed: ?)re", ""},
    {R"re(Load model .*? failed\. )re", ""},
    {R"re(Fatal error: )re", ""},
    {R"re(This is an invalid model\. (Error: )?)re", ""},
    {R"re(Non-zero status code returned while running (\S+) node\. Name:'([^']*)' Status Message: )re",
     "node '$2' ($1): "},
    {R"re(In Node, \("([^"]*)", ([^,]+), [^)]*\) : .*?\) -> \(.*?\) ?, (Error )?)re", "node '$1' ($2): "},
    {R"re(Node ?\(([^)]*)\) Op ?\(([^)]*)\) )re", "node '$1' ($2): "},
    {R"re(of operator \((\w+)\) in node \(([^)]*)\) is invalid)re", "of node '$2' ($1) is not one that it takes"},
    {R"re((of|in) node \(([^)]*)\))re", "$1 node '$2'"},
    {R"re(Could not find an implementation for (\w+)\((\d+)\) node with name '([^']*)')re",
     "node '$3' ($1 of opset $2): no implementation for its types"},
};

std::string in_our_words(std::string text) {
  for (const auto& [theirs, ours] : kSayings)
    text = std::regex_replace(text, std::regex(theirs, std::regex::ECMAScript), ours);
  return text;
}

}  // namespace

std::string plain_words(std::string_view message) {
  constexpr std::size_t kMost = 4000;  // the matching of patterns takes stack by the length of the text
  return on_one_line(in_our_words(without_places(on_one_line(message).substr(0, kMost))));
}

}  // namespace bw::ort
