#include "run/frame.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/stop.h"

namespace bw {
namespace {

constexpr std::uint32_t kMagic = 0x31665742;  // "BWf1"
constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

struct Prefix {
  std::uint32_t magic;
  FrameKind kind;
  std::uint64_t files;
  std::uint64_t text;
  std::uint64_t blob;
};

[[noreturn]] void protocol_error(const std::string& what) {
  throw Error(ErrorKind::Worker, "the worker broke the protocol: " + what);
}

[[noreturn]] void no_memory() {
  throw Error(InputClass::Limit, std::string("no shared memory: ") + std::strerror(errno));
}

// Looks up ten times a second for who wants it to stop.
void wait_for(int socket, short event, const Patience& patience) {
  constexpr double kLongest = 0.1;
  for (;;) {
    throw_if_stopped(patience.stop);
    const double left = patience.deadline > 0 ? patience.deadline - seconds_now() : kLongest;
    if (left <= 0) throw PeerSilent{};
    const int timeout = static_cast<int>(std::ceil(std::min(left, kLongest) * 1e3));
    pollfd entry{socket, event, 0};
    const int ready = ::poll(&entry, 1, timeout);
    if (ready > 0) return;
  }
}

bool again(ssize_t result) {
  return result < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK);
}

void send_bytes(int socket, std::span<const std::byte> bytes, const Patience& patience) {
  while (!bytes.empty()) {
    wait_for(socket, POLLOUT, patience);
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (again(sent)) continue;
    if (sent <= 0) throw PeerGone{};
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}

void receive_bytes(int socket, std::span<std::byte> bytes, const Patience& patience) {
  while (!bytes.empty()) {
    wait_for(socket, POLLIN, patience);
    const ssize_t got = ::recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (again(got)) continue;
    if (got <= 0) throw PeerGone{};
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

// Grows with what arrives, whatever size was announced.
std::string receive_text(int socket, std::uint64_t size, const Patience& patience) {
  std::string text;
  while (text.size() < size) {
    const std::size_t begin = text.size();
    text.resize(begin + static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, size - begin)));
    receive_bytes(socket, std::as_writable_bytes(std::span(text).subspan(begin)), patience);
  }
  return text;
}

union ControlBuffer {
  cmsghdr aligned;
  char bytes[CMSG_SPACE(sizeof(int) * kMaxFrameFiles)];
};

void send_prefix(int socket, const Prefix& prefix, std::span<const SharedBytes> files, const Patience& patience) {
  iovec piece{const_cast<Prefix*>(&prefix), sizeof prefix};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  ControlBuffer control{};
  if (!files.empty()) {
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * files.size());
    cmsghdr* entry = CMSG_FIRSTHDR(&message);
    entry->cmsg_level = SOL_SOCKET;
    entry->cmsg_type = SCM_RIGHTS;
    entry->cmsg_len = CMSG_LEN(sizeof(int) * files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
      const int fd = files[i].fd();
      std::memcpy(CMSG_DATA(entry) + i * sizeof(int), &fd, sizeof fd);
    }
  }
  ssize_t sent;
  do {
    wait_for(socket, POLLOUT, patience);
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (again(sent));
  if (sent <= 0) throw PeerGone{};
  send_bytes(socket, std::as_bytes(std::span(&prefix, 1)).subspan(static_cast<std::size_t>(sent)), patience);
}

Prefix receive_prefix(int socket, std::vector<OwnedFd>& files, const Patience& patience) {
  Prefix prefix{};
  iovec piece{&prefix, sizeof prefix};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  ControlBuffer control{};
  ssize_t got;
  do {
    wait_for(socket, POLLIN, patience);
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (again(got));
  if (got <= 0) throw PeerGone{};
  for (cmsghdr* entry = CMSG_FIRSTHDR(&message); entry; entry = CMSG_NXTHDR(&message, entry)) {
    if (entry->cmsg_level != SOL_SOCKET || entry->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = 0; at + sizeof(int) <= entry->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(entry) + at, sizeof fd);
      files.emplace_back(fd);
    }
  }
  receive_bytes(socket, std::as_writable_bytes(std::span(&prefix, 1)).subspan(static_cast<std::size_t>(got)), patience);
  return prefix;
}

}  // namespace

OwnedFd::OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
OwnedFd::~OwnedFd() {
  if (fd_ >= 0) ::close(fd_);
}

struct SharedBytes::Mapping {
  OwnedFd fd;
  std::span<const std::byte> bytes;

