// Reading and writing the parts of a plan's files: objects whose fields are all read, each by name, and arrays beside
// them.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "tensor/tensor.h"

namespace bw::plan_file {

// By key, which is a number, since names of values may hold anything.
using Arrays = std::map<std::string, Tensor>;

// Whether a value is a T as it stands: what would be rounded, cut off or reinterpreted is not.
template <class T>
bool holds(const Json& json) {
  if constexpr (std::is_same_v<T, bool>)
    return json.is_boolean();
  else if constexpr (std::is_floating_point_v<T>)
    return json.is_number() && std::isfinite(json.get<T>());
  else if constexpr (std::is_integral_v<T>)
    return json.is_number_unsigned() ? std::in_range<T>(json.get<std::uint64_t>())
                                     : json.is_number_integer() && std::in_range<T>(json.get<std::int64_t>());
  else
    return true;  // the library tells the others apart
}

// An object whose fields are all read, each by name; what is left over is an error.
class Fields {
 public:
  Fields(const Json& json, std::string where);

  bool has(const char* name) const { return json_.contains(name); }
  const Json& at(const char* name);
  const Json& object(const char* name);
  const Json& array(const char* name);
  template <class T>
  T get(const char* name) {
    return value<T>(at(name), name);
  }
  template <class T>
  std::vector<T> list(const char* name) {
    std::vector<T> values;
    for (const Json& entry : array(name)) values.push_back(value<T>(entry, fmt::format("{}[{}]", name, values.size())));
    return values;
  }
  void finish() const;
  [[noreturn]] void fail(const std::string& what) const;
  const std::string& where() const { return where_; }

 private:
  template <class T>
  T value(const Json& json, const std::string& name) const {
    try {
      if (holds<T>(json)) return json.get<T>();
    } catch (const nlohmann::json::exception&) {
    }
    fail(fmt::format("field '{}' has the wrong type, or a number that does not fit", name));
  }

  const Json& json_;
  std::string where_;
  std::set<std::string> seen_;
};

// A list of numbers: in place when it is short, else {"npz": KEY}. T: float, int32, int64.
template <class T>
Json numbers_to_json(const std::vector<T>& numbers, Arrays& arrays);
template <class T>
std::vector<T> numbers_from_json(Fields& fields, const char* name, const Arrays& arrays);

// {"npz": KEY}; of a type that NumPy lacks as bytes, beside "type" and "shape".
Json tensor_to_json(const Tensor& tensor, Arrays& arrays);
Tensor tensor_from_json(Fields& fields, const char* name, const Arrays& arrays);

}  // namespace bw::plan_file
