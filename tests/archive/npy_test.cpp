#include "archive/npy.h"

#include <algorithm>

#include "archive/make.h"
#include "archive/zip.h"
#include "tensor/convert.h"

using namespace bw;
using namespace bw::test;

namespace {

Tensor read(const std::string& content) {
  auto owner = std::make_shared<std::string>(content);
  return read_npy({as_bytes(*owner), owner}, "a.npy");
}

}  // namespace

TEST_CASE("npz files of NumPy are read, stored and deflated") {
  const auto packed = read_npz(kGolden / "packed.npz");
  REQUIRE(packed.at("a").shape() == Shape{4, 6});
  CHECK(row_of(packed.at("a"), 2).data<float>()[5] == 17.0f);
  const auto types = read_npz(kGolden / "types.npz");
  CHECK(row_of(types.at("f8"), 7).data<double>()[0] == 7 / 3.0);
  CHECK(to_floats(row_of(types.at("f2"), 3)) == std::vector<float>{18, 19, 20, 21, 22, 23});
  CHECK(row_of(types.at("b"), 0).data<bool>()[0]);
  CHECK(types.at("scalar").rank() == 0);
}

TEST_CASE("an array in Fortran order comes out in C order") {
  const auto types = read_npz(kGolden / "types.npz");
  const Tensor fortran = types.at("fortran");
  REQUIRE(fortran.shape() == Shape{2, 3, 4});
  for (std::int32_t i = 0; i < 24; ++i) CHECK(fortran.data<std::int32_t>()[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("rows are aligned wherever the array lies") {
  Folder folder;
  for (int shift = 0; shift < 4; ++shift) {
    const auto arrays =
        read_npz(put(folder.path() / "x.npz", zip({{std::string(static_cast<std::size_t>(shift) + 1, 'a') + ".npy",
                                                    npy(Tensor::of<float>({2, 2}, {1, 2, 3, 4}))}})));
    CHECK(row_of(arrays.begin()->second, 1) == Tensor::of<float>({2}, {3, 4}));
  }
}

TEST_CASE("rows of a stored array are found by their bytes") {
  const Folder folder;
  const StoredArray array = open_npy(put(folder.path() / "x.npy", npy(Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6}))));
  CHECK(row_of(array, 1) == Tensor::of<float>({2}, {3, 4}));
  CHECK(row_of(array, 2) == Tensor::of<float>({2}, {5, 6}));
}

TEST_CASE("of the arrays of an npz those of unknown types may be left out, damaged ones not") {
  const Folder folder;
  const std::string text = npy(npy_header("<U4", "(1,)"), std::string(16, '\0')), damaged = "no array";
  const std::string good = npy(Tensor::of<float>({1}, {1}));
  std::vector<RefusedArray> refused;
  const auto arrays = open_npz(put(folder.path() / "x.npz", zip({{"a.npy", good}, {"b.npy", text}})), {}, &refused);
  CHECK(arrays.size() == 1);
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].name == "b");
  const fs::path path = put(folder.path() / "y.npz", zip({{"a.npy", good}, {"b.npy", damaged}}));
  refuses(InputClass::Format, "not an npy file", [&] { open_npz(path, {}, &refused); });
}

TEST_CASE("pickled objects are never loaded") {
  refuses(InputClass::Unsupported, "pickled", [] { read(read_file(kGolden / "pickled.npy")); });
}

TEST_CASE("npy headers that lie are refused") {
  const std::string four(16, '\0');
  refuses(InputClass::Format, "is not an npy file", [&] { read("NUMPY"); });
  refuses(InputClass::Format, "promises 16 bytes and holds 12",
          [&] { read(npy(npy_header("<f4", "(4,)"), four.substr(4))); });
  refuses(InputClass::Format, "promises 16 bytes and holds 17",
          [&] { read(npy(npy_header("<f4", "(4,)"), four + 'x')); });
  refuses(InputClass::Format, "promises", [&] { read(npy(npy_header("<f4", "(1099511627776,)"), four)); });
  refuses(InputClass::Limit, "", [&] { read(npy(npy_header("<f4", "(4611686018427387904, 4)"), four)); });
  refuses(InputClass::Format, "no size", [&] { read(npy(npy_header("<f4", "(-4,)"), four)); });
  refuses(InputClass::Format, "no size", [&] { read(npy(npy_header("<f4", "(99999999999999999999,)"), four)); });
  refuses(InputClass::Limit, "more than 16 dimensions",
          [&] { read(npy(npy_header("<f4", "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)"), four)); });
  refuses(InputClass::Format, "unknown or repeated key", [&] { read(npy("{'descr': '<f4', 'evil': True, }", four)); });
  refuses(InputClass::Format, "unknown or repeated key",
          [&] { read(npy("{'descr': '<f4', 'descr': '<f4', }", four)); });
  refuses(InputClass::Format, "not complete", [&] { read(npy("{'descr': '<f4', }", four)); });
  refuses(InputClass::Format, "not complete", [&] { read(npy(npy_header("<f4", "(4,)") + " + 1", four)); });
  refuses(InputClass::Unsupported, "element type \">f4\"", [&] { read(npy(npy_header(">f4", "(4,)"), four)); });
  refuses(InputClass::Unsupported, "element type \"<U4\"", [&] { read(npy(npy_header("<U4", "(1,)"), four)); });
  refuses(InputClass::Unsupported, "structured",
          [&] { read(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,), }", four)); });
  refuses(InputClass::Unsupported, "version 9", [&] {
    std::string bytes = npy(npy_header("<f4", "(4,)"), four);
    bytes[6] = 9;
    read(bytes);
  });
}

TEST_CASE("an npy header of 200 kB is refused before it is read") {
  const std::string big(200'000, ' ');
  refuses(InputClass::Limit, "npy header of 200000 bytes",
          [&] { read(std::string("\x93NUMPY\x02\x00", 8) + little(200'000, 4) + big); });
  refuses(InputClass::Format, "ends early",
          [&] { read(std::string("\x93NUMPY\x01\x00", 8) + little(60'000, 2) + "{"); });
}

TEST_CASE("what is written as npz is read back, and equal content gives equal bytes") {
  const test::Folder folder;
  const std::map<std::string, Tensor> arrays{
      {"0", Tensor::of<float>({2, 2}, {1, -2, 0.5f, 1e9f})},
      {"1", Tensor::of<std::int32_t>({3}, {1, 2, 3})},
      {"2", Tensor::scalar<std::uint8_t>(7)},
      {"3", Tensor::of<std::int64_t>({0, 4}, std::initializer_list<std::int64_t>{})},
      {"4", Tensor::of<bool>({2}, {true, false})}};
  write_npz(arrays, folder.path() / "a.npz");
  write_npz(arrays, folder.path() / "b.npz");
  CHECK(read_file(folder.path() / "a.npz") == read_file(folder.path() / "b.npz"));
  const auto back = read_npz(folder.path() / "a.npz");
  REQUIRE(back.size() == arrays.size());
  for (const auto& [name, tensor] : arrays) {
    INFO(name);
    CHECK(back.at(name).shape() == tensor.shape());
    CHECK(back.at(name).dtype() == tensor.dtype());
    CHECK(std::ranges::equal(back.at(name).bytes(), tensor.bytes()));
  }
  const Zip archive(folder.path() / "a.npz");
  for (const Zip::Entry& entry : archive.entries()) {
    INFO(entry.name);
    const Bytes content = archive.read(entry);
    CHECK((10 + little_endian(content.bytes, 8, 2, "")) % 64 == 0);  // as the format wants: elements are aligned
  }
}
