#include "graph/text/literals.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "tensor/convert.h"

namespace bw {

namespace {

constexpr std::size_t kMostNumbers = 64;  // written as numbers
constexpr std::size_t kPreview = 8;
constexpr std::size_t kLineBytes = 72;  // 96 characters of base64
constexpr int kDeepestType = 16;
constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

template <class T>
std::string shortest(T value) {
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string base64(std::span<const std::byte> bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < count ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k <= 3; ++k) text += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::string from_base64(const Lexer& lexer, std::string_view text) {
  std::string bytes;
  if (text.size() % 4) lexer.fail("base64 comes in groups of four");
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t group = 0, count = 3;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::size_t digit = kDigits.find(text[i + k]);
      const bool padding = text[i + k] == '=' && i + 4 == text.size() && k >= 2;
      if (digit == kDigits.npos && !padding) lexer.fail("this is not base64");
      if (padding) count = std::min<std::uint32_t>(count, static_cast<std::uint32_t>(k - 1));
      group = group << 6 | (padding ? 0 : static_cast<std::uint32_t>(digit));
    }
    for (std::uint32_t k = 0; k < count; ++k) bytes += static_cast<char>(group >> (16 - 8 * k) & 255);
  }
  return bytes;
}

bool is_wide(DType dtype) {
  return dtype == DType::UInt64;
}  // beyond int64

// The elements as numbers, each shortest for its type. Empty for types that have none.
std::vector<std::string> numbers_of(const Tensor& tensor, std::size_t most) {
  std::vector<std::string> texts;
  const DTypeInfo& type = info(tensor.dtype());
  if (tensor.dtype() == DType::Complex64 || tensor.dtype() == DType::Complex128) return texts;
  const Tensor head =
      tensor.size() <= most || type.bits < 8 || tensor.size() == 0
          ? tensor
          : Tensor::wrap(tensor.dtype(), {static_cast<std::int64_t>(most)},
                         tensor.bytes().first(most * static_cast<std::size_t>(type.bits) / 8), tensor.owner());
  if (tensor.dtype() == DType::Float64)
    for (double value : to_doubles(head)) texts.push_back(shortest(value));
  else if (type.is_float)
    for (float value : to_floats(head)) texts.push_back(shortest(value));
  else if (is_wide(tensor.dtype()))
    for (std::int64_t value : to_int64s(head)) texts.push_back(std::to_string(static_cast<std::uint64_t>(value)));
  else
    for (std::int64_t value : to_int64s(head)) texts.push_back(std::to_string(value));
  if (texts.size() > most) texts.resize(most);
  return texts;
}

Tensor tensor_from(const Lexer& lexer, DType dtype, const Shape& shape, const std::vector<std::string>& texts) {
  const auto parse = [&](auto value, const std::string& text) {
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc{} || result.ptr != text.data() + text.size())
      lexer.fail("'" + text + "' is not a number of this type");
    return value;
  };
  if (element_count(shape) != texts.size()) lexer.fail("the numbers do not fill the shape");
  if (info(dtype).is_float) {
    std::vector<double> values;
    // A 32-bit number is read as such: its shortest text may round elsewhere when read in 64 bits first.
    for (const std::string& text : texts)
      values.push_back(dtype == DType::Float64 ? parse(double{}, text) : parse(float{}, text));
    return cast(Tensor::of<double>(shape, std::span<const double>(values)), dtype);
  }
  std::vector<std::int64_t> values;
  for (const std::string& text : texts)
    values.push_back(is_wide(dtype) ? static_cast<std::int64_t>(parse(std::uint64_t{}, text))
                                    : parse(std::int64_t{}, text));
  return cast(Tensor::of<std::int64_t>(shape, std::span<const std::int64_t>(values)), dtype);
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

std::string shape_text(const Shape& shape) {
  std::vector<std::string> parts;
  for (std::int64_t extent : shape) parts.push_back(std::to_string(extent));
  return "[" + joined(parts, ",") + "]";
}

// Whether numbers say the tensor exactly: NaN, infinity and some codes they do not.
bool numbers_suffice(const Tensor& tensor, const std::vector<std::string>& numbers) {
  if (tensor.size() > kMostNumbers || numbers.size() != tensor.size()) return false;
  for (const std::string& number : numbers)
    if (number.find_first_of("ni") != std::string::npos) return false;
  return tensor_from(Lexer("", ""), tensor.dtype(), tensor.shape(), numbers) == tensor;
}

}  // namespace

