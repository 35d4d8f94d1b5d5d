// Worker processes: jobs, every way to die, and the next job after that.
#include "run/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "run/samples.h"

namespace bw {
namespace {

// Sanitizers reserve terabytes of address space, so a limit on it cannot be tested under them.
#ifdef BW_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

JobRequest crash(const std::string& how) {
  return {"crash", to_line({{"how", how}}), {}, {}};
}

Error error_of(Worker& worker, const JobRequest& request) {
  try {
    worker.run(request);
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::Internal, "nothing was thrown");
}

bool alive(int pid) {
  return pid > 0 && ::kill(pid, 0) == 0;
}

Sample sample_of(std::size_t index, std::size_t values) {
  Sample sample;
  sample.index = index;
  sample.id = "s" + std::to_string(index);
  sample.inputs.push_back(Tensor::fill<float>({static_cast<std::int64_t>(values)}, [&](std::span<float> data) {
    for (float& value : data) value = static_cast<float>(index);
  }));
  sample.labels.push_back(Tensor::scalar<std::int64_t>(static_cast<std::int64_t>(index)));
  return sample;
}

SampleFeed feed_of(std::size_t count, std::size_t values, std::size_t per_chunk = 3) {
  return [=, next = std::size_t{0}]() mutable -> std::optional<SampleChunk> {
    std::vector<Sample> samples;
    while (next < count && samples.size() < per_chunk) samples.push_back(sample_of(next++, values));
    if (samples.empty()) return std::nullopt;
    return pack(samples);
  };
}

TEST_CASE("a job gets its request and files, and answers") {
  Worker worker;
  const std::string text = "the model's bytes";
  const JobResult result =
      worker.run({"echo", R"({"a":1})", {SharedBytes(as_bytes(text)), SharedBytes(as_bytes("!"))}, {}});
  CHECK(parse_json(result.text, "test").at("a") == 1);
  CHECK(result.blob == text + "!");
}

TEST_CASE("a job answers with a file, which is not bound by the limits of frames") {
  Worker worker;
  for (const std::size_t count : {0, 1, 5'000'000}) {
    const JobResult result = worker.run({"share", to_line({{"count", count}}), {}, {}});
    ByteReader in(result.file.bytes());
    REQUIRE(result.file.bytes().size() == count * sizeof(float));
    for (std::size_t i = 0; i < count; ++i)
      if (in.get<float>() != static_cast<float>(i)) FAIL("float " << i);
  }
  CHECK(worker.run({"echo", "{}", {}, {}}).file.bytes().empty());
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  const OwnedFd ours(pair[0]), theirs(pair[1]);
  const SharedBytes file(as_bytes(std::string(100'000, 'f')));
  send_frame(theirs.get(), FrameKind::Done, {}, {}, std::span(&file, 1));
  CHECK(receive_frame(ours.get(), {.text = 0, .blob = 0}).files.at(0).bytes().size() == 100'000);
}

TEST_CASE("an error inside a job comes back whole, and the process goes on") {
  Worker worker;
  const Error error = error_of(worker, {"fail", "{}", {}, {}});
  CHECK(error.kind() == ErrorKind::Input);
  CHECK(error.input_class() == InputClass::Data);
  CHECK(std::string(error.what()) == "test.npz[3]: the sample is bad. Look at it");
  const int pid = worker.pid();
  worker.run({"echo", "{}", {}, {}});
  CHECK(worker.pid() == pid);
}

TEST_CASE("each death is an Error(Worker) that says how, and the next job works in a new process") {
  Worker worker;
  const auto [how, says] = GENERATE(table<std::string, std::string>({{"segv", "signal 11"},
                                                                     {"abort", "signal 6"},
                                                                     {"exit", "exit code 7"},
                                                                     {"words", "out of ideas"},
                                                                     {"garbage", "protocol"},
                                                                     {"big frame", "above the limit"}}));
  const Error error = error_of(worker, crash(how));
  INFO(error.what());
  CHECK(error.kind() == ErrorKind::Worker);
  CHECK(std::string(error.what()).find(says) != std::string::npos);
  CHECK(worker.pid() == 0);
  CHECK(worker.run({"echo", "{}", {}, {}}).text == "{}");
}

TEST_CASE("a worker that hangs is killed in time") {
  Worker worker({.silence = 0.3});
  worker.run({"echo", "{}", {}, {}});
  const int pid = worker.pid();
  const double begin = seconds_now();
  const Error error = error_of(worker, crash("hang"));
  CHECK(error.kind() == ErrorKind::Timeout);
  CHECK(error.message().find("no answer in time") != std::string::npos);
  CHECK(error.message().find("\"run\"") != std::string::npos);
  CHECK(seconds_now() - begin < 3);
  CHECK_FALSE(alive(pid));
}

TEST_CASE("a worker ends as soon as somebody asks for it, and others go on") {
  std::stop_source source;
  Worker worker({.stop = source.get_token()}), other;
  worker.run({"echo", "{}", {}, {}});
  const int pid = worker.pid();
  const double begin = seconds_now();
  const std::jthread asks([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    source.request_stop();
  });
  CHECK(error_of(worker, crash("hang")).kind() == ErrorKind::Interrupted);
  CHECK(seconds_now() - begin < 3);
  CHECK_FALSE(alive(pid));
  CHECK(other.run({"echo", "{}", {}, {}}).text == "{}");
}

TEST_CASE("a memory limit makes a greedy job an ordinary error") {
  if (kSanitized) SKIP("no address space limits under sanitizers");
  WorkerOptions options;
  options.address_space = std::uint64_t{1} << 30;
  Worker worker(options);
  const Error error = error_of(worker, crash("memory"));
  CHECK(error.input_class() == InputClass::Limit);
  CHECK(worker.run({"echo", "{}", {}, {}}).text == "{}");
}

TEST_CASE("destroying a worker ends its process") {
  int pid = 0;
  {
    Worker worker;
    worker.run({"echo", "{}", {}, {}});
    pid = worker.pid();
    CHECK(alive(pid));
  }
  CHECK_FALSE(alive(pid));
}

TEST_CASE("a worker ends when its parent is killed, also in the middle of a job") {
  int pipe_ends[2];
  REQUIRE(::pipe(pipe_ends) == 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    Worker worker;
    worker.run({"echo", "{}", {}, {}});
    const int pid = worker.pid();
    if (::write(pipe_ends[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
    error_of(worker, crash("hang"));
    ::_exit(0);
  }
  int pid = 0;
  REQUIRE(::read(pipe_ends[0], &pid, sizeof pid) == sizeof pid);
  ::usleep(50'000);
  REQUIRE(alive(pid));
  ::kill(parent, SIGKILL);
  for (int i = 0; i < 100 && std::filesystem::exists("/proc/" + std::to_string(pid) + "/exe"); ++i) ::usleep(20'000);
  std::error_code gone;
  CHECK(std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", gone).empty());
}

TEST_CASE("samples pass through shared memory as they are") {
  Sample sample = sample_of(7, 5);
  sample.partner = sample.inputs;
  sample.mask = Tensor::of<bool>({2}, {true, false});
  const SampleChunk chunk = pack(std::span(&sample, 1));
  const std::vector<Sample> back = unpack(chunk.index, chunk.bytes);
  REQUIRE(back.size() == 1);
  CHECK(back[0].index == 7);
  CHECK(back[0].id == "s7");
  CHECK(back[0].inputs == sample.inputs);
  CHECK(back[0].labels == sample.labels);
  CHECK(back[0].partner == sample.partner);
  CHECK(back[0].mask == sample.mask);
  const auto refuses = [&](const char* index) {
    CAPTURE(index);
    CHECK_THROWS_AS(unpack(index, chunk.bytes), Error);
  };
  refuses(R"([[0,"x",[[0,1,[1000],0]]]])");
  refuses(R"([[0,"x",[[0,1,[-1],0]]]])");
  refuses(R"([[0,"x",[[0,1,[1.5],0]]]])");
  refuses(R"([[0,"x",[[0,1,[1],1e300]]]])");
  refuses(R"([[0,"x",[[0,8,[1],0]]]])");  // strings
  refuses(R"([[0,"x",[[0,1]]]])");
  refuses(R"([[0,3,[]]])");
  refuses("7");
}

TEST_CASE("every sample reaches the job once, for any number of threads") {
  Worker worker;
  for (const int threads : {1, 3}) {
    const JobResult result = worker.run({"sum", to_line({{"threads", threads}}), {}, feed_of(100, 10)});
    const Json json = parse_json(result.text, "test");
    CHECK(json.at("samples") == 100);
    CHECK(json.at("indices") == 99 * 100 / 2);
    CHECK(json.at("sum") == 10.0 * 99 * 100 / 2);
  }
}

TEST_CASE("a worker's memory does not grow with the number of samples") {
  constexpr std::size_t kSamples = 300, kValues = 250'000;  // 300 MB in all, chunks of 3 MB
  Worker worker;
  const JobResult result = worker.run({"sum", R"({"threads":2})", {}, feed_of(kSamples, kValues)});
  const double most = kSanitized ? 60e6 : 30e6;  // sanitizers keep what is freed for a while
  CHECK(parse_json(result.text, "test").at("memory").get<double>() < most);
}

TEST_CASE("an error of the feed reaches the caller, and the next job works") {
  Worker worker;
  int calls = 0;
  const SampleFeed feed = [&]() -> std::optional<SampleChunk> {
    if (++calls == 3) throw Error(InputClass::Data, "cannot be decoded", "b.jpg");
    return feed_of(3, 4)();
  };
  CHECK(error_of(worker, {"sum", R"({"threads":1})", {}, feed}).where() == "b.jpg");
  CHECK(worker.run({"echo", "{}", {}, {}}).text == "{}");
}

TEST_CASE("a job that leaves samples unread does not disturb the next") {
  Worker worker;
  CHECK(error_of(worker, {"fail", "{}", {}, feed_of(50, 10)}).where() == "test.npz[3]");
  CHECK(parse_json(worker.run({"sum", R"({"threads":1})", {}, feed_of(5, 1)}).text, "test").at("samples") == 5);
}

TEST_CASE("an error crosses between processes whole, of any kind") {
  for (const ErrorKind kind : {ErrorKind::Calibration, ErrorKind::Worker, ErrorKind::Internal}) {
    const Error back = error_from_text(error_to_text(Error(kind, "what", "where", "hint")));
    CHECK(back.kind() == kind);
    CHECK(back.message() == "what");
    CHECK(back.where() == "where");
    CHECK(back.hint() == "hint");
  }
}

TEST_CASE("a frame above its limit is refused, by its text and by its blob") {
  for (const FrameLimits limits :
       {FrameLimits{.text = 10, .blob = 20}, FrameLimits{.text = 9, .blob = 20}, FrameLimits{.text = 10, .blob = 19}}) {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    const OwnedFd ours(pair[0]), theirs(pair[1]);
    send_frame(theirs.get(), FrameKind::Done, std::string(10, 't'), std::string(20, 'b'));
    if (limits.text == 10 && limits.blob == 20)
      CHECK(receive_frame(ours.get(), limits).blob == std::string(20, 'b'));
    else
      CHECK_THROWS_AS(receive_frame(ours.get(), limits), Error);
  }
}

TEST_CASE("an error that is not one is the worker's fault, not the user's") {
  for (const char* text :
       {"", "not JSON", "7", R"({"kind":"InputError"})", R"({"kind":1,"what":"a","where":"b","hint":"c"})"}) {
    CAPTURE(text);
    try {
      error_from_text(text);
      FAIL("it was taken");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::Worker);
    }
  }
}

TEST_CASE("what is not sealed memory is refused, and so is a file that was not written whole") {
  const OwnedFd file(::dup(0));
  CHECK_THROWS_AS(SharedBytes(OwnedFd(::dup(file.get()))), Error);
  const auto refused = [](off_t size, const std::string& written, bool sealed) {
    OwnedFd memory(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    REQUIRE(::write(memory.get(), written.data(), written.size()) == std::ssize(written));
    REQUIRE(::ftruncate(memory.get(), size) == 0);
    if (sealed)
      REQUIRE(::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0);
    try {
      SharedBytes{std::move(memory)};
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::Worker);
      return true;
    }
    return false;
  };
  const std::string page(4096, 'x');
  CHECK_FALSE(refused(0, "", true));
  CHECK_FALSE(refused(1, "x", true));
  CHECK_FALSE(refused(4096, page, true));
  CHECK(refused(4096, page, false));
  CHECK(refused(4096 + 1, page, true));
  CHECK(refused(off_t{1} << 40, page, true));
}

TEST_CASE("docs/wire.md has the kinds of frames by their numbers, and no others") {
  const std::string header = read_file(std::filesystem::path(BW_SOURCE) / "src/run/frame.h");
  const std::size_t begin = header.find("enum class FrameKind"), end = header.find("};", begin);
  REQUIRE(end != std::string::npos);
  std::vector<std::string> kinds;
  std::istringstream lines(header.substr(begin, end - begin));
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line);) {
    const std::string name = line.substr(2, line.find(',') - 2);
    kinds.push_back("| " + std::to_string(kinds.size()) + " | `" + name + "` | " +
                    (line.find("// to the worker") != std::string::npos ? "program" : "worker"));
  }
  CHECK(kinds.size() == static_cast<std::size_t>(FrameKind::Failure) + 1);
  std::istringstream page(read_file(std::filesystem::path(BW_SOURCE) / "docs/wire.md"));
  std::vector<std::string> found;
  while (std::getline(page, line))
    if (line.starts_with("| ") && std::isdigit(static_cast<unsigned char>(line[2])) && line.find("| `") == 4)
      found.push_back(line.substr(0, line.find(" | ", line.find("` | ") + 4)));
  CHECK(found == kinds);
}

}  // namespace
}  // namespace bw
