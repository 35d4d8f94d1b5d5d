// A guard before the inference functions of the onnx library's operators: several of these take the type of an input on
// trust, and end the process where it is not known (onnx/onnx#2647, #7298).
#pragma once

namespace bw::onnx {

// From now on, a node's outputs are inferred only where the types of all its inputs are known, or where its outputs'
// types stand in the node alone; in all of the library, which infers while it converts and inlines too. Before any call
// of these.
void guard_inference();

}  // namespace bw::onnx
