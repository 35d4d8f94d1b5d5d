// The protobuf wire format, as far as runtimes need it: models are changed here without a parsed copy of them.
// https://protobuf.dev/programming-guides/encoding
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bw::wire {

struct Field {
  int number = 0;
  std::uint64_t value = 0;   // of a varint
  std::string_view bytes;    // of a string, bytes or an inner message
  std::string_view encoded;  // the whole field, as it stands in the message
};

// The fields of a message in their order; they refer to its memory. InputError(format) when it is not one.
std::vector<Field> fields_of(std::string_view message);

std::string number_field(int number, std::uint64_t value);
std::string bytes_field(int number, std::string_view bytes);

// The numbers of onnx.proto.
namespace model_field {
inline constexpr int kGraph = 7, kOpsetImport = 8;
}
namespace opset_field {
inline constexpr int kDomain = 1, kVersion = 2;
}
namespace graph_field {
inline constexpr int kNode = 1, kOutput = 12;
}
namespace port_field {
inline constexpr int kName = 1;
}
namespace node_field {
inline constexpr int kInput = 1, kOutput = 2, kOpType = 4, kAttribute = 5, kDomain = 7;
}
namespace attribute_field {
inline constexpr int kName = 1, kInt = 3, kType = 20, kTypeInt = 2;
}

}  // namespace bw::wire
