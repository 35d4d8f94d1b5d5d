#include "run/wire.h"

#include "base/error.h"

namespace bw::wire {
namespace {

enum WireType { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

[[noreturn]] void refuse() {
  throw Error(InputClass::Format, "the model's bytes are not a protobuf message");
}

std::uint64_t take_varint(std::string_view& rest) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (rest.empty()) refuse();
    const auto byte = static_cast<std::uint8_t>(rest.front());
    rest.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  refuse();
}

std::string_view take(std::string_view& rest, std::uint64_t size) {
  if (size > rest.size()) refuse();
  const std::string_view bytes = rest.substr(0, size);
  rest.remove_prefix(size);
  return bytes;
}

std::string varint(std::uint64_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) bytes += static_cast<char>(0x80 | (number & 0x7f));
  return bytes += static_cast<char>(number);
}

}  // namespace

std::vector<Field> fields_of(std::string_view message) {
  std::vector<Field> fields;
  for (std::string_view rest = message; !rest.empty();) {
    const std::string_view begin = rest;
    const std::uint64_t tag = take_varint(rest);
    Field field;
    field.number = static_cast<int>(tag >> 3 & 0x1fffffff);
    switch (tag & 7) {
      case kVarint:
        field.value = take_varint(rest);
        break;
      case kFixed64:
        field.bytes = take(rest, 8);
        break;
      case kLengthDelimited:
        field.bytes = take(rest, take_varint(rest));
        break;
      case kFixed32:
        field.bytes = take(rest, 4);
        break;
      default:
        refuse();
    }
    field.encoded = begin.substr(0, begin.size() - rest.size());
    fields.push_back(field);
  }
  return fields;
}

std::string number_field(int number, std::uint64_t value) {
  return varint(static_cast<std::uint64_t>(number) << 3) + varint(value);
}

std::string bytes_field(int number, std::string_view bytes) {
  return (varint(static_cast<std::uint64_t>(number) << 3 | kLengthDelimited) + varint(bytes.size())).append(bytes);
}

}  // namespace bw::wire
