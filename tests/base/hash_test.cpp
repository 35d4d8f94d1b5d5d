#include "base/hash.h"

#include <catch2/catch_test_macros.hpp>

#include "base/file.h"
#include "folder.h"

using namespace bw;

TEST_CASE("SHA-256 of FIPS 180-2's examples") {
  CHECK(Sha256().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256(as_bytes("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 streamed;
  for (int i = 0; i < 1000; ++i) streamed.add(std::string(1000, 'a'));
  CHECK(streamed.hex() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("the hash of a file is the hash of its bytes") {
  const test::Folder folder;
  write_file(folder.path() / "a", "abc");
  CHECK(sha256_of_file(folder.path() / "a") == sha256(as_bytes("abc")));
}
