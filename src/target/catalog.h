// The targets, one function per file of this folder.
#pragma once

#include "target/target.h"

namespace bw {

Target onnxruntime_cpu();

}  // namespace bw
