// The requirement's group names, and which recipes bench tries for each.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/names.h"
#include "method/method.h"

namespace bw {

namespace {

// One for each method of the group that is in none of its usual recipes, with the decider of the first of these.
std::vector<std::string> others_of(const RecipeGroup& group) {
  std::set<std::string> used;
  for (const std::string& recipe : group.recipes)
    for (const Step& step : parse_recipe(recipe).steps) used.insert(step.method);
  const std::string decider = parse_recipe(group.recipes.front()).steps.front().method;
  std::vector<std::string> others;
  for (const Method& method : methods()) {
    if (method.group != group.name || used.contains(std::string(method.name))) continue;
    const std::string behind = fmt::format("{}+{}", decider, method.name);
    const std::string before = fmt::format("{}+{}", method.name, decider);
    others.push_back(method.stage == Stage::Decide    ? std::string(method.name)
                     : method.stage == Stage::Rewrite ? before
                                                      : behind);
  }
  return others;
}

}  // namespace

std::span<const RecipeGroup> recipe_groups() {
  static const std::vector<RecipeGroup> kGroups = [] {
    std::vector<RecipeGroup> groups{{"ptq_8bit", "8-bit weights and activations, scales from data", {}},
                                    {"dynamic", "8-bit weights, activations quantized while running", {}},
                                    {"ptq_4bit", "4- and 8-bit weights, float activations", {}},
                                    {"half", "16-bit floating point", {}}};
    for (RecipeGroup& group : groups)
      for (const Method& method : methods())
        if (method.group == group.name)
          group.recipes.insert(group.recipes.end(), method.usual.begin(), method.usual.end());
    for (RecipeGroup& group : groups) group.others = others_of(group);
    return groups;
  }();
  return kGroups;
}

namespace {

constexpr std::string_view kWhole = "_all";  // behind a group's name: what is not usual as well

// Commas inside parentheses belong to a recipe's parameters, and what is in quotes to one of their values.
std::vector<std::string> words_of(std::string_view list) {
  std::vector<std::string> words(1);
  int depth = 0;
  bool quoted = false;
  for (const char c : list) {
    if (c == '"') quoted = !quoted;
    if (!quoted) depth += (c == '(') - (c == ')');
    if (c == ',' && depth == 0 && !quoted)
      words.emplace_back();
    else
      words.back() += c;
  }
  std::erase(words, "");
  return words;
}

std::vector<std::string> whole(const RecipeGroup& group) {
  std::vector<std::string> recipes = group.recipes;
  recipes.insert(recipes.end(), group.others.begin(), group.others.end());
  return recipes;
}

std::vector<std::string> recipes_of(const std::string& word) {
  std::vector<std::string> all;
  for (const RecipeGroup& group : recipe_groups()) {
    if (group.name == word) return group.recipes;
    if (!group.others.empty() && fmt::format("{}{}", group.name, kWhole) == word) return whole(group);
    all.insert(all.end(), group.recipes.begin(), group.recipes.end());
  }
  return word == "all" ? all : std::vector<std::string>{word};
}

// Where a recipe may stand, a group's name may have been meant.
void require_known(const Recipe& recipe) {
  std::vector<std::string_view> known = names_of(methods());
  const std::vector<std::string> groups = group_names();
  known.insert(known.end(), groups.begin(), groups.end());
  for (const Step& step : recipe.steps)
    if (std::ranges::find(methods(), step.method, &Method::name) == methods().end())
      throw no_such("method or group", step.method, known);
}

}  // namespace

std::vector<std::string> group_names() {
  std::vector<std::string> names{"all"};
  for (const RecipeGroup& group : recipe_groups()) {
    names.emplace_back(group.name);
    if (!group.others.empty()) names.push_back(fmt::format("{}{}", group.name, kWhole));
  }
  return names;
}

std::vector<Recipe> recipes_named(std::string_view list) {
  std::vector<Recipe> recipes;
  for (const std::string& word : words_of(list))
    for (const std::string& text : recipes_of(word)) {
      Recipe recipe = parse_recipe(text);
      require_known(recipe);
      resolve(recipe);  // what cannot be done ends here, before any work
      if (std::find(recipes.begin(), recipes.end(), recipe) == recipes.end()) recipes.push_back(std::move(recipe));
    }
  if (recipes.empty())
    throw Error(ErrorKind::Usage, "no recipe is named", "--methods", "'bitwright methods' lists them");
  return recipes;
}

}  // namespace bw
