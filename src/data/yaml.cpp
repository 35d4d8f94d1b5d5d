#include "data/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/names.h"
#include "base/number.h"
#include "data/text.h"

namespace bw {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxDepth = 64;

// Brackets nested deeper than allowed, found before the parser (which recurses) sees them. Brackets inside quotes count
// as well: no honest file has 64 of them open.
void check_brackets(std::string_view text, std::string_view where) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[' || text[i] == '{') ++depth;
    if ((text[i] == ']' || text[i] == '}') && depth > 0) --depth;
    if (depth > kMaxDepth)
      throw Error(InputClass::Limit, "is nested more than " + std::to_string(kMaxDepth) + " deep",
                  std::string(where) + ":" + place_of(text, i));
  }
}

}  // namespace

// Builds the tree from the parser's events.
class YamlBuilder : public YAML::EventHandler {
 public:
  explicit YamlBuilder(std::string_view where) : where_(where) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(mark, "", anchor, Yaml::Kind::Null); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    made(mark, Yaml::Kind::Null).fail("uses an alias (*name)", kPlain);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Yaml node = made(mark, tag == "?" && (value == "null" || value == "~") ? Yaml::Kind::Null : Yaml::Kind::Scalar);
    check(node, tag, anchor);
    if (!open_.empty() && open_.back().kind_ == Yaml::Kind::Mapping && awaits_key()) return add_key(node, value);
    node.scalar_ = value;
    close(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    start(mark, tag, anchor, Yaml::Kind::Sequence);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    start(mark, tag, anchor, Yaml::Kind::Mapping);
  }
  void OnMapEnd() override { end(); }

  Yaml root;

 private:
  static constexpr const char* kPlain = "Only plain mappings, lists and values are read: write it out";

  Yaml made(const YAML::Mark& mark, Yaml::Kind kind) const {
    Yaml node;
    node.kind_ = kind;
    node.where_ = where_;
    node.line_ = mark.line + 1;
    node.column_ = mark.column + 1;
    return node;
  }
  static void check(const Yaml& node, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) node.fail("has an anchor (&name)", kPlain);
    if (!tag.empty() && tag != "?" && tag != "!") node.fail("has a tag (" + tag + ")", kPlain);
  }
  bool awaits_key() const { return open_.back().keys_.size() == open_.back().items_.size(); }
  void add_key(const Yaml& at, const std::string& key) {
    auto& keys = open_.back().keys_;
    if (key == "<<") at.fail("merges another mapping (<<)", kPlain);
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) at.fail("the key \"" + key + "\" stands here twice");
    keys.push_back(key);
  }
  void add(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Yaml::Kind kind) {
    Yaml node = made(mark, kind);
    check(node, tag, anchor);
    close(std::move(node));
  }
  void start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Yaml::Kind kind) {
    Yaml node = made(mark, kind);
    check(node, tag, anchor);
    if (!open_.empty() && open_.back().kind_ == Yaml::Kind::Mapping && awaits_key())
      node.fail("a key must be a plain word");
    if (open_.size() >= kMaxDepth)
      throw Error(InputClass::Limit, "is nested more than " + std::to_string(kMaxDepth) + " deep", node.place());
    open_.push_back(std::move(node));
  }
  void end() {
    Yaml node = std::move(open_.back());
    open_.pop_back();
    close(std::move(node));
  }
  void close(Yaml node) {
    if (open_.empty())
      root = std::move(node);
    else if (open_.back().kind_ == Yaml::Kind::Mapping && awaits_key())
      node.fail("a key must be a plain word");
    else
      open_.back().items_.push_back(std::move(node));
  }

  std::string where_;
  std::vector<Yaml> open_;
};

Yaml Yaml::parse(std::string_view text, std::string_view where) {
  if (text.size() > kMaxBytes)
    throw Error(InputClass::Limit, std::to_string(text.size()) + " bytes (limit: " + std::to_string(kMaxBytes) + ")",
                std::string(where));
  text = checked_utf8(text, where);
  check_brackets(text, where);
  std::istringstream stream{std::string(text)};
  YamlBuilder builder(where);
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) throw Error(InputClass::Format, "is empty", std::string(where));
    YamlBuilder second(where);
    if (parser.HandleNextDocument(second))
      throw Error(InputClass::Format, "holds more than one document (---)", std::string(where));
  } catch (const YAML::Exception& error) {
    const std::string line = std::to_string(error.mark.line + 1) + ":" + std::to_string(error.mark.column + 1);
    throw Error(InputClass::Format, "is not valid YAML: " + error.msg, std::string(where) + ":" + line);
  }
  return std::move(builder.root);
}

void Yaml::fail(const std::string& what, const std::string& hint) const {
  const std::string everything = "'bitwright data keys' explains every key";
  throw Error(InputClass::Format, what, place(), hint.empty() ? everything : hint + ". " + everything);
}

const Yaml* Yaml::find(std::string_view key) const {
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  return found == keys_.end() ? nullptr : &items_[static_cast<std::size_t>(found - keys_.begin())];
}

void Yaml::require_keys(std::span<const std::string_view> known) const {
  if (kind_ != Kind::Mapping) fail("must be a mapping (key: value)");
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (std::find(known.begin(), known.end(), keys_[i]) != known.end()) continue;
    items_[i].fail("unknown key \"" + keys_[i] + "\"", known_names(keys_[i], {known.begin(), known.end()}));
  }
}

const std::string& Yaml::text() const {
  if (kind_ != Kind::Scalar) fail("must be a text");
  return scalar_;
}

std::int64_t Yaml::integer(std::int64_t least, std::int64_t most) const {
  std::int64_t value = 0;
  if (!parse_number(text(), value)) fail("must be a whole number, not \"" + scalar_ + "\"");
  if (value < least || value > most)
    fail("must lie between " + std::to_string(least) + " and " + std::to_string(most) + ", not be " + scalar_);
  return value;
}

double Yaml::number() const {
  double value = 0;
  if (!parse_number(text(), value)) fail("must be a finite number, not \"" + scalar_ + "\"");
  return value;
}

bool Yaml::boolean() const {
  if (text() != "true" && text() != "false") fail("must be true or false, not \"" + scalar_ + "\"");
  return scalar_ == "true";
}

std::vector<double> Yaml::numbers() const {
  if (kind_ != Kind::Sequence) return {number()};
  std::vector<double> values;
  for (const Yaml& item : items_) values.push_back(item.number());
  return values;
}

std::vector<std::string> Yaml::texts() const {
  if (kind_ != Kind::Sequence) return {text()};
  std::vector<std::string> values;
  for (const Yaml& item : items_) values.push_back(item.text());
  return values;
}

}  // namespace bw
