// YAML as configuration files use it: mappings, sequences and scalars. Whatever can surprise or explode (anchors,
// aliases, merges, tags, repeated keys, several documents, deep nesting) is refused, with line and column.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bw {

// One node of a YAML document. Readers name the place in their errors: InputError(format).
class Yaml {
 public:
  enum class Kind { Null, Scalar, Sequence, Mapping };

  static Yaml parse(std::string_view text, std::string_view where);  // at most 1 MiB, depth 64

  Kind kind() const { return kind_; }
  const std::vector<Yaml>& items() const { return items_; }  // of a sequence; values of a mapping
  const std::vector<std::string>& keys() const { return keys_; }
  const Yaml* find(std::string_view key) const;  // nullptr when absent
  std::string place() const { return where_ + ":" + std::to_string(line_) + ":" + std::to_string(column_); }

  // Mapping whose keys all are among `known`. InputError(format) naming line, key, the nearest and all known ones.
  void require_keys(std::span<const std::string_view> known) const;
  const std::string& text() const;
  std::int64_t integer(std::int64_t least, std::int64_t most) const;
  double number() const;
  bool boolean() const;                    // true or false
  std::vector<double> numbers() const;     // a sequence, or one number
  std::vector<std::string> texts() const;  // a sequence, or one text
  [[noreturn]] void fail(const std::string& what, const std::string& hint = {}) const;

 private:
  friend class YamlBuilder;
  Kind kind_ = Kind::Null;
  std::string where_, scalar_;
  int line_ = 0, column_ = 0;
  std::vector<Yaml> items_;
  std::vector<std::string> keys_;
};

}  // namespace bw
