// A method takes decisions: it reads the prepared graph and what calibration saw, and adds to a Plan.
// A method is one file in method/ and one line in the list of method.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/parameter.h"
#include "graph/graph.h"
#include "observe/evidence.h"
#include "observe/needs.h"
#include "plan/plan.h"
#include "plan/recipe.h"
#include "target/target.h"

namespace bw {

// What a method may use.
struct Task {
  const Graph& graph;  // prepared: constants folded, types inferred, nodes named
  const Target& target;
  std::uint64_t seed = 0;
  bool cpu_has_vnni = true;  // of the machine the candidate is for
  // Nodes that the target's runtime would not run as they were decided: by name, and what it said. They stay in float.
  std::map<std::string, std::string> refused = {};
  const Graph* stored = nullptr;  // as the file has it, by the same names; nullptr: as prepared
  PlanBase base = {};             // what `graph` was prepared from, and how
};

// The order in which decide() runs the methods of a chain, whatever the recipe's.
enum class Stage : std::uint8_t { Rewrite, Decide, Refine, Train };

struct Method {
  std::string_view name;   // as recipes spell it
  std::string_view says;   // one line
  std::string_view group;  // the requirement's name for its kind: ptq_8bit, ptq_4bit, dynamic, mixed_precision, qat
  Stage stage;
  std::span<const Parameter> parameters;
  Needs (*needs)(const Task& task, const Arguments& arguments) = nullptr;  // nullptr: no data
  // Adds this method's decisions to the plan. A decider gets the plan as the rewriting stage left it: what other
  // deciders of the chain take is not its business.
  Plan (*run)(const Task& task, const Arguments& arguments, const Evidence& evidence, Plan plan);
};

std::span<const Method> methods();
const Method& method_named(std::string_view name);  // UsageError that lists the names

// A recipe with its methods found and parameters checked. UsageError for unknown names, bad values and a method that
// stands there twice.
struct Chain {
  struct Link {
    const Method* method;
    Arguments arguments;
  };
  std::vector<Link> links;
  std::string group() const;  // of the decider
};
Chain resolve(const Recipe& recipe);

// The union of what the chain's methods need to see.
Needs needs(const Chain& chain, const Task& task);
// Runs the chain: a Plan for task.graph and task.target. Several deciders may share a model as long as each takes nodes
// of its own (the others of "keep_float"); UsageError naming both when two would take the same node, whatever their
// order.
Plan decide(const Chain& chain, const Task& task, const Evidence& evidence);

// Recipes of the requirement's group names (ptq_8bit, ptq_4bit, dynamic, mixed_precision, ...): a name maps to the
// recipes that `bench` tries for it; "all" to every group's.
struct RecipeGroup {
  std::string_view name;
  std::string_view says;
  std::vector<std::string> recipes;
};
std::span<const RecipeGroup> recipe_groups();
// A comma-separated list of group names and recipes, as written by users, without repeats.
std::vector<Recipe> recipes_named(std::string_view list);

}  // namespace bw
