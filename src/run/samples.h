// Samples on their way into a worker: decoded once by the parent, put into sealed shared memory in chunks, mapped by
// every worker that needs them. How much memory they take does not depend on how many samples there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "run/frame.h"

namespace bw {

struct SampleChunk {
  std::string index;  // JSON: where each tensor of each sample lies in `bytes`
  SharedBytes bytes;
  std::size_t count = 0;
};

SampleChunk pack(std::span<const Sample> samples);
// Samples that read the chunk's memory. Error(Worker) when the index does not fit the bytes.
std::vector<Sample> unpack(const std::string& index, const SharedBytes& bytes);

// Gives the next chunk, nullopt after the last. Errors are those of decoding.
using SampleFeed = std::function<std::optional<SampleChunk>()>;

// Samples of a split in a given order, for any number of passes. Chunks are kept for the next pass up to `budget`
// bytes; what is beyond is decoded again.
class SharedSamples {
 public:
  SharedSamples(Split split, std::vector<std::size_t> indices, std::uint64_t budget = 0);
  std::size_t size() const { return indices_.size(); }
  SampleFeed feed();  // one pass; only one at a time, and not longer than this lives

 private:
  std::optional<SampleChunk> pack_next(Stream& stream) const;
  void keep(const SampleChunk& chunk);

  Split split_;
  std::vector<std::size_t> indices_;
  std::uint64_t budget_;
  std::vector<SampleChunk> kept_;
  std::uint64_t kept_bytes_ = 0;
  std::ptrdiff_t kept_samples_ = 0;
};

}  // namespace bw
