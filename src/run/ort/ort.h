// ONNX Runtime, CPU provider. Its headers are included in this folder only.
#pragma once

#include "run/runtime.h"

namespace bw::ort {

Runtime runtime();

}  // namespace bw::ort
