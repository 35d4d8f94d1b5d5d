// Plans as files: JSON for people and diffs, long arrays in an npz beside it.
#include <algorithm>

#include "archive/npy.h"
#include "base/file.h"
#include "plan/file_parts.h"
#include "plan/plan.h"

namespace bw {
namespace {

using namespace plan_file;

Json node_to_json(const NodePlan& node, Arrays& arrays) {
  Json operands = Json::object();
  for (const auto& [position, params] : node.operands)
    operands[std::to_string(position)] = params_to_json(params, arrays);
  return {{"compute", name_of(node.compute)}, {"reason", node.reason}, {"operands", operands}};
}

Precision precision_named(Fields& fields, const std::string& name) {
  for (int i = 0; i <= static_cast<int>(Precision::Dynamic); ++i)
    if (name_of(static_cast<Precision>(i)) == name) return static_cast<Precision>(i);
  fields.fail(fmt::format("precision '{}' is unknown", name));
}

NodePlan node_from_json(const Json& json, const std::string& where, const Arrays& arrays) {
  Fields fields(json, where);
  NodePlan node;
  node.compute = precision_named(fields, fields.get<std::string>("compute"));
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
  Json edits = Json::array(), nodes = Json::object(), values = Json::object();
  for (const Edit& edit : plan.edits) edits.push_back(edit_to_json(edit, arrays));
  for (const auto& [name, node] : plan.nodes) nodes[name] = node_to_json(node, arrays);
  for (const auto& [name, params] : plan.values) values[name] = params_to_json(params, arrays);
  const Json json{{"version", Plan::kVersion},
                  {"base", base_to_json(plan.base)},
                  {"target", plan.target},
                  {"lowering", plan.lowering},
                  {"provenance", provenance_to_json(plan.provenance)},
                  {"edits", edits},
                  {"nodes", nodes},
                  {"values", values},
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
  for (const Json& edit : fields.array("edits"))
    plan.edits.push_back(edit_from_json(edit, fmt::format("{}: edit {}", where, plan.edits.size()), arrays));
  for (const auto& [name, node] : fields.object("nodes").items())
    plan.nodes[name] = node_from_json(node, fmt::format("{}: node '{}'", where, name), arrays);
  for (const auto& [name, params] : fields.object("values").items())
    plan.values[name] = params_from_json(params, fmt::format("{}: value '{}'", where, name), arrays);
  fields.finish();
  return plan;
}

}  // namespace bw
