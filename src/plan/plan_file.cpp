// Plans as files: JSON for people and diffs, long arrays in an npz beside it.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <type_traits>
#include <utility>

#include "archive/npy.h"
#include "base/error.h"
#include "base/file.h"
#include "plan/plan.h"

namespace bw {
namespace {

constexpr std::size_t kInline = 16;  // longer arrays go to the npz
using Arrays = std::map<std::string, Tensor>;

constexpr std::string_view kGranularities[] = {"tensor", "channel", "block"};

// A list of numbers: in place when short, else {"npz": KEY}. Keys are numbers, since names of values may hold anything.
template <class T>
Json numbers_to_json(const std::vector<T>& numbers, Arrays& arrays) {
  if (numbers.size() <= kInline) return numbers;
  const std::string key = std::to_string(arrays.size());
  arrays[key] = Tensor::of<T>({static_cast<std::int64_t>(numbers.size())}, std::span<const T>(numbers));
  return {{"npz", key}};
}

Json params_to_json(const QParams& params, Arrays& arrays) {
  const Scheme& s = params.scheme;
  return {{"code", name_of(s.code)},
          {"granularity", kGranularities[static_cast<std::size_t>(s.granularity)]},
          {"axis", s.axis},
          {"block_size", s.block_size},
          {"symmetric", s.symmetric},
          {"reduced_range", s.reduced_range},
          {"rounding", name_of(s.rounding)},
          {"scales", numbers_to_json(params.scales, arrays)},
          {"zero_points", numbers_to_json(params.zero_points, arrays)}};
}

Json node_to_json(const NodePlan& node, Arrays& arrays) {
  Json operands = Json::object();
  for (const auto& [position, params] : node.operands)
    operands[std::to_string(position)] = params_to_json(params, arrays);
  return {{"precision", name_of(node.precision)}, {"reason", node.reason}, {"operands", operands}};
}

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
  Fields(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json.is_object()) fail("is not an object");
  }
  ~Fields() = default;

  const Json& at(const char* name) {
    seen_.insert(name);
    if (!json_.contains(name)) fail(fmt::format("has no field '{}'", name));
    return json_.at(name);
  }
  const Json& object(const char* name) {
    if (!at(name).is_object()) fail(fmt::format("field '{}' is not an object", name));
    return json_.at(name);
  }
  template <class T>
  T get(const char* name) {
    return value<T>(at(name), name);
  }
  template <class T>
  std::vector<T> list(const char* name) {
    std::vector<T> values;
    for (const Json& entry : at(name)) values.push_back(value<T>(entry, fmt::format("{}[{}]", name, values.size())));
    return values;
  }
  void finish() const {
    for (const auto& [name, unused] : json_.items())
      if (!seen_.contains(name)) fail(fmt::format("has an unknown field '{}'", name));
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(InputClass::Format, what, where_, "Make the plan anew with 'bitwright quantize --plan-out'");
  }
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

template <class T>
std::vector<T> numbers_from_json(Fields& fields, const char* name, const Arrays& arrays) {
  const Json& json = fields.at(name);
  if (json.is_array()) return fields.list<T>(name);
  if (!json.is_object() || !json.contains("npz") || !json["npz"].is_string())
    fields.fail(fmt::format("field '{}' is no list of numbers", name));
  const auto found = arrays.find(json["npz"].get<std::string>());
  if (found == arrays.end() || found->second.dtype() != dtype_of<T>())
    fields.fail(fmt::format("field '{}' names an array that the npz does not have", name));
  const std::span<const T> values = found->second.data<T>();
  if constexpr (std::is_floating_point_v<T>)
    if (!std::all_of(values.begin(), values.end(), [](T value) { return std::isfinite(value); }))
      fields.fail(fmt::format("field '{}' names an array with numbers that are not finite", name));
  return {values.begin(), values.end()};
}

Rounding rounding_named(Fields& fields, const std::string& name) {
  for (const Rounding rounding : {Rounding::HalfToEven, Rounding::ReciprocalHalfAway})
    if (name_of(rounding) == name) return rounding;
  fields.fail(fmt::format("rounding '{}' is unknown", name));
}

QParams params_from_json(const Json& json, const std::string& where, const Arrays& arrays) {
  Fields fields(json, where);
  QParams params;
  params.scheme.code = dtype_named(fields.get<std::string>("code"));
  const auto granularity = fields.get<std::string>("granularity");
  const auto found = std::find(std::begin(kGranularities), std::end(kGranularities), granularity);
  if (found == std::end(kGranularities)) fields.fail(fmt::format("granularity '{}' is unknown", granularity));
  params.scheme.granularity = static_cast<Granularity>(found - std::begin(kGranularities));
  params.scheme.axis = fields.get<int>("axis");
  params.scheme.block_size = fields.get<std::int64_t>("block_size");
  params.scheme.symmetric = fields.get<bool>("symmetric");
  params.scheme.reduced_range = fields.get<bool>("reduced_range");
  params.scheme.rounding = rounding_named(fields, fields.get<std::string>("rounding"));
  params.scales = numbers_from_json<float>(fields, "scales", arrays);
  params.zero_points = numbers_from_json<std::int32_t>(fields, "zero_points", arrays);
  fields.finish();
  if (params.scheme.code == DType::Undefined) fields.fail("has an unknown code");
  return params;
}

Precision precision_named(Fields& fields, const std::string& name) {
  for (int i = 0; i <= static_cast<int>(Precision::WeightOnly); ++i)
    if (name_of(static_cast<Precision>(i)) == name) return static_cast<Precision>(i);
  fields.fail(fmt::format("precision '{}' is unknown", name));
}

NodePlan node_from_json(const Json& json, const std::string& where, const Arrays& arrays) {
  Fields fields(json, where);
  NodePlan node;
  node.precision = precision_named(fields, fields.get<std::string>("precision"));
  node.reason = fields.get<std::string>("reason");
  for (const auto& [position, params] : fields.object("operands").items()) {
    if (position.empty() || position.size() > 4 || position.find_first_not_of("0123456789") != std::string::npos)
      fields.fail(fmt::format("operand '{}' is no input position", position));
    node.operands[std::stoi(position)] =
        params_from_json(params, fmt::format("{}: operand {}", where, position), arrays);
  }
  fields.finish();
  return node;
}

Json provenance_to_json(const Provenance& p) {
  return {{"bitwright", p.bitwright},
          {"recipe", p.recipe},
          {"data_hash", p.data_hash},
          {"samples", p.samples},
          {"seed", p.seed}};
}

Provenance provenance_from_json(const Json& json, const std::string& where) {
  Fields fields(json, where);
  Provenance p{.bitwright = fields.get<std::string>("bitwright"),
               .recipe = fields.get<std::string>("recipe"),
               .data_hash = fields.get<std::string>("data_hash"),
               .samples = fields.get<std::uint64_t>("samples"),
               .seed = fields.get<std::uint64_t>("seed")};
  fields.finish();
  return p;
}

Json base_to_json(const PlanBase& base) {
  return {{"graph", base.graph}, {"requantized", base.requantized}, {"preparation", base.preparation}};
}

PlanBase base_from_json(const Json& json, const std::string& where) {
  Fields fields(json, where);
  PlanBase base{.graph = fields.get<std::string>("graph"),
                .requantized = fields.get<bool>("requantized"),
                .preparation = fields.list<std::string>("preparation")};
  fields.finish();
  return base;
}

fs::path npz_beside(fs::path json_path) {
  return json_path.replace_extension(".npz");
}

}  // namespace

