// Makers of small files for the tests of src/data: npy, zip and tar, also damaged on purpose.
#pragma once

#include <zlib.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "folder.h"
#include "tensor/tensor.h"

namespace bw::test {

inline const fs::path kGolden = fs::path(BW_GOLDEN) / "data";

// `work` throws an InputError of that class whose text holds `fragment`.
inline void refuses(InputClass input_class, const std::string& fragment, const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    CAPTURE(error.what());
    CHECK(name_of(error.input_class()) == name_of(input_class));
    CHECK_THAT(std::string(error.what()), Catch::Matchers::ContainsSubstring(fragment));
    return;
  }
  FAIL("nothing was refused; expected: " << fragment);
}

inline fs::path put(const fs::path& path, std::string_view content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
  return path;
}

inline std::string little(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += i < 8 ? static_cast<char>(value >> (8 * i) & 0xFF) : '\0';
  return bytes;
}

inline std::string npy(const std::string& header, std::string_view content) {
  return std::string("\x93NUMPY\x01\x00", 8) + little(header.size() + 1, 2) + header + "\n" + std::string(content);
}
inline std::string npy_header(const std::string& descr, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }";
}
inline std::string npy(const Tensor& tensor) {
  std::string shape = "(";
  for (auto dim : tensor.shape()) shape += std::to_string(dim) + ", ";
  const std::string kind = tensor.dtype() == DType::UInt8   ? "|u1"
                           : tensor.dtype() == DType::Int64 ? "<i8"
                           : tensor.dtype() == DType::Int32 ? "<i4"
                                                            : "<f4";
  return npy(npy_header(kind, shape + ")"), as_text(tensor.bytes()));
}

struct ZipFile {
  std::string name, content;
  bool deflated = false;
  int flags = 0, method = -1;        // method: what the headers say, when not the truth
  std::int64_t claimed_size = -1;    // what both headers say
  std::int64_t directory_size = -1;  // what the directory alone says
  std::int64_t header_offset = -1;   // where the directory points
  std::int64_t crc = -1;
  std::string local_name = {};
  bool wide = false;  // sizes and offset stand in a zip64 field, behind a field of another kind
};

inline std::string deflated(const std::string& content) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string zip(const std::vector<ZipFile>& files, const std::string& comment = {}) {
  std::string out, directory;
  for (const ZipFile& file : files) {
    const std::string data = file.deflated ? deflated(file.content) : file.content;
    const std::string local_name = file.local_name.empty() ? file.name : file.local_name;
    const auto pick = [](std::int64_t said, std::uint64_t truth) {
      return said >= 0 ? static_cast<std::uint64_t>(said) : truth;
    };
    const std::uint64_t size = pick(file.claimed_size, file.content.size());
    const auto crc = pick(file.crc, crc32(0, reinterpret_cast<const Bytef*>(file.content.data()),
                                          static_cast<uInt>(file.content.size())));
    const std::uint64_t at = out.size(), full = 0xFFFFFFFF;
    const std::string sizes = little(size, 8) + little(data.size(), 8);
    const std::string time = little(0x5455, 2) + little(5, 2) + "\1time";
    const std::string local_extra = file.wide ? time + little(1, 2) + little(16, 2) + sizes : "";
    const std::string extra = file.wide ? time + little(1, 2) + little(24, 2) + sizes + little(at, 8) : "";
    const std::string head = little(20, 2) + little(static_cast<std::uint64_t>(file.flags), 2) +
                             little(pick(file.method, file.deflated ? 8 : 0), 2) + little(0, 4) + little(crc, 4) +
                             little(file.wide ? full : data.size(), 4);
    out += little(0x04034b50, 4) + head + little(file.wide ? full : size, 4) + little(local_name.size(), 2) +
           little(local_extra.size(), 2) + local_name + local_extra + data;
    directory += little(0x02014b50, 4) + little(20, 2) + head +
                 little(file.wide ? full : pick(file.directory_size, size), 4) + little(file.name.size(), 2) +
                 little(extra.size(), 2) + little(0, 10) + little(file.wide ? full : pick(file.header_offset, at), 4) +
                 file.name + extra;
  }
  const std::uint64_t start = out.size();
  return out + directory + little(0x06054b50, 4) + little(0, 4) + little(files.size(), 2) + little(files.size(), 2) +
         little(directory.size(), 4) + little(start, 4) + little(comment.size(), 2) + comment;
}

inline std::string npz(const std::vector<std::pair<std::string, Tensor>>& arrays) {
  std::vector<ZipFile> files;
  for (const auto& [name, tensor] : arrays) files.push_back({name + ".npy", npy(tensor)});
  return zip(files);
}

inline std::string tar_entry(const std::string& name, const std::string& content, char type = '0',
                             const std::string& size = {}) {
  std::string header(512, '\0');
  const auto set = [&](std::size_t at, const std::string& text) { header.replace(at, text.size(), text); };
  char octal[16];
  std::snprintf(octal, sizeof octal, "%011zo", content.size());
  set(0, name);
  set(100, "0000644");
  set(124, size.empty() ? octal : size);
  header[156] = type;
  set(257, std::string("ustar\00000", 8));
  set(148, "        ");
  unsigned sum = 0;
  for (unsigned char c : header) sum += c;
  std::snprintf(octal, sizeof octal, "%06o", sum);
  set(148, std::string(octal) + '\0' + ' ');
  std::string padded = content;
  padded.resize((content.size() + 511) / 512 * 512, '\0');
  return header + padded;
}
inline std::string tar(const std::vector<std::string>& entries) {
  std::string out;
  for (const std::string& entry : entries) out += entry;
  return out + std::string(1024, '\0');
}

}  // namespace bw::test
