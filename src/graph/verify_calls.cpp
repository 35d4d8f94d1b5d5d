#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/error.h"
#include "graph/links.h"
#include "graph/verify_parts.h"

namespace bw {
namespace {

class Calls {
 public:
  Calls(const Graph& graph, const GraphLimits& limits) : limits_(limits) {
    for (const Function& function : graph.functions)
      if (!functions_.emplace(key_of(function), Entry{.function = &function}).second)
        throw Error(InputClass::Semantic, "a function of this domain and name is there twice",
                    "function '" + function.name + "'");
  }

  void run(const Graph& graph) {
    for (auto& [key, entry] : functions_) measure(entry, 1);
    const std::uint64_t nodes = count(graph, 0).nodes;
    if (nodes > limits_.nodes)
      throw Error(InputClass::Limit, fmt::format("more than {} nodes when they are inlined", limits_.nodes),
                  "functions");
  }

 private:
  struct Size {
    std::uint64_t nodes = 0;
    int depth = 0;  // of calls below
  };
  struct Entry {
    const Function* function;
    enum { New, Open, Done } state = New;
    Size size = {};
  };

  // Never inlines to count: what a function costs is worked out once.
  const Size& measure(Entry& entry, int depth) {
    const std::string where = "function '" + entry.function->name + "'";
    if (entry.state == Entry::Open) throw Error(InputClass::Semantic, "the function calls itself", where);
    if (entry.state == Entry::Done) return entry.size;
    if (depth > limits_.call_depth) too_deep(where);
    entry.state = Entry::Open;
    entry.size = count(entry.function->body, depth);
    entry.state = Entry::Done;
    if (entry.size.depth > limits_.call_depth) too_deep(where);
    return entry.size;
  }

  [[noreturn]] void too_deep(const std::string& where) const {
    throw Error(InputClass::Limit, fmt::format("calls of functions are more than {} deep", limits_.call_depth), where);
  }

  // Sums saturate one above the limit: that is all there is to know.
  Size count(const Graph& graph, int depth) {
    Size size;
    const auto add = [&](const Size& part, int extra_depth) {
      size.nodes = std::min(size.nodes + std::min(part.nodes, limits_.nodes + 1), limits_.nodes + 1);
      size.depth = std::max(size.depth, part.depth + extra_depth);
    };
    for (const Node& node : graph.nodes) {
      add({1, 0}, 0);
      if (const auto found = functions_.find(key_of(node)); found != functions_.end())
        add(measure(found->second, depth + 1), 1);
      for_each_subgraph(node, [&](const Subgraph& inner) { add(count(*inner, depth), 0); });
    }
    return size;
  }

  std::map<FunctionKey, Entry> functions_;
  const GraphLimits& limits_;
};

}  // namespace

void verify_calls(const Graph& graph, const GraphLimits& limits) {
  if (!graph.functions.empty()) Calls(graph, limits).run(graph);
}

}  // namespace bw