void write_plan(const Plan& plan, const fs::path& json_path) {
  Arrays arrays;
  Json nodes = Json::object(), values = Json::object(), replaced = Json::object();
  for (const auto& [name, node] : plan.nodes) nodes[name] = node_to_json(node, arrays);
  for (const auto& [name, params] : plan.values) values[name] = params_to_json(params, arrays);
  for (const auto& [name, tensor] : plan.replaced) {
    const std::string key = std::to_string(arrays.size());
    arrays[key] = tensor;
    replaced[name] = key;
  }
  const Json json{{"version", Plan::kVersion},
                  {"base", base_to_json(plan.base)},
                  {"target", plan.target},
                  {"lowering", plan.lowering},
                  {"provenance", provenance_to_json(plan.provenance)},
                  {"nodes", nodes},
                  {"values", values},
                  {"replaced", replaced},
                  {"notes", plan.notes}};
  // The arrays first: a JSON file that is there finds what it refers to.
  if (!arrays.empty()) write_npz(arrays, npz_beside(json_path));
  write_file(json_path, to_text(json));
}

Plan read_plan(const fs::path& json_path) {
  const std::string where = json_path.string();
  const Json json = parse_json(read_file(json_path), where);
  Fields fields(json, where);
  if (const auto version = fields.get<std::int64_t>("version"); version != Plan::kVersion)
    throw Error(InputClass::Unsupported,
                fmt::format("is a plan of version {}, this program knows version {}", version, Plan::kVersion), where,
                version > Plan::kVersion ? "Use a newer bitwright" : "Make the plan anew");
  const Arrays arrays = fs::exists(npz_beside(json_path)) ? read_npz(npz_beside(json_path)) : Arrays{};
  Plan plan;
  plan.base = base_from_json(fields.at("base"), where + ": base");
  plan.target = fields.get<std::string>("target");
  plan.lowering = fields.get<std::map<std::string, std::string>>("lowering");
  plan.provenance = provenance_from_json(fields.at("provenance"), where + ": provenance");
  plan.notes = fields.get<std::vector<std::string>>("notes");
  for (const auto& [name, node] : fields.object("nodes").items())
    plan.nodes[name] = node_from_json(node, fmt::format("{}: node '{}'", where, name), arrays);
  for (const auto& [name, params] : fields.object("values").items())
    plan.values[name] = params_from_json(params, fmt::format("{}: value '{}'", where, name), arrays);
  for (const auto& [name, key] : fields.get<std::map<std::string, std::string>>("replaced")) {
    const auto found = arrays.find(key);
    if (found == arrays.end()) fields.fail(fmt::format("the npz lacks the constant '{}'", name));
    plan.replaced[name] = found->second;
  }
  fields.finish();
  return plan;
}

}  // namespace bw
