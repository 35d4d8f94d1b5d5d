#include <algorithm>
#include <cmath>

#include "plan/apply_steps.h"
#include "tensor/convert.h"

namespace bw {
namespace {

// A finite number never becomes infinite: those beyond the largest become the largest.
Tensor to_float16(const Tensor& tensor) {
  constexpr float kLargest = 65504;
  const auto beyond = [](float x) { return std::isfinite(x) && std::abs(x) > kLargest; };
  const std::span<const float> numbers = tensor.data<float>();
  if (std::none_of(numbers.begin(), numbers.end(), beyond)) return cast(tensor, DType::Float16);
  std::vector<float> held(numbers.begin(), numbers.end());
  for (float& x : held)
    if (beyond(x)) x = std::copysign(kLargest, x);
  return cast(Tensor::of<float>(tensor.shape(), std::span<const float>(held)), DType::Float16);
}

class Narrowing {
 public:
  Narrowing(Rewriter& rewriter, const Plan& plan) : rewriter_(rewriter), plan_(plan) {}

  void run() {
    const std::size_t count = rewriter_.graph().nodes.size();
    for (std::size_t n = 0; n < count; ++n)
      if (narrow(static_cast<NodeId>(n))) narrow_inputs(static_cast<NodeId>(n));
    for (std::size_t n = 0; n < count; ++n)
      if (narrow(static_cast<NodeId>(n))) widen_outputs(static_cast<NodeId>(n));
  }

 private:
  bool narrow(NodeId node) const {
    if (node == kNoNode) return false;
    const auto found = plan_.nodes.find(rewriter_.graph().node(node).name);
    return found != plan_.nodes.end() && found->second.compute == Precision::Float16;
  }

  bool is_float32(ValueId value) const {
    return value != kNoValue && rewriter_.graph().value(value).type.dtype == DType::Float32;
  }

  ValueId cast_to(ValueId value, DType dtype, const std::string& name) {
    ValueType type = rewriter_.graph().value(value).type;
    type.dtype = dtype;
    return rewriter_.add_op("Cast", {value}, {{"to", std::int64_t{static_cast<int>(dtype)}, {}}}, name, type);
  }

  ValueId narrowed(ValueId value) {
    if (const auto found = narrowed_.find(value); found != narrowed_.end()) return found->second;
    const std::string name = rewriter_.graph().value(value).name + "_float16";
    const ValueId result = rewriter_.graph().is_constant(value)
                               ? rewriter_.add_constant(name, to_float16(rewriter_.graph().value(value).initializer))
                               : cast_to(value, DType::Float16, name);
    return narrowed_[value] = result;
  }

  void narrow_inputs(NodeId node) {
    Node& edited = rewriter_.edit(node);
    if (edited.is("Cast") && edited.int_or("to", 0) == static_cast<int>(DType::Float32))
      edited.set("to", std::int64_t{static_cast<int>(DType::Float16)});
    const std::vector<ValueId> inputs = rewriter_.graph().node(node).inputs;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (is_float32(inputs[i]) && !narrow(rewriter_.producer(inputs[i])))
        rewriter_.set_input(node, i, narrowed(inputs[i]));
  }

  // A float32 output becomes float16; whoever still wants float32 (other nodes, the graph's outputs) gets a Cast.
  void widen_outputs(NodeId node) {
    const std::vector<ValueId> outputs = rewriter_.graph().node(node).outputs;
    for (const ValueId output : outputs) {
      if (!is_float32(output)) continue;
      std::vector<NodeId> keep;
      for (const Links::Use& use : rewriter_.uses(output))
        if (use.input >= 0 && narrow(use.node)) keep.push_back(use.node);
      if (keep.size() != rewriter_.uses(output).size() || rewriter_.graph().is_output(output)) {
        const ValueId wide = cast_to(output, DType::Float32, rewriter_.graph().value(output).name + "_float32");
        keep.push_back(rewriter_.producer(wide));
        rewriter_.replace_uses(output, wide, keep);
        rewriter_.take_over_output(output, wide);
      }
      ValueType type = rewriter_.graph().value(output).type;
      type.dtype = DType::Float16;
      rewriter_.set_type(output, type);
    }
  }

  Rewriter& rewriter_;
  const Plan& plan_;
  std::map<ValueId, ValueId> narrowed_;
};

}  // namespace

void narrow_to_float16(Rewriter& rewriter, const Plan& plan) {
  Narrowing(rewriter, plan).run();
}

}  // namespace bw
