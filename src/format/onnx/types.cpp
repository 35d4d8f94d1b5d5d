#include <fmt/format.h>

#include "base/error.h"
#include "format/onnx/proto.h"

namespace bw::onnx {
namespace {

constexpr int kMaxTypeDepth = 16;

std::optional<std::vector<Dim>> shape_from(bool present, const pb::TensorShapeProto& proto) {
  if (!present) return std::nullopt;
  std::vector<Dim> dims;
  dims.reserve(static_cast<std::size_t>(proto.dim_size()));
  for (const auto& dim : proto.dim()) {
    Dim out;
    if (dim.has_dim_value()) {
      // Negative numbers mean "unknown" in models of old exporters.
      out.value = dim.dim_value() < 0 ? -1 : dim.dim_value();
    } else if (dim.has_dim_param()) {
      out.symbol = dim.dim_param();
    }
    dims.push_back(std::move(out));
  }
  return dims;
}

void shape_to(const std::vector<Dim>& dims, pb::TensorShapeProto& proto) {
  for (const Dim& dim : dims) {
    auto* out = proto.add_dim();
    if (dim.known())
      out->set_dim_value(dim.value);
    else if (!dim.symbol.empty())
      out->set_dim_param(dim.symbol);
  }
}

// A tensor's element type may be left open in a value_info.
DType element_dtype(std::int32_t number) {
  return number == 0 ? DType::Undefined : dtype_from(number);
}

ValueType nested(const pb::TypeProto& proto, int depth) {
  if (depth > kMaxTypeDepth)
    throw Error(InputClass::Limit, fmt::format("type nested more than {} deep", kMaxTypeDepth));
  ValueType type;
  const auto inner = [&](const pb::TypeProto& element) {
    return std::make_shared<const ValueType>(nested(element, depth + 1));
  };
  switch (proto.value_case()) {
    case pb::TypeProto::kTensorType:
      type.kind = ValueType::Kind::Tensor;
      type.dtype = element_dtype(proto.tensor_type().elem_type());
      type.shape = shape_from(proto.tensor_type().has_shape(), proto.tensor_type().shape());
      break;
    case pb::TypeProto::kSparseTensorType:
      type.kind = ValueType::Kind::SparseTensor;
      type.dtype = element_dtype(proto.sparse_tensor_type().elem_type());
      type.shape = shape_from(proto.sparse_tensor_type().has_shape(), proto.sparse_tensor_type().shape());
      break;
    case pb::TypeProto::kSequenceType:
      type.kind = ValueType::Kind::Sequence;
      type.element = inner(proto.sequence_type().elem_type());
      break;
    case pb::TypeProto::kOptionalType:
      type.kind = ValueType::Kind::Optional;
      type.element = inner(proto.optional_type().elem_type());
      break;
    case pb::TypeProto::kMapType:
      type.kind = ValueType::Kind::Map;
      type.dtype = element_dtype(proto.map_type().key_type());
      type.element = inner(proto.map_type().value_type());
      break;
    case pb::TypeProto::kOpaqueType:
      throw Error(InputClass::Unsupported, "opaque types are not supported");
    case pb::TypeProto::VALUE_NOT_SET:
      break;
  }
  return type;
}

}  // namespace

DType dtype_from(std::int32_t onnx_number) {
  if (onnx_number != 0 && is_known_dtype(onnx_number)) return static_cast<DType>(onnx_number);
  const bool named = pb::TensorProto::DataType_IsValid(onnx_number) && onnx_number != 0;
  throw Error(named ? InputClass::Unsupported : InputClass::Format,
              named ? fmt::format("element type {} is not supported",
                                  pb::TensorProto::DataType_Name(static_cast<pb::TensorProto::DataType>(onnx_number)))
                    : fmt::format("element type {} is not one of ONNX's", onnx_number));
}

ValueType type_from(const pb::TypeProto& proto) {
  return nested(proto, 1);
}

void type_to(const ValueType& type, pb::TypeProto& proto) {
  const auto number = static_cast<std::int32_t>(type.dtype);
  switch (type.kind) {
    case ValueType::Kind::Unknown:
      break;
    case ValueType::Kind::Tensor:
      proto.mutable_tensor_type()->set_elem_type(number);
      if (type.shape) shape_to(*type.shape, *proto.mutable_tensor_type()->mutable_shape());
      break;
    case ValueType::Kind::SparseTensor:
      proto.mutable_sparse_tensor_type()->set_elem_type(number);
      if (type.shape) shape_to(*type.shape, *proto.mutable_sparse_tensor_type()->mutable_shape());
      break;
    case ValueType::Kind::Sequence:
      type_to(*type.element, *proto.mutable_sequence_type()->mutable_elem_type());
      break;
    case ValueType::Kind::Optional:
      type_to(*type.element, *proto.mutable_optional_type()->mutable_elem_type());
      break;
    case ValueType::Kind::Map:
      proto.mutable_map_type()->set_key_type(number);
      type_to(*type.element, *proto.mutable_map_type()->mutable_value_type());
      break;
  }
}

}  // namespace bw::onnx
