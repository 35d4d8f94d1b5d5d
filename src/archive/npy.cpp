// The format: numpy.lib.format. The header is a Python dictionary literal of three known keys; a small parser of its
// own reads just that.
#include "archive/npy.h"

#include <cstring>
#include <optional>

#include "archive/zip.h"
#include "base/error.h"
#include "base/file.h"
#include "base/number.h"

namespace bw {
namespace {

constexpr std::uint64_t kMaxHeader = std::uint64_t{64} << 10;
constexpr std::size_t kMaxRank = 16;

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<Shape> shape;
};

class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  Header parse() {
    Header header;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr" && !header.descr)
        header.descr = descr();
      else if (key == "fortran_order" && !header.fortran_order)
        header.fortran_order = boolean();
      else if (key == "shape" && !header.shape)
        header.shape = shape();
      else
        fail("has an unknown or repeated key \"" + key + "\"");
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (at_ != text_.size() || !header.descr || !header.fortran_order || !header.shape) fail("is not complete");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(InputClass::Format, "npy header " + what, std::string(where_));
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool accept(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(std::string("lacks '") + c + "' at byte " + std::to_string(at_));
  }
  std::string quoted() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') expect('\'');
    const std::size_t end = text_.find(quote, at_);
    if (end == text_.npos) fail("has a text without end");
    const std::string_view inside = text_.substr(at_, end - at_);
    at_ = end + 1;
    return std::string(inside);
  }
  std::string descr() {
    skip_space();
    if (at_ < text_.size() && text_[at_] == '[')
      throw Error(InputClass::Unsupported, "is a structured array", std::string(where_),
                  "Save each field as an array of its own");
    return quoted();
  }
  bool boolean() {
    skip_space();
    for (const auto& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}})
      if (text_.substr(at_).starts_with(word)) return at_ += word.size(), value;
    fail("has a fortran_order that is neither True nor False");
  }
  Shape shape() {
    Shape dims;
    expect('(');
    while (!accept(')')) {
      skip_space();
      const std::size_t end = std::min(text_.find_first_of(",) ", at_), text_.size());
      std::int64_t dim = 0;
      if (!parse_number(text_.substr(at_, end - at_), dim) || dim < 0)
        fail("has a dimension that is no size: \"" +
             std::string(text_.substr(at_, std::min<std::size_t>(end - at_, 40))) + "\"");
      at_ = end;
      dims.push_back(dim);
      if (dims.size() > kMaxRank)
        throw Error(InputClass::Limit, "has more than " + std::to_string(kMaxRank) + " dimensions",
                    std::string(where_));
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return dims;
  }

  std::string_view text_, where_;
  std::size_t at_ = 0;
};

DType dtype_of_descr(const std::string& descr, std::string_view where) {
  struct Row {
    std::string_view code;
    DType dtype;
  };
  static constexpr Row kRows[] = {
      {"f4", DType::Float32}, {"f8", DType::Float64}, {"f2", DType::Float16}, {"u1", DType::UInt8},
      {"i1", DType::Int8},    {"u2", DType::UInt16},  {"i2", DType::Int16},   {"u4", DType::UInt32},
      {"i4", DType::Int32},   {"u8", DType::UInt64},  {"i8", DType::Int64},   {"b1", DType::Bool},
  };
  if (descr.find('O') != descr.npos)
    throw Error(InputClass::Unsupported, "holds pickled Python objects, which are never loaded", std::string(where),
                "Save it as an array of numbers");
  const bool single_byte = descr.size() == 3 && descr[2] == '1';
  const bool little = !descr.empty() && (descr[0] == '<' || descr[0] == '|' || descr[0] == '=');
  if (little || single_byte)
    for (const Row& row : kRows)
      if (descr.substr(1) == row.code) return row.dtype;
  throw Error(InputClass::Unsupported, "has element type \"" + descr.substr(0, 40) + "\"", std::string(where),
              "Little-endian integers, floats and booleans are read");
}

// Element (i, j, ...) of an array stored with its first axis fastest, brought into C order.
Tensor from_fortran_order(DType dtype, const Shape& shape, std::span<const std::byte> bytes) {
  const std::size_t width = static_cast<std::size_t>(info(dtype).bits / 8);
  return Tensor::make(dtype, shape, [&](std::span<std::byte> out) {
    Shape index(shape.size(), 0);
    for (std::size_t at = 0; at < out.size(); at += width) {
      std::size_t from = 0;
      for (std::size_t axis = shape.size(); axis-- > 0;)
        from = from * static_cast<std::size_t>(shape[axis]) + static_cast<std::size_t>(index[axis]);
      std::memcpy(out.data() + at, bytes.data() + from * width, width);
      for (std::size_t axis = shape.size(); axis-- > 0 && ++index[axis] == shape[axis];) index[axis] = 0;
    }
  });
}

}  // namespace