std::string default_name(const Graph& graph, const Node& node) {
  for (ValueId id : node.outputs)
    if (id != kNoValue) return graph.value(id).name;
  return node.op_type;
}

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      quoted += '\\', quoted += c;
    else if (c == '\n')
      quoted += "\\n";
    else if (static_cast<unsigned char>(c) < 32 || c == 127) {
      constexpr std::string_view kHex = "0123456789abcdef";
      quoted += "\\x";
      quoted += kHex[static_cast<unsigned char>(c) >> 4];
      quoted += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string float_text(float value) {
  if (std::isfinite(value)) return shortest(value) + "f";
  char text[16];
  return "0x" + std::string(text, std::to_chars(text, text + sizeof text, std::bit_cast<std::uint32_t>(value), 16).ptr);
}

float read_float(Lexer& lexer) {
  const std::string text = lexer.expect(Token::Kind::Number, "a float");
  float value = 0;
  std::uint32_t bits = 0;
  const char *begin = text.data(), *end = begin + text.size();
  if (text.starts_with("0x")) {
    if (std::from_chars(begin + 2, end, bits, 16).ptr == end) return std::bit_cast<float>(bits);
  } else if (text.ends_with('f') && std::from_chars(begin, end - 1, value).ptr == end - 1) {
    return value;
  }
  lexer.fail("'" + text + "' is not a float");
}

std::string tensor_text(const Tensor& tensor, const std::string& indent) {
  std::string text = std::string(name_of(tensor.dtype())) + shape_text(tensor.shape());
  if (tensor.dtype() == DType::String) {
    std::vector<std::string> parts;
    for (const std::string& entry : tensor.strings()) parts.push_back(quote(entry));
    return text + " {" + joined(parts, ", ") + "}";
  }
  const std::vector<std::string> numbers = numbers_of(tensor, kMostNumbers);
  if (numbers_suffice(tensor, numbers)) return text + " {" + joined(numbers, ", ") + "}";
  const std::vector<std::string> preview(
      numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(std::min(numbers.size(), kPreview)));
  text += " base64  # " + joined(preview, ", ") + (tensor.size() > kPreview ? ", ..." : "");
  std::span<const std::byte> rest = tensor.bytes();
  do {
    const std::size_t count = std::min(rest.size(), kLineBytes);
    text += "\n" + indent + '"' + base64(rest.first(count)) + '"';
    rest = rest.subspan(count);
  } while (!rest.empty());
  return text;
}

Shape read_shape(Lexer& lexer) {
  Shape shape;
  lexer.expect('[');
  while (!lexer.peek().is(']')) {
    shape.push_back(lexer.expect_integer());
    if (!lexer.accept(',')) break;
  }
  lexer.expect(']');
  return shape;
}

Tensor read_tensor(Lexer& lexer) {
  const std::string name = lexer.expect(Token::Kind::Word, "an element type");
  const DType dtype = dtype_named(name);
  if (dtype == DType::Undefined) lexer.fail("'" + name + "' is not an element type");
  const Shape shape = read_shape(lexer);
  const std::uint64_t count = element_count(shape);
  if (lexer.accept("base64")) {
    std::string bytes;
    while (lexer.peek().kind == Token::Kind::String) bytes += from_base64(lexer, lexer.take().text);
    if (dtype == DType::String || bytes.size() != byte_size(dtype, count))
      lexer.fail("the bytes do not fill the shape");
    return Tensor::copy(dtype, shape, std::as_bytes(std::span(bytes)));
  }
  std::vector<std::string> parts;
  lexer.expect('{');
  const Token::Kind kind = dtype == DType::String ? Token::Kind::String : Token::Kind::Number;
  while (!lexer.peek().is('}')) {
    parts.push_back(lexer.expect(kind, "an element"));
    if (!lexer.accept(',')) break;
  }
  lexer.expect('}');
  if (parts.size() != count) lexer.fail("the elements do not fill the shape");
  return dtype == DType::String ? Tensor::of_strings(shape, std::move(parts)) : tensor_from(lexer, dtype, shape, parts);
}

namespace {

Dim read_dim(Lexer& lexer) {
  if (lexer.accept('?')) return {};
  if (lexer.peek().kind == Token::Kind::Number) return {lexer.expect_integer(), {}};
  if (lexer.peek().kind != Token::Kind::Word && lexer.peek().kind != Token::Kind::String)
    lexer.fail("a dimension must stand here");
  return {-1, lexer.take().text};
}

DType read_dtype(Lexer& lexer) {
  const std::string name = lexer.expect(Token::Kind::Word, "a type");
  const DType dtype = dtype_named(name);
  if (dtype == DType::Undefined && name != name_of(DType::Undefined)) lexer.fail("'" + name + "' is not a type");
  return dtype;
}

}  // namespace

ValueType read_type(Lexer& lexer, int depth) {
  using Kind = ValueType::Kind;
  if (depth > kDeepestType) lexer.fail("types are nested too deeply");
  ValueType type;
  const auto element = [&] {
    type.element = std::make_shared<const ValueType>(read_type(lexer, depth + 1));
    lexer.expect(')');
  };
  if (lexer.accept('?')) return type;
  for (const auto& [word, kind] :
       {std::pair{"sequence", Kind::Sequence}, {"optional", Kind::Optional}, {"map", Kind::Map}}) {
    if (!lexer.accept(std::string_view(word))) continue;
    type.kind = kind;
    lexer.expect('(');
    if (kind == Kind::Map) {
      type.dtype = read_dtype(lexer);
      lexer.expect(',');
    }
    element();
    return type;
  }
  type.kind = lexer.accept("sparse") ? Kind::SparseTensor : Kind::Tensor;
  type.dtype = read_dtype(lexer);
  if (!lexer.accept('[')) return type;
  type.shape.emplace();
  while (!lexer.peek().is(']')) {
    type.shape->push_back(read_dim(lexer));
    if (!lexer.accept(',')) break;
  }
  lexer.expect(']');
  return type;
}

}  // namespace bw
