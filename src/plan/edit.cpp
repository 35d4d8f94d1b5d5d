#include "plan/edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/error.h"
#include "graph/infer.h"
#include "graph/rewriter.h"
#include "tensor/kernels/layout.h"

namespace bw {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorKind::Quantization, what);
}

// One graph while its edits are carried out.
class Editor {
 public:
  explicit Editor(Graph& graph) : rewriter_(graph) {}

  void operator()(const ScaleConstant& edit) {
    const ValueId id = constant(edit.constant);
    const Tensor& old = content(id);
    if (old.dtype() != DType::Float32)
      refuse(fmt::format("'{}' is {}, where float32 is scaled", edit.constant, name_of(old.dtype())));
    const Layout layout = slices(edit.constant, edit.axis);
    if (edit.factors.size() != layout.channels)
      refuse(fmt::format("'{}' has {} slices along axis {}, and there are {} factors", edit.constant, layout.channels,
                         edit.axis, edit.factors.size()));
    rewriter_.set_constant(id, Tensor::fill<float>(old.shape(), [&](std::span<float> out) {
                             const std::span<const float> in = old.data<float>();
                             for (std::size_t i = 0; i < out.size(); ++i)
                               out[i] = in[i] * edit.factors[i / layout.inner % layout.channels];
                           }));
  }

  void operator()(const ReplaceConstant& edit) {
    const ValueId id = constant(edit.constant);
    if (content(id).dtype() != edit.content.dtype() || content(id).shape() != edit.content.shape()) retyped_.insert(id);
    rewriter_.set_constant(id, edit.content);
  }

  void operator()(const RemoveChannels& edit) {
    const ValueId id = constant(edit.constant);
    const Layout layout = slices(edit.constant, edit.axis);
    const auto ordered = [&](std::int64_t channel) {
      return channel >= 0 && static_cast<std::size_t>(channel) < layout.channels;
    };
    if (!std::ranges::all_of(edit.channels, ordered) ||
        std::ranges::adjacent_find(edit.channels, std::ranges::greater_equal{}) != edit.channels.end())
      refuse(fmt::format("channels of '{}' are not ascending numbers below its {} along axis {}", edit.constant,
                         layout.channels, edit.axis));
    rewriter_.set_constant(id, without(content(id), layout, edit));
    retyped_.insert(id);
  }

  void operator()(const CopyConstant& edit) {
    const NodeId id = node(edit.node);
    const ValueId old = rewriter_.graph().node(id).input(static_cast<std::size_t>(std::max(edit.input, 0)));
    if (edit.input < 0 || old == kNoValue || !rewriter_.graph().is_constant(old))
      refuse(fmt::format("input {} of node '{}' is no constant", edit.input, edit.node));
    rewriter_.set_input(id, static_cast<std::size_t>(edit.input), fresh(edit.name, content(old)));
  }

  void operator()(const AddConstant& edit) { fresh(edit.name, edit.content); }

  void operator()(const InsertNode& edit) {
    const ValueId replaced = value(edit.value);
    if (rewriter_.graph().find_node(edit.name) != kNoNode)
      refuse(fmt::format("there is a node '{}' already", edit.name));
    require_new(edit.output);
    Node made = operation(edit.operation);
    made.name = edit.name;
    made.outputs = {rewriter_.add_value(edit.output)};
    const ValueId output = made.outputs.front();
    const NodeId inserted = rewriter_.add_node(std::move(made));
    retyped_.insert(output);
    if (edit.users.empty()) {
      rewriter_.replace_uses(replaced, output, std::span(&inserted, 1));
      rewriter_.take_over_output(replaced, output);
    }
    for (const std::string& user : edit.users) redirect(user, replaced, output, edit.value);
  }

  void operator()(const RewriteNode& edit) {
    const NodeId id = node(edit.name);
    const Node made = operation(edit.operation);
    const std::size_t before = rewriter_.graph().node(id).inputs.size();
    for (std::size_t i = std::max(before, made.inputs.size()); i-- > 0;) rewriter_.set_input(id, i, made.input(i));
    Node& changed = rewriter_.edit(id);
    changed.op_type = made.op_type;
    changed.domain = made.domain;
    changed.attributes = made.attributes;
    retyped_.insert(changed.outputs.begin(), changed.outputs.end());
  }

  // Names of values whose type may be another one now.
  std::set<std::string> retyped() const {
    std::set<std::string> names;
    for (const ValueId id : retyped_)
      if (id != kNoValue) names.insert(rewriter_.graph().value(id).name);
    return names;
  }
  void finish() { rewriter_.finish(); }

