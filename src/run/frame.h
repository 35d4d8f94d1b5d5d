// What a worker process and its parent say to each other: frames of text, bytes and shared memory, over a socket.
// The other side is never trusted: sizes are limits to be checked, and memory grows with bytes that really arrived.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"

namespace bw {

// A file descriptor that closes itself.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept;
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Bytes in anonymous shared memory that cannot change any more, to be handed to another process as a file. Copies
// share.
class SharedBytes {
 public:
  SharedBytes() = default;
  // A copy of the parts, one behind the other. Error(limit) when the system gives no memory.
  explicit SharedBytes(std::span<const std::span<const std::byte>> parts);
  explicit SharedBytes(std::span<const std::byte> bytes);
  // What another process sent. Error(Worker) unless it is sealed memory (a file that can still shrink would kill us),
  // and all of it was written (of a file with holes, reading would take memory that nobody gave).
  explicit SharedBytes(OwnedFd fd);
  // What `write` gives to its argument, piece by piece, so that it need not lie in memory a second time.
  // Error(limit) when the system gives no memory.
  static SharedBytes written_by(const std::function<void(const ByteSink&)>& write);

  int fd() const;
  std::span<const std::byte> bytes() const;
  std::shared_ptr<const void> owner() const;

 private:
  struct Mapping;
  std::shared_ptr<const Mapping> mapping_;
};

enum class FrameKind : std::uint32_t {
  Limits,   // to the worker: JSON {address_space}
  Job,      // to the worker: the request as JSON, the job's name as blob, files
  Chunk,    // to the worker: samples, as run/samples.h packs them, one file
  End,      // to the worker: no more samples
  Want,     // from the worker: send one more chunk
  Stage,    // from the worker: what it is doing now
  Done,     // from the worker: the job's result; what is large is a file
  Failure,  // from the worker: the job's error as JSON
};

struct Frame {
  FrameKind kind = FrameKind::End;
  std::string text;
  std::string blob;
  std::vector<SharedBytes> files;  // at most kMaxFrameFiles
};
inline constexpr std::size_t kMaxFrameFiles = 8;

struct FrameLimits {
  std::uint64_t text = std::uint64_t{64} << 20;
  std::uint64_t blob = std::uint64_t{1} << 30;
};

// Thrown when the other side is gone (end of stream, broken pipe).
struct PeerGone {};
// Thrown when nothing came before the deadline.
struct PeerSilent {};

// How long one waits for the other side.
struct Patience {
  double deadline = 0;        // until seconds_now() reaches it; 0: for ever
  std::stop_token stop = {};  // Error(Interrupted) as soon as it asks for it
};

void send_frame(int socket, FrameKind kind, std::string_view text = {}, std::string_view blob = {},
                std::span<const SharedBytes> files = {}, const Patience& patience = {});
// Error(Worker) for a frame that breaks the protocol.
Frame receive_frame(int socket, const FrameLimits& limits = {}, const Patience& patience = {});

// An error as it crosses between processes, whole: kind, class, what, where, hint.
std::string error_to_text(const Error& error);
Error error_from_text(std::string_view text);

}  // namespace bw
