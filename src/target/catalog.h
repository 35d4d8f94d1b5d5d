// The targets, one function per file of this folder.
#pragma once

#include "target/target.h"

namespace bw {

Target onnxruntime_cpu();

// Tables of targets that have a file of their own.
std::span<const ElementTypes> onnxruntime_types();

}  // namespace bw
