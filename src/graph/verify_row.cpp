#include <fmt/format.h>

#include <array>

#include "graph/ops/op.h"
#include "graph/verify_parts.h"

namespace bw {
namespace {

// In the order of AttributeType.
constexpr std::array<std::string_view, 14> kTypes{"an integer",        "a float",
                                                  "a string",          "a tensor",
                                                  "a graph",           "a type",
                                                  "a sparse tensor",   "a list of integers",
                                                  "a list of floats",  "a list of strings",
                                                  "a list of tensors", "a list of graphs",
                                                  "a list of types",   "a list of sparse tensors"};

void count(const Site& site, std::string_view what, std::size_t have, const Count& wanted) {
  const bool enough = have >= static_cast<std::size_t>(wanted.least);
  if (enough && (wanted.most < 0 || have <= static_cast<std::size_t>(wanted.most))) return;
  site.refuse(wanted.most < 0 ? fmt::format("{} {}, at least {} wanted", have, what, wanted.least)
                              : fmt::format("{} {}, {} to {} wanted", have, what, wanted.least, wanted.most));
}

}  // namespace

void verify_row(const Site& site) {
  const Node& node = site.node();
  const OpInfo* op = find_op(node);
  if (op == nullptr) return;
  count(site, "inputs", node.inputs.size(), op->inputs);
  count(site, "outputs", node.outputs.size(), op->outputs);
  for (const AttributeInfo& row : op->attributes) {
    const Attribute* attribute = node.find(row.name);
    if (!attribute && row.is_required) site.refuse(fmt::format("attribute '{}' is missing", row.name));
    // What a function's caller gives is checked where it is called.
    if (!attribute || std::holds_alternative<Attribute::Reference>(attribute->data)) continue;
    if (attribute->data.index() != static_cast<std::size_t>(row.type))
      site.refuse(fmt::format("attribute '{}' is {}, must be {}", row.name, kTypes[attribute->data.index()],
                              kTypes[static_cast<std::size_t>(row.type)]));
  }
}

}  // namespace bw