  explicit Mapping(OwnedFd file) : fd(std::move(file)) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) protocol_error("a file that cannot be read");
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size == 0) return;
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (address == MAP_FAILED)
      throw Error(InputClass::Limit, std::string("shared memory cannot be mapped: ") + std::strerror(errno));
    bytes = {static_cast<const std::byte*>(address), size};
  }
  ~Mapping() {
    if (!bytes.empty()) ::munmap(const_cast<std::byte*>(bytes.data()), bytes.size());
  }
  Mapping(const Mapping&) = delete;
};

SharedBytes SharedBytes::written_by(const std::function<void(const ByteSink&)>& write) {
  OwnedFd file(::memfd_create("bitwright", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) no_memory();
  write([&file](std::span<const std::byte> piece) {
    while (!piece.empty()) {
      const ssize_t written = ::write(file.get(), piece.data(), piece.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) no_memory();
      piece = piece.subspan(static_cast<std::size_t>(written));
    }
  });
  if (::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) no_memory();
  SharedBytes made;
  made.mapping_ = std::make_shared<const Mapping>(std::move(file));
  return made;
}

SharedBytes::SharedBytes(std::span<const std::span<const std::byte>> parts)
    : SharedBytes(written_by([parts](const ByteSink& sink) { std::ranges::for_each(parts, sink); })) {}

SharedBytes::SharedBytes(std::span<const std::byte> bytes) : SharedBytes(std::span(&bytes, 1)) {}

SharedBytes::SharedBytes(OwnedFd fd) {
  constexpr off_t kBlock = 512;  // of st_blocks, whatever the file system's are
  if (::fcntl(fd.get(), F_GET_SEALS) != kSeals) protocol_error("a file that is not sealed memory");
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0 || status.st_blocks < (status.st_size + kBlock - 1) / kBlock)
    protocol_error("a file with holes");
  mapping_ = std::make_shared<const Mapping>(std::move(fd));
}

int SharedBytes::fd() const {
  return mapping_ ? mapping_->fd.get() : -1;
}
std::span<const std::byte> SharedBytes::bytes() const {
  return mapping_ ? mapping_->bytes : std::span<const std::byte>{};
}
std::shared_ptr<const void> SharedBytes::owner() const {
  return mapping_;
}

void send_frame(int socket, FrameKind kind, std::string_view text, std::string_view blob,
                std::span<const SharedBytes> files, const Patience& patience) {
  if (files.size() > kMaxFrameFiles) throw Error(ErrorKind::Internal, "a frame cannot carry so many files");
  send_prefix(socket, {kMagic, kind, files.size(), text.size(), blob.size()}, files, patience);
  send_bytes(socket, as_bytes(text), patience);
  send_bytes(socket, as_bytes(blob), patience);
}

Frame receive_frame(int socket, const FrameLimits& limits, const Patience& patience) {
  std::vector<OwnedFd> files;
  const Prefix prefix = receive_prefix(socket, files, patience);
  if (prefix.magic != kMagic || prefix.kind > FrameKind::Failure) protocol_error("not a frame");
  if (prefix.files != files.size()) protocol_error("announced files did not come");
  if (prefix.text > limits.text || prefix.blob > limits.blob)
    protocol_error("a frame of " + std::to_string(prefix.text) + " + " + std::to_string(prefix.blob) +
                   " bytes is above the limit");
  Frame frame;
  frame.kind = prefix.kind;
  for (OwnedFd& file : files) frame.files.emplace_back(std::move(file));
  frame.text = receive_text(socket, prefix.text, patience);
  frame.blob = receive_text(socket, prefix.blob, patience);
  return frame;
}

std::string error_to_text(const Error& error) {
  const Json json{{"kind", name_of(error.kind())},
                  {"class", name_of(error.input_class())},
                  {"what", error.message()},
                  {"where", error.where()},
                  {"hint", error.hint()}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Error error_from_text(std::string_view text) try {
  const Json json = parse_json(text, "error");
  const auto field = [&](const char* name) { return json.at(name).get<std::string>(); };
  const ErrorKind kind = error_kind_named(field("kind"));
  if (kind == ErrorKind::Input)
    return Error(input_class_named(field("class")), field("what"), field("where"), field("hint"));
  return Error(kind, field("what"), field("where"), field("hint"));
} catch (const std::exception&) {  // of the parser or of the library
  protocol_error("an error that is not one");
}

}  // namespace bw
