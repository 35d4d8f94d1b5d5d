// The onnx library's operator schemas with a guard before their inference functions: several of these take the type of
// an input on trust, and end the process where it is not known (onnx/onnx#2647, #7298).
#pragma once

#include <onnx/defs/schema.h>

namespace bw::onnx {

// Infers a node's outputs only where the types of all its inputs are known, or where its outputs' types stand in the
// node alone. Lives as long as the program.
const ::onnx::ISchemaRegistry& typed_schemas();

}  // namespace bw::onnx
