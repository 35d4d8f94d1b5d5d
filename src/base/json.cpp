#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <vector>

#include "base/error.h"

namespace bw {
namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Walks the text and keeps its place where the handler below can see it.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const char* at, const char** place) : at_(at), place_(place) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    *place_ = ++at_;
    return *this;
  }
  friend bool operator==(const Cursor& a, const Cursor& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  const char** place_;
};

std::string line_and_column(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("{}:{}", line, std::max<std::size_t>(before.size() - start, 1));
}

// nlohmann's event interface, with what its own parser lets pass refused.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, std::string_view where) : text_(text), where_(where), place_(text.data()) {}

  const char** place() { return &place_; }
  Json take() { return std::move(root_); }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t& spelled) override {
    if (spelled.find_first_of(".eE") == spelled.npos) fail(InputClass::Limit, "integer beyond 64 bits");
    if (!std::isfinite(value)) fail(InputClass::Format, "number that is not finite");
    return put(value);
  }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (!open_.back().keys.insert(name).second) fail(InputClass::Format, fmt::format("key \"{}\" stands twice", name));
    open_.back().key = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::json::exception& fault) override {
    place_ = text_.data() + std::min(position, text_.size());
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ...": keep what stands last.
    std::string message = fault.what();
    message.erase(0, message.find("] ") + 2);
    if (message.starts_with("parse error")) message.erase(0, message.find(": ") + 2);
    fail(InputClass::Format, message.empty() ? "not JSON near " + token : message);
  }

 private:
  struct Level {
    Json* value;
    std::string key;
    std::unordered_set<std::string> keys;
  };

  [[noreturn]] void fail(InputClass input_class, std::string what) const {
    const auto offset = static_cast<std::size_t>(place_ - text_.data());
    throw Error(input_class, std::move(what), fmt::format("{}:{}", where_, line_and_column(text_, offset)));
  }

  Json* add(Json value) {
    if (open_.empty()) return &(root_ = std::move(value));
    Json& parent = *open_.back().value;
    if (parent.is_array()) return &parent.emplace_back(std::move(value));
    auto& members = parent.get_ref<Json::object_t&>();
    members.Container::emplace_back(std::move(open_.back().key), std::move(value));  // keys were checked already
    return &members.back().second;
  }
  bool put(Json value) { return add(std::move(value)); }
  bool open(Json value) {
    if (open_.size() == kMaxDepth) fail(InputClass::Limit, fmt::format("nested deeper than {}", kMaxDepth));
    open_.push_back({add(std::move(value)), {}, {}});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_, where_;
  const char* place_;
  Json root_;
  std::vector<Level> open_;
};

void require_finite(const Json& json) {
  if (json.is_number_float() && !std::isfinite(json.get<double>()))
    throw Error(ErrorKind::Internal, "a number that is not finite was about to be written as JSON");
  if (json.is_structured())
    for (const Json& member : json) require_finite(member);
}

std::string dump(const Json& json, int indent) {
  require_finite(json);
  try {
    return json.dump(indent);
  } catch (const nlohmann::json::type_error&) {  // the only one that dump throws: text that is not UTF-8
    throw Error(InputClass::Format, "text that is not UTF-8 cannot be written as JSON");
  }
}

}  // namespace

Json parse_json(std::string_view text, std::string_view where) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  // nlohmann's lexer skips a second mark and takes NUL for the end of the text.
  if (text.starts_with(kByteOrderMark)) throw Error(InputClass::Format, "two byte-order marks", std::string(where));
  if (const std::size_t nul = text.find('\0'); nul != text.npos)
    throw Error(InputClass::Format, "NUL in JSON text", fmt::format("{}:{}", where, line_and_column(text, nul + 1)));
  Builder builder(text, where);
  const char* end = text.data() + text.size();
  Json::sax_parse(Cursor(text.data(), builder.place()), Cursor(end, builder.place()), &builder);
  return builder.take();
}

std::string to_text(const Json& json) {
  return dump(json, 2) + "\n";
}
std::string to_line(const Json& json) {
  return dump(json, -1);
}

}  // namespace bw
