#include "plan/file_fields.h"

#include <algorithm>

namespace bw::plan_file {
namespace {

constexpr std::size_t kInline = 16;  // longer arrays go to the npz

bool is_of_numpy(DType dtype) {
  return info(dtype).bits >= 8 && dtype != DType::BFloat16 && dtype < DType::Float8E4M3FN;
}

Json stored(const Tensor& array, Arrays& arrays) {
  const std::string key = std::to_string(arrays.size());
  arrays[key] = array;
  return {{"npz", key}};
}

const Tensor& array_named(Fields& fields, const char* name, const Json& json, const Arrays& arrays) {
  if (!json.is_object() || !json.contains("npz") || !json["npz"].is_string())
    fields.fail(fmt::format("field '{}' names no array", name));
  const auto found = arrays.find(json["npz"].get<std::string>());
  if (found == arrays.end()) fields.fail(fmt::format("field '{}' names an array that the npz does not have", name));
  return found->second;
}

}  // namespace

Fields::Fields(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
  if (!json.is_object()) fail("is not an object");
}

const Json& Fields::at(const char* name) {
  seen_.insert(name);
  if (!json_.contains(name)) fail(fmt::format("has no field '{}'", name));
  return json_.at(name);
}

const Json& Fields::object(const char* name) {
  if (!at(name).is_object()) fail(fmt::format("field '{}' is not an object", name));
  return json_.at(name);
}

const Json& Fields::array(const char* name) {
  if (!at(name).is_array()) fail(fmt::format("field '{}' is not a list", name));
  return json_.at(name);
}

void Fields::finish() const {
  for (const auto& [name, unused] : json_.items())
    if (!seen_.contains(name)) fail(fmt::format("has an unknown field '{}'", name));
}

void Fields::fail(const std::string& what) const {
  throw Error(InputClass::Format, what, where_, "Make the plan anew with 'bitwright quantize --plan-out'");
}

template <class T>
Json numbers_to_json(const std::vector<T>& numbers, Arrays& arrays) {
  if (numbers.size() <= kInline) return numbers;
  return stored(Tensor::of<T>({static_cast<std::int64_t>(numbers.size())}, std::span<const T>(numbers)), arrays);
}

template <class T>
std::vector<T> numbers_from_json(Fields& fields, const char* name, const Arrays& arrays) {
  const Json& json = fields.at(name);
  if (json.is_array()) return fields.list<T>(name);
  const Tensor& array = array_named(fields, name, json, arrays);
  if (array.dtype() != dtype_of<T>())
    fields.fail(fmt::format("field '{}' names an array of {} where {} stands", name, name_of(array.dtype()),
                            name_of(dtype_of<T>())));
  const std::span<const T> values = array.data<T>();
  if constexpr (std::is_floating_point_v<T>)
    if (!std::ranges::all_of(values, [](T value) { return std::isfinite(value); }))
      fields.fail(fmt::format("field '{}' names an array with numbers that are not finite", name));
  return {values.begin(), values.end()};
}

template Json numbers_to_json(const std::vector<float>&, Arrays&);
template Json numbers_to_json(const std::vector<std::int32_t>&, Arrays&);
template Json numbers_to_json(const std::vector<std::int64_t>&, Arrays&);
template std::vector<float> numbers_from_json(Fields&, const char*, const Arrays&);
template std::vector<std::int32_t> numbers_from_json(Fields&, const char*, const Arrays&);
template std::vector<std::int64_t> numbers_from_json(Fields&, const char*, const Arrays&);

Json tensor_to_json(const Tensor& tensor, Arrays& arrays) {
  if (is_of_numpy(tensor.dtype())) return stored(tensor, arrays);
  Json json = stored(
      Tensor::wrap(DType::UInt8, {static_cast<std::int64_t>(tensor.bytes().size())}, tensor.bytes(), tensor.owner()),
      arrays);
  json["type"] = name_of(tensor.dtype());
  json["shape"] = tensor.shape();
  return json;
}

Tensor tensor_from_json(Fields& outer, const char* name, const Arrays& arrays) {
  const Json& json = outer.at(name);
  const Tensor& array = array_named(outer, name, json, arrays);
  if (!json.contains("type")) return array;
  Fields fields(json, fmt::format("{}: {}", outer.where(), name));
  fields.at("npz");
  const DType dtype = dtype_named(fields.get<std::string>("type"));
  const auto shape = fields.list<std::int64_t>("shape");
  fields.finish();
  if (dtype == DType::Undefined || is_of_numpy(dtype)) fields.fail("has a type that no bytes are kept for");
  if (array.dtype() != DType::UInt8 || byte_size(dtype, element_count(shape)) != array.bytes().size())
    fields.fail(
        fmt::format("has {} bytes where {}{} is needed", array.bytes().size(), name_of(dtype), to_string(shape)));
  return Tensor::wrap(dtype, shape, array.bytes(), array.owner());
}

}  // namespace bw::plan_file
