#include "format/onnx/guarded_inference.h"

#include <onnx/defs/schema.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace bw::onnx {
namespace {

namespace pb = ::onnx;

// Their element types do not come from an input, and what they know of shapes they ask for with care.
constexpr std::array<std::string_view, 23> kTypedAlone{
    "And",   "ArgMax",  "ArgMin",         "Cast",  "Constant",    "ConstantOfShape", "Equal", "If",
    "IsInf", "IsNaN",   "Less",           "Loop",  "LessOrEqual", "NonZero",         "Not",   "Or",
    "Scan",  "Greater", "GreaterOrEqual", "Shape", "Size",        "SequenceLength",  "Xor"};

bool all_typed(const pb::InferenceContext& context) {
  for (std::size_t i = 0; i < context.getNumInputs(); ++i) {
    const pb::TypeProto* type = context.getInputType(i);
    if (context.hasInput(i) && (type == nullptr || type->value_case() == pb::TypeProto::VALUE_NOT_SET)) return false;
  }
  return true;
}

void guard(pb::OpSchema& schema) {
  const bool alone =
      schema.domain().empty() && std::find(kTypedAlone.begin(), kTypedAlone.end(), schema.Name()) != kTypedAlone.end();
  if (alone || !schema.has_type_and_shape_inference_function()) return;
  schema.TypeAndShapeInferenceFunction(
      [infer = schema.GetTypeAndShapeInferenceFunction()](pb::InferenceContext& context) {
        if (all_typed(context)) infer(context);
      });
}

bool guard_all() {
  for (const pb::OpSchema& copy : pb::OpSchemaRegistry::get_all_schemas_with_history()) {
    // The registry shows its schemas as constants, and holds them as objects that are none.
    const pb::OpSchema* held = pb::OpSchemaRegistry::Schema(copy.Name(), copy.SinceVersion(), copy.domain());
    if (held != nullptr) guard(const_cast<pb::OpSchema&>(*held));
  }
  return true;
}

}  // namespace

void guard_inference() {
  static const bool kDone = guard_all();
  static_cast<void>(kDone);
}

}  // namespace bw::onnx