namespace {

StoredArray stored_array(const Bytes& file, std::string_view where) {
  constexpr std::string_view kMagic = "\x93NUMPY";
  const auto bytes = file.bytes;
  if (!as_text(bytes).starts_with(kMagic)) throw Error(InputClass::Format, "is not an npy file", std::string(where));
  const std::uint64_t version = little_endian(bytes, 6, 1, where);
  if (version < 1 || version > 3)
    throw Error(InputClass::Unsupported, "is of npy version " + std::to_string(version), std::string(where));
  const int length_bytes = version == 1 ? 2 : 4;
  const std::uint64_t header_size = little_endian(bytes, 8, length_bytes, where);
  if (header_size > kMaxHeader)
    throw Error(
        InputClass::Limit,
        "has an npy header of " + std::to_string(header_size) + " bytes (limit: " + std::to_string(kMaxHeader) + ")",
        std::string(where));
  const std::uint64_t start = 8 + static_cast<std::uint64_t>(length_bytes);
  const Header header = HeaderParser(as_text(slice(bytes, start, header_size, where)), where).parse();
  const DType dtype = dtype_of_descr(*header.descr, where);
  const auto content = bytes.subspan(start + header_size);
  std::uint64_t size = 0;
  try {
    size = byte_size(dtype, element_count(*header.shape));
  } catch (const Error& error) {
    throw error.within(where);
  }
  if (size != content.size())
    throw Error(InputClass::Format,
                "promises " + std::to_string(size) + " bytes and holds " + std::to_string(content.size()),
                std::string(where), "The file is truncated or damaged");
  if (!*header.fortran_order || header.shape->size() < 2) return {dtype, *header.shape, {content, file.owner}};
  const Tensor ordered = from_fortran_order(dtype, *header.shape, content);
  return {dtype, *header.shape, {ordered.bytes(), ordered.owner()}};
}

}  // namespace

Tensor read_npy(const Bytes& file, std::string_view where) {
  const StoredArray array = stored_array(file, where);
  return Tensor::wrap(array.dtype, array.shape, array.content.bytes, array.content.owner);
}

Tensor row_of(const StoredArray& array, std::size_t row) {
  const std::size_t step = array.content.bytes.size() / static_cast<std::size_t>(array.shape.at(0));
  return Tensor::wrap(array.dtype, Shape(array.shape.begin() + 1, array.shape.end()),
                      array.content.bytes.subspan(row * step, step), array.content.owner);
}

Tensor row_of(const Tensor& array, std::size_t row) {
  const Tensor rows = rows_of(array, row, row + 1);
  return rows.reshaped(Shape(array.shape().begin() + 1, array.shape().end()));
}

Tensor rows_of(const Tensor& array, std::size_t first, std::size_t last) {
  Shape shape = array.shape();
  const std::size_t step = array.bytes().size() / static_cast<std::size_t>(shape.at(0));
  shape[0] = static_cast<std::int64_t>(last - first);
  const auto content = array.bytes().subspan(first * step, (last - first) * step);
  const auto width = static_cast<std::uintptr_t>(info(array.dtype()).bits / 8);
  if (reinterpret_cast<std::uintptr_t>(content.data()) % width != 0) return Tensor::copy(array.dtype(), shape, content);
  return Tensor::wrap(array.dtype(), shape, content, array.owner());
}

StoredArray open_npy(const std::filesystem::path& path) {
  const MappedFile file(path);
  return stored_array({file.bytes(), file.owner()}, path.string());
}

std::map<std::string, StoredArray> open_npz(const std::filesystem::path& path, const ArchiveLimits& limits,
                                            std::vector<RefusedArray>* refused) {
  const Zip zip(path, limits);
  std::map<std::string, StoredArray> arrays;
  for (const Zip::Entry& entry : zip.entries()) {
    const std::string place = path.string() + ": " + entry.name;
    if (!entry.name.ends_with(".npy"))
      throw Error(InputClass::Unsupported, "is no npy array", place, "An npz holds .npy files only");
    const std::string name = entry.name.substr(0, entry.name.size() - 4);
    try {
      arrays.emplace(name, stored_array(zip.read(entry), place));
    } catch (const Error& error) {
      if (refused == nullptr || error.input_class() != InputClass::Unsupported) throw;
      refused->push_back({name, error.message()});
    }
  }
  return arrays;
}

std::map<std::string, Tensor> read_npz(const std::filesystem::path& path, const ArchiveLimits& limits) {
  std::map<std::string, Tensor> arrays;
  for (const auto& [name, array] : open_npz(path, limits))
    arrays.emplace(name, Tensor::wrap(array.dtype, array.shape, array.content.bytes, array.content.owner));
  return arrays;
}

}  // namespace bw
