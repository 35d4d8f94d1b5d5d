#include "archive/archive.h"
#include "archive/make.h"

using namespace bw;
using namespace bw::test;

namespace {

std::string gzip(const std::string& content) {
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size()));
  return std::string("\x1F\x8B\x08\0\0\0\0\0\0\x03", 10) + deflated(content) + little(crc, 4) +
         little(content.size(), 4);
}

}  // namespace

TEST_CASE("a gzip file of several members is all of them") {
  const std::string packed = gzip("one, ") + gzip(std::string(100'000, 'x'));
  CHECK(as_text(inflate_gzip(as_bytes(packed), {}, "a.gz").bytes) == "one, " + std::string(100'000, 'x'));
  const std::string cut = packed.substr(0, packed.size() - 4);
  refuses(InputClass::Format, "damaged", [&] { inflate_gzip(as_bytes(cut), {}, "a.gz"); });
}
