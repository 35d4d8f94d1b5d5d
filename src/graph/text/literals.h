// How tensors are written in the text form: a few numbers as numbers; more, or what numbers cannot say exactly, as
// base64 of the bytes with the first numbers in a comment.
#pragma once

#include <string>

#include "graph/graph.h"
#include "graph/text/lexer.h"

namespace bw {

// The name that a node has when the text gives none: that of its first output, or of its operator.
std::string default_name(const Graph& graph, const Node& node);

std::string quote(std::string_view text);
std::string float_text(float value);  // shortest that reads back; bits in hex when not finite

// `indent` is what continued lines begin with.
std::string tensor_text(const Tensor& tensor, const std::string& indent);
Tensor read_tensor(Lexer& lexer);
float read_float(Lexer& lexer);

ValueType read_type(Lexer& lexer, int depth = 0);  // what to_string() wrote
Shape read_shape(Lexer& lexer);                    // [1,2,3]

}  // namespace bw
