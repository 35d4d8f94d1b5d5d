// Signal processing, text and image decoding.
#include "graph/ops/families.h"

namespace bw {

namespace {

constexpr OpInfo kOps[] = {
    {"BlackmanWindow", "", 1, 1, 1, 1},   {"DFT", "", 1, 3, 1, 1},
    {"HammingWindow", "", 1, 1, 1, 1},    {"HannWindow", "", 1, 1, 1, 1},
    {"ImageDecoder", "", 1, 1, 1, 1},     {"MelWeightMatrix", "", 5, 5, 1, 1},
    {"RegexFullMatch", "", 1, 1, 1, 1},   {"STFT", "", 2, 4, 1, 1},
    {"StringNormalizer", "", 1, 1, 1, 1}, {"StringSplit", "", 1, 1, 2, 2},
    {"TfIdfVectorizer", "", 1, 1, 1, 1},
};

}  // namespace

std::span<const OpInfo> signal_ops() {
  return kOps;
}

}  // namespace bw
