// Edits as JSON: {"edit": "scale", ...}, each with the fields of its kind.
#include <array>

#include "plan/file_parts.h"

namespace bw::plan_file {
namespace {

using Setting = Operation::Setting;
// By what a setting holds; in the order of its alternatives.
constexpr std::array<const char*, std::variant_size_v<Setting>> kSettings{"int",  "float",  "string",
                                                                          "ints", "floats", "strings"};

Json operation_to_json(const Operation& operation) {
  Json attributes = Json::object();
  for (const auto& [name, setting] : operation.attributes)
    attributes[name] = {{kSettings[setting.index()], std::visit([](const auto& data) { return Json(data); }, setting)}};
  return {{"op_type", operation.op_type},
          {"domain", operation.domain},
          {"inputs", operation.inputs},
          {"attributes", attributes}};
}

Setting setting_from_json(const Json& json, const std::string& where) {
  Fields fields(json, where);
  Setting setting;
  if (fields.has("int"))
    setting = fields.get<std::int64_t>("int");
  else if (fields.has("float"))
    setting = fields.get<float>("float");
  else if (fields.has("string"))
    setting = fields.get<std::string>("string");
  else if (fields.has("ints"))
    setting = fields.list<std::int64_t>("ints");
  else if (fields.has("floats"))
    setting = fields.list<float>("floats");
  else
    setting = fields.list<std::string>("strings");
  fields.finish();
  return setting;
}

Operation operation_from_json(const Json& json, const std::string& where) {
  Fields fields(json, where);
  Operation operation{.op_type = fields.get<std::string>("op_type"),
                      .domain = fields.get<std::string>("domain"),
                      .inputs = fields.list<std::string>("inputs"),
                      .attributes = {}};
  for (const auto& [name, setting] : fields.object("attributes").items())
    operation.attributes[name] = setting_from_json(setting, fmt::format("{}: attribute '{}'", where, name));
  fields.finish();
  return operation;
}

Json fields_of(const ScaleConstant& edit, Arrays& arrays) {
  return {{"constant", edit.constant}, {"axis", edit.axis}, {"factors", numbers_to_json(edit.factors, arrays)}};
}
Json fields_of(const ReplaceConstant& edit, Arrays& arrays) {
  return {{"constant", edit.constant}, {"content", tensor_to_json(edit.content, arrays)}};
}
Json fields_of(const RemoveChannels& edit, Arrays& arrays) {
  return {{"constant", edit.constant}, {"axis", edit.axis}, {"channels", numbers_to_json(edit.channels, arrays)}};
}
Json fields_of(const CopyConstant& edit, Arrays&) {
  return {{"node", edit.node}, {"input", edit.input}, {"name", edit.name}};
}
Json fields_of(const AddConstant& edit, Arrays& arrays) {
  return {{"name", edit.name}, {"content", tensor_to_json(edit.content, arrays)}};
}
Json fields_of(const InsertNode& edit, Arrays&) {
  return {{"name", edit.name},
          {"operation", operation_to_json(edit.operation)},
          {"output", edit.output},
          {"value", edit.value},
          {"users", edit.users}};
}
Json fields_of(const RewriteNode& edit, Arrays&) {
  return {{"name", edit.name}, {"operation", operation_to_json(edit.operation)}};
}

using Reader = Edit (*)(Fields& fields, const Arrays& arrays);

// In the order of Edit's alternatives.
constexpr std::array<Reader, std::variant_size_v<Edit>> kReaders{
    [](Fields& f, const Arrays& arrays) -> Edit {
      return ScaleConstant{f.get<std::string>("constant"), f.get<int>("axis"),
                           numbers_from_json<float>(f, "factors", arrays)};
    },
    [](Fields& f, const Arrays& arrays) -> Edit {
      return ReplaceConstant{f.get<std::string>("constant"), tensor_from_json(f, "content", arrays)};
    },
    [](Fields& f, const Arrays& arrays) -> Edit {
      return RemoveChannels{f.get<std::string>("constant"), f.get<int>("axis"),
                            numbers_from_json<std::int64_t>(f, "channels", arrays)};
    },
    [](Fields& f, const Arrays&) -> Edit {
      return CopyConstant{f.get<std::string>("node"), f.get<int>("input"), f.get<std::string>("name")};
    },
    [](Fields& f, const Arrays& arrays) -> Edit {
      return AddConstant{f.get<std::string>("name"), tensor_from_json(f, "content", arrays)};
    },
    [](Fields& f, const Arrays&) -> Edit {
      return InsertNode{f.get<std::string>("name"), operation_from_json(f.at("operation"), f.where()),
                        f.get<std::string>("output"), f.get<std::string>("value"), f.list<std::string>("users")};
    },
    [](Fields& f, const Arrays&) -> Edit {
      return RewriteNode{f.get<std::string>("name"), operation_from_json(f.at("operation"), f.where())};
    }};

}  // namespace

Json edit_to_json(const Edit& edit, Arrays& arrays) {
  Json json{{"edit", name_of(edit)}};
  json.update(std::visit([&](const auto& fields) { return fields_of(fields, arrays); }, edit));
  return json;
}

Edit edit_from_json(const Json& json, const std::string& where, const Arrays& arrays) {
  Fields fields(json, where);
  const auto name = fields.get<std::string>("edit");
  for (std::size_t kind = 0; kind < kReaders.size(); ++kind) {
    if (edit_names()[kind] != name) continue;
    Edit edit = kReaders[kind](fields, arrays);
    fields.finish();
    return edit;
  }
  fields.fail(fmt::format("edit '{}' is unknown", name));
}

}  // namespace bw::plan_file
