// ONNX Runtime's messages in words for people: on one line, about nodes and tensors, without its own source.
#pragma once

#include <string>
#include <string_view>

namespace bw::ort {

// Without file, line and C++ signature of the place in the runtime's source, without its conditions in C++, status
// codes and tags; a node that a message is about comes first, as "node 'NAME' (OPERATOR): ".
std::string plain_words(std::string_view message);

}  // namespace bw::ort
