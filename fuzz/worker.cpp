// What a worker process may send: frames, errors, indices of samples, evidence. The first byte picks which.
#include <sys/socket.h>

#include "base/file.h"
#include "fuzz.h"
#include "observe/evidence.h"
#include "run/frame.h"
#include "run/samples.h"

namespace {

void receive_all(std::span<const std::byte> bytes) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) std::abort();
  const bw::OwnedFd ours(ends[0]), theirs(ends[1]);
  if (::send(theirs.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) < 0) return;
  ::shutdown(theirs.get(), SHUT_WR);
  try {
    for (;;) bw::receive_frame(ours.get(), {.text = 1 << 16, .blob = 1 << 16});
  } catch (const bw::PeerGone&) {
  }
}

}  // namespace

void bw::fuzz::one_input(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  const auto rest = bytes.subspan(1);
  switch (std::to_integer<int>(bytes[0]) % 4) {
    case 0:
      return receive_all(rest);
    case 1:
      return void(error_from_text(as_text(rest)));
    case 2:
      return void(unpack(std::string(as_text(rest)), SharedBytes(std::span<const std::byte>(bytes))));
    case 3: {
      const Evidence evidence = Evidence::from_bytes(rest);
      require(Evidence::from_bytes(evidence.to_bytes()) == evidence, "evidence comes back from its bytes");
    }
  }
}
