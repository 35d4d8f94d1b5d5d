// bitwright methods: what recipes can be made of.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/catalog.h"
#include "cli/output.h"
#include "method/method.h"

namespace bw {
namespace {

Json to_json(const Parameter& parameter) {
  return {{"name", parameter.name},        {"type", name_of(parameter.type)},
          {"default", parameter.standard}, {"says", parameter.says},
          {"low", parameter.low},          {"high", parameter.high},
          {"choices", parameter.choices}};
}

Json catalog() {
  Json methods_json = Json::array(), groups_json = Json::array();
  for (const Method& method : methods()) {
    Json parameters = Json::array();
    for (const Parameter& parameter : method.parameters) parameters.push_back(to_json(parameter));
    methods_json.push_back(
        {{"name", method.name}, {"group", method.group}, {"says", method.says}, {"parameters", parameters}});
  }
  for (const RecipeGroup& group : recipe_groups())
    groups_json.push_back(
        {{"name", group.name}, {"says", group.says}, {"recipes", group.recipes}, {"others", group.others}});
  return {{"methods", methods_json}, {"groups", groups_json}};
}

void print_for_people() {
  for (const Method& method : methods()) {
    put("{}  ({})\n    {}\n", method.name, method.group, method.says);
    for (const Parameter& parameter : method.parameters)
      put("    {:<16} {}{}{}\n", parameter.name, parameter.says,
          parameter.choices.empty() ? "" : fmt::format(": {}", parameter.choices),
          parameter.standard.empty() ? "" : fmt::format(" [{}]", parameter.standard));
  }
  put("\nGroups\n");
  for (const RecipeGroup& group : recipe_groups()) {
    put("{}: {}\n", group.name, group.says);
    for (const std::string& recipe : group.recipes) put("    {}\n", recipe);
    if (!group.others.empty()) put("    with {}_all also {}\n", group.name, fmt::join(group.others, ", "));
  }
  put("\nA recipe is a method, or a chain: equalize+int8-static+bias-correction. Rewriting comes before deciding, "
      "taking back\n"
      "and refining after it, however they are written. Several deciders share a model when they take different nodes: "
      "int8-static(keep_float=Gemm)+weight-only.\n"
      "Two that would take the same node are refused; keep_float leaves it to the other.\n");
}

int run(const Invocation& invocation) {
  if (invocation.json)
    put(to_text(catalog()));
  else
    print_for_people();
  return 0;
}

}  // namespace

Command methods_command() {
  return {.name = "methods",
          .says = "list the methods, their parameters and the groups",
          .positionals = {},
          .flags = {},
          .run = run,
          .example = "bitwright methods"};
}

}  // namespace bw
