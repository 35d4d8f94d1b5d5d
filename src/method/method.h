// A method takes decisions: it reads the graph as the stages before left it and what calibration saw of it, and adds to
// a Plan.
// A method is one file in method/ and one line in the list of method.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/console.h"
#include "base/parameter.h"
#include "graph/graph.h"
#include "method/judge.h"
#include "method/trainer.h"
#include "observe/calibrator.h"
#include "observe/evidence.h"
#include "observe/needs.h"
#include "plan/plan.h"
#include "plan/recipe.h"
#include "target/target.h"

namespace bw {

// What a method may use.
struct Task {
  const Graph& graph;  // prepared (constants folded, types inferred, nodes named), with the edits of earlier stages
  const Target& target;
  std::uint64_t seed = 0;
  bool pairs_saturate = false;  // what the target says of the machine that the candidate is for
  // Nodes that the target's runtime would not run as they were decided: by name, and what it said. They stay in float.
  std::map<std::string, std::string> refused = {};
  std::map<std::string, std::string> kept = {};  // nodes that stay in float as well, by name, and why
  // Of Stage::Relax: what the chain's deciders take when these nodes are kept.
  std::function<Plan(const std::map<std::string, std::string>& kept)> decide_again = nullptr;
  // Of Stage::Rewrite: what the chain's deciders would take of a graph, as far as that is known without data.
  std::function<Plan(const Graph& graph)> ahead = nullptr;
  const Graph* stored = nullptr;  // as the file has it, by the same names; nullptr: as prepared
  PlanBase base = {};             // what the graph was prepared from, and how
  // Services, each nullptr where nobody gives it.
  Judge* judge = nullptr;              // tries plans on samples of its own
  Trainer* trainer = nullptr;          // trains what a plan computes
  Calibrator* calibrator = nullptr;    // looks at values of the graph
  Budget budget = {};                  // what the method that gets the task may cost
  const Console* console = &nobody();  // hears how far long work is
  std::stop_token stop = {};           // asks for its end; loops whose rounds take long look at it (base/stop.h)
};

// The order in which decide() runs the methods of a chain, whatever the recipe's; those of one stage run in the
// catalog's order. Each stage sees the graph with the edits of those before it.
enum class Stage : std::uint8_t {
  Rewrite,  // changes the graph, so that it loses less
  Decide,   // how nodes compute and values are coded
  Relax,    // takes back what loses too much: has deciders decide again
  Refine,   // makes better what was decided
  Train,
};

struct Method {
  std::string_view name;   // as recipes spell it
  std::string_view says;   // one line
  std::string_view group;  // the requirement's name for its kind: ptq_8bit, ptq_4bit, dynamic, mixed_precision, qat
  Stage stage;
  std::span<const Parameter> parameters = {};
  Needs (*needs)(const Task& task, const Arguments& arguments) = nullptr;  // of task.graph; nullptr: no data
  // Adds this method's decisions to the plan. A decider gets the plan as the rewriting stage left it (what other
  // deciders of the chain take is not its business) and edits nothing, unless it runs chains of its own. `evidence` has
  // what needs() asked for.
  Plan (*run)(const Task& task, const Arguments& arguments, const Evidence& evidence, Plan plan);
  // What run() would take, as far as that is known without data: nodes, codes without scales. nullptr: run() itself.
  Plan (*sketch)(const Task& task, const Arguments& arguments, Plan plan) = nullptr;
  bool judged = false;                           // asks task.judge
  bool trained = false;                          // asks task.trainer
  Budget budget = {};                            // of what it asks
  std::span<const std::string_view> usual = {};  // recipes that bench tries as a rule, in its group
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

// The recipe with so many seconds for each method that tries things for a time ("budget"), where it does not say
// itself.
Recipe within_budget(Recipe recipe, double seconds);

// What the chain's methods are known to need to see of task.graph before any of them runs: nothing of what comes after
// a rewriting method, which may leave another graph. For one pass over the data that serves several chains.
Needs needs(const Chain& chain, const Task& task);
// Whether any of the chain's methods has to see data.
bool needs_data(const Chain& chain, const Task& task);
bool needs_judge(const Chain& chain);
// Runs the chain stage by stage: a Plan for task.graph (prepared, without edits) and task.target. Evidence comes from
// task.calibrator, of the graph that each stage sees. Several deciders may share a model as long as each takes nodes of
// its own (the others of "keep_float"); UsageError naming both when two would take the same node, whatever their order.
// CalibrationError naming the method that needs data, or a judge, when there is none; Error(Quantization) for one that
// needs a trainer. Error(Interrupted) between methods.
Plan decide(const Chain& chain, const Task& task);

// The chain's plan as far as it is known without data.
Plan sketch(const Chain& chain, const Task& task);
// Error(Quantization) with the reason when a plan changes nothing of the graph that it was made for. The words are the
// same for all recipes of a method, whose rows then give them once.
void require_change(const Plan& plan, const Graph& graph);

// Recipes of the requirement's group names (ptq_8bit, ptq_4bit, dynamic, mixed_precision, ...): a name maps to the
// recipes that `bench` tries for it as a rule, with "_all" behind it to those of all of its methods; "all" to every
// group's usual ones.
struct RecipeGroup {
  std::string_view name;
  std::string_view says;
  std::vector<std::string> recipes;      // usual ones
  std::vector<std::string> others = {};  // of the methods that are in none of these
};
std::span<const RecipeGroup> recipe_groups();
std::vector<std::string> group_names();  // as recipes_named() takes them
// A comma-separated list of group names and recipes, as written by users, without repeats.
std::vector<Recipe> recipes_named(std::string_view list);

}  // namespace bw
