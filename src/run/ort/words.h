// What ONNX Runtime says of a fault, without what only its makers can read.
#pragma once

#include <string>
#include <string_view>

namespace bw::ort {

// On one line, without places in its source, C++ signatures, and phrases that say nothing of the model.
std::string cleaned(std::string_view words);

}  // namespace bw::ort