 private:
  ValueId value(const std::string& name) const {
    const ValueId id = rewriter_.graph().find(name);
    if (id == kNoValue) refuse(fmt::format("there is no value '{}'", name));
    return id;
  }
  NodeId node(const std::string& name) const {
    const NodeId id = rewriter_.graph().find_node(name);
    if (id == kNoNode) refuse(fmt::format("there is no node '{}'", name));
    return id;
  }
  ValueId constant(const std::string& name) const {
    const ValueId id = value(name);
    if (!rewriter_.graph().is_constant(id)) refuse(fmt::format("'{}' is no constant", name));
    return id;
  }
  const Tensor& content(ValueId id) const { return rewriter_.graph().value(id).initializer; }

  Layout slices(const std::string& name, int axis) const {
    const Shape& shape = content(constant(name)).shape();
    if (axis < 0 || static_cast<std::size_t>(axis) >= shape.size())
      refuse(fmt::format("'{}' has shape {}, and no axis {}", name, to_string(shape), axis));
    return layout_along(shape, axis);
  }

  static Tensor without(const Tensor& old, const Layout& layout, const RemoveChannels& edit) {
    if (info(old.dtype()).bits % 8 != 0)
      refuse(fmt::format("'{}' is {}, whose elements lie packed", edit.constant, name_of(old.dtype())));
    Shape shape = old.shape();
    shape[static_cast<std::size_t>(edit.axis)] -= static_cast<std::int64_t>(edit.channels.size());
    const std::size_t slice = layout.inner * static_cast<std::size_t>(info(old.dtype()).bits) / 8;
    return Tensor::make(old.dtype(), shape, [&](std::span<std::byte> out) {
      auto to = out.begin();
      for (std::size_t i = 0; i < layout.outer * layout.channels; ++i)
        if (!std::ranges::binary_search(edit.channels, static_cast<std::int64_t>(i % layout.channels)))
          to = std::ranges::copy(old.bytes().subspan(i * slice, slice), to).out;
    });
  }

  void require_new(const std::string& name) const {
    if (name.empty() || rewriter_.is_taken(name)) refuse(fmt::format("the name '{}' is empty or taken", name));
  }
  ValueId fresh(const std::string& name, const Tensor& tensor) {
    require_new(name);
    return rewriter_.add_constant(name, tensor);
  }

  Node operation(const Operation& spelled) const {
    Node made;
    made.op_type = spelled.op_type;
    made.domain = spelled.domain;
    for (const auto& [name, setting] : spelled.attributes)
      std::visit([&](const auto& data) { made.attributes.push_back({name, data, {}}); }, setting);
    for (const std::string& input : spelled.inputs) made.inputs.push_back(input.empty() ? kNoValue : value(input));
    return made;
  }

  void redirect(const std::string& user, ValueId from, ValueId to, const std::string& name) {
    const NodeId id = node(user);
    const std::vector<ValueId> inputs = rewriter_.graph().node(id).inputs;
    if (std::ranges::find(inputs, from) == inputs.end())
      refuse(fmt::format("node '{}' does not read '{}'", user, name));
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (inputs[i] == from) rewriter_.set_input(id, i, to);
  }

  Rewriter rewriter_;
  std::set<ValueId> retyped_;
};

// Infers the types of what is computed from these values; what the graph says of its outputs must stay true.
void infer_behind(Graph& graph, const std::set<std::string>& retyped) {
  if (retyped.empty()) return;
  std::vector<bool> behind(graph.values.size());
  for (std::size_t v = 0; v < behind.size(); ++v) behind[v] = retyped.contains(graph.values[v].name);
  const auto is_behind = [&](ValueId id) { return id != kNoValue && behind[static_cast<std::size_t>(id)]; };
  for (const Node& node : graph.nodes) {
    const bool computed = std::ranges::any_of(node.inputs, is_behind) || std::ranges::any_of(node.outputs, is_behind);
    for (const ValueId id : node.outputs) {
      if (!computed || id == kNoValue) continue;
      behind[static_cast<std::size_t>(id)] = true;
      if (!graph.is_output(id)) graph.value(id).type = {};
    }
  }
  infer(graph);
}

}  // namespace

std::span<const std::string_view> edit_names() {
  static constexpr std::array<std::string_view, std::variant_size_v<Edit>> kNames{"scale", "replace", "remove", "copy",
                                                                                  "add",   "insert",  "rewrite"};
  return kNames;
}

std::string_view name_of(const Edit& edit) {
  return edit_names()[edit.index()];
}

Graph edited(const Graph& graph, std::span<const Edit> edits) {
  Graph result = graph;
  Editor editor(result);
  for (std::size_t i = 0; i < edits.size(); ++i) try {
      std::visit(editor, edits[i]);
    } catch (const Error& error) {
      throw error.within(fmt::format("edit {} ({})", i, name_of(edits[i])));
    }
  const std::set<std::string> retyped = editor.retyped();
  try {
    editor.finish();
    infer_behind(result, retyped);
  } catch (const Error& error) {
    throw Error(ErrorKind::Quantization, "the edits leave a graph that is none: " + error.message(), error.where());
  }
  return result;
}

}  // namespace bw
