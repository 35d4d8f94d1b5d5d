#include "format/onnx/typed_schemas.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace bw::onnx {
namespace {

namespace pb = ::onnx;

// Their element types do not come from an input, and what they know of shapes they ask for with care.
constexpr std::array<std::string_view, 23> kTypedAlone{
    "And",  "ArgMax", "ArgMin",        "Cast",       "Constant", "ConstantOfShape", "Equal",
    "If",   "IsInf",  "IsNaN",         "Less",       "Loop",     "LessOrEqual",     "NonZero", "Not",
    "Or",   "Scan",   "Greater",       "GreaterOrEqual", "Shape", "Size",           "SequenceLength", "Xor"};

bool all_typed(const pb::InferenceContext& context) {
  for (std::size_t i = 0; i < context.getNumInputs(); ++i) {
    const pb::TypeProto* type = context.getInputType(i);
    if (context.hasInput(i) && (type == nullptr || type->value_case() == pb::TypeProto::VALUE_NOT_SET)) return false;
  }
  return true;
}

pb::OpSchema guarded(const pb::OpSchema& schema) {
  pb::OpSchema copy = schema;
  const bool alone = schema.domain().empty() &&
                     std::find(kTypedAlone.begin(), kTypedAlone.end(), schema.Name()) != kTypedAlone.end();
  if (alone || !schema.has_type_and_shape_inference_function()) return copy;
  copy.TypeAndShapeInferenceFunction([infer = schema.GetTypeAndShapeInferenceFunction()](pb::InferenceContext& context) {
    if (all_typed(context)) infer(context);
  });
  return copy;
}

class TypedSchemas final : public pb::ISchemaRegistry {
 public:
  const pb::OpSchema* GetSchema(const std::string& name, int version, const std::string& domain) const override {
    const pb::OpSchema* schema = pb::OpSchemaRegistry::Instance()->GetSchema(name, version, domain);
    if (schema == nullptr) return nullptr;
    const std::lock_guard lock(mutex_);
    const auto [found, fresh] = guarded_.try_emplace(schema);
    if (fresh) found->second = guarded(*schema);
    return &found->second;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::map<const pb::OpSchema*, pb::OpSchema> guarded_;
};

}  // namespace

const pb::ISchemaRegistry& typed_schemas() {
  static const TypedSchemas kSchemas;
  return kSchemas;
}

}  // namespace bw::onnx
