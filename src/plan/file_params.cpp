// How something is coded, as JSON.
#include <algorithm>

#include "plan/file_parts.h"

namespace bw::plan_file {
namespace {

constexpr std::string_view kGranularities[] = {"tensor", "channel", "block"};
constexpr Rounding kRoundings[] = {Rounding::HalfToEven, Rounding::ReciprocalHalfAway};

Granularity granularity_named(Fields& fields, const std::string& name) {
  const auto found = std::ranges::find(kGranularities, name);
  if (found == std::end(kGranularities)) fields.fail(fmt::format("granularity '{}' is unknown", name));
  return static_cast<Granularity>(found - std::begin(kGranularities));
}

Rounding rounding_named(Fields& fields, const std::string& name) {
  const auto found = std::ranges::find(kRoundings, name, [](Rounding rounding) { return name_of(rounding); });
  if (found == std::end(kRoundings)) fields.fail(fmt::format("rounding '{}' is unknown", name));
  return *found;
}

DType type_in(Fields& fields, const char* field) {
  const auto name = fields.get<std::string>(field);
  const DType dtype = dtype_named(name);
  if (dtype == DType::Undefined || dtype == DType::String)
    fields.fail(fmt::format("field '{}' is '{}', which is no type", field, name));
  return dtype;
}

DType float_in(Fields& fields, const char* field) {
  const DType dtype = type_in(fields, field);
  if (!info(dtype).is_float || info(dtype).bits > 32)
    fields.fail(fmt::format("field '{}' is {}, which is no type of floats", field, name_of(dtype)));
  return dtype;
}

int bits_in(Fields& fields, DType code) {
  const int bits = fields.get<int>("bits");
  if (!info(code).is_integer || bits < 2 || bits >= info(code).bits)
    fields.fail(fmt::format("field 'bits' is {}, which are no bits of {}", bits, name_of(code)));
  return bits;
}

Scheme scheme_from(Fields& fields) {
  Scheme scheme;
  scheme.code = type_in(fields, "code");
  scheme.granularity = granularity_named(fields, fields.get<std::string>("granularity"));
  scheme.axis = fields.get<int>("axis");
  scheme.block_size = fields.get<std::int64_t>("block_size");
  scheme.symmetric = fields.get<bool>("symmetric");
  scheme.reduced_range = fields.get<bool>("reduced_range");
  if (fields.has("bits")) scheme.bits = bits_in(fields, scheme.code);
  scheme.rounding = rounding_named(fields, fields.get<std::string>("rounding"));
  if (fields.has("scale_type")) scheme.scale = float_in(fields, "scale_type");
  if (fields.has("zero_point_type")) scheme.zero_point = float_in(fields, "zero_point_type");
  return scheme;
}

// Zero points that are codes are whole numbers, and written as such.
Json zero_points_to_json(const QParams& params, Arrays& arrays) {
  if (params.scheme.zero_point != DType::Undefined) return numbers_to_json(params.zero_points, arrays);
  return numbers_to_json(std::vector<std::int32_t>(params.zero_points.begin(), params.zero_points.end()), arrays);
}

std::vector<float> zero_points_from(Fields& fields, const Scheme& scheme, const Arrays& arrays) {
  if (scheme.zero_point != DType::Undefined) return numbers_from_json<float>(fields, "zero_points", arrays);
  const std::vector<std::int32_t> codes = numbers_from_json<std::int32_t>(fields, "zero_points", arrays);
  return {codes.begin(), codes.end()};
}

std::shared_ptr<const NestedScales> nested_from(Fields& outer, const Arrays& arrays) {
  const std::string where = outer.where() + ": nested_scales";
  Fields fields(outer.at("nested_scales"), where);
  NestedScales nested{.params = params_from_json(fields.at("coded"), where, arrays),
                      .offset = fields.get<float>("offset"),
                      .rows = fields.has("rows") ? fields.get<std::int64_t>("rows") : 0};
  fields.finish();
  if (!nested.params.codes) fields.fail("has no codes");
  if (nested.rows < 0) fields.fail(fmt::format("has {} rows", nested.rows));
  return std::make_shared<const NestedScales>(std::move(nested));
}

Json nested_to_json(const NestedScales& nested, Arrays& arrays) {
  Json json{{"coded", params_to_json(nested.params, arrays)}, {"offset", nested.offset}};
  if (nested.rows != 0) json["rows"] = nested.rows;
  return json;
}

}  // namespace

Json params_to_json(const QParams& params, Arrays& arrays) {
  const Scheme& s = params.scheme;
  Json json{{"code", name_of(s.code)},
            {"granularity", kGranularities[static_cast<std::size_t>(s.granularity)]},
            {"axis", s.axis},
            {"block_size", s.block_size},
            {"symmetric", s.symmetric},
            {"reduced_range", s.reduced_range},
            {"rounding", name_of(s.rounding)}};
  if (s.bits != 0) json["bits"] = s.bits;
  if (s.scale != DType::Float32) json["scale_type"] = name_of(s.scale);
  if (s.zero_point != DType::Undefined) json["zero_point_type"] = name_of(s.zero_point);
  if (params.nested)
    json["nested_scales"] = nested_to_json(*params.nested, arrays);
  else
    json["scales"] = numbers_to_json(params.scales, arrays);
  json["zero_points"] = zero_points_to_json(params, arrays);
  if (!params.biases.empty()) json["biases"] = numbers_to_json(params.biases, arrays);
  if (!params.codebook.empty()) json["codebook"] = numbers_to_json(params.codebook, arrays);
  if (params.codes) json["codes"] = tensor_to_json(params.codes, arrays);
  return json;
}

QParams params_from_json(const Json& json, const std::string& where, const Arrays& arrays) {
  Fields fields(json, where);
  QParams params;
  params.scheme = scheme_from(fields);
  if (fields.has("nested_scales"))
    params.nested = nested_from(fields, arrays);
  else
    params.scales = numbers_from_json<float>(fields, "scales", arrays);
  params.zero_points = zero_points_from(fields, params.scheme, arrays);
  if (fields.has("biases")) params.biases = numbers_from_json<float>(fields, "biases", arrays);
  if (fields.has("codebook")) params.codebook = numbers_from_json<float>(fields, "codebook", arrays);
  if (fields.has("codes")) params.codes = tensor_from_json(fields, "codes", arrays);
  fields.finish();
  if (params.nested) try {
      params.scales = decoded(*params.nested);
    } catch (const Error& error) {
      fields.fail("has nested scales that do not fit: " + error.message());
    }
  return params;
}

}  // namespace bw::plan_file
